"""MQTT 3.1.1 packets as the emulated network sees them, written apart from the firmware's own.

Source: OASIS MQTT Version 3.1.1, sections 2 and 3.
"""

import functools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

CONNECT, CONNACK, PUBLISH, PUBACK = 1, 2, 3, 4
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK = 8, 9, 10, 11
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14


class MalformedPacket(Exception):
    """Bytes that are no MQTT packet; the connection they came on is to be closed."""


class Packet(NamedTuple):
    """One packet: its type (1-15), flags (0-15), and everything behind the fixed header."""

    type: int
    flags: int
    body: bytes


class Publish(NamedTuple):
    """What a PUBLISH says; `packet_id` is 0 at QoS 0."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    packet_id: int = 0
    dup: bool = False

    def encode(self) -> bytes:
        flags = self.dup << 3 | self.qos << 1 | self.retain
        packet_id = struct.pack(">H", self.packet_id) if self.qos else b""
        return encode(PUBLISH, flags, encode_text(self.topic) + packet_id + self.payload)


@dataclass(frozen=True)
class Connect:
    """What a CONNECT asks for; `will` is None without one."""

    client_id: str
    clean: bool
    keepalive_s: int
    will: Publish | None
    user: str | None
    password: bytes | None


class Splitter:
    """Cuts a stream of bytes into packets."""

    def __init__(self):
        self._bytes = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Yield the packets that `data` completes. Raises MalformedPacket."""
        self._bytes += data
        while (header := self._header()) and len(self._bytes) >= header[1]:
            at, end = header
            first = self._bytes[0]
            packet = Packet(first >> 4, first & 15, bytes(self._bytes[at:end]))
            del self._bytes[:end]
            yield packet

    def _header(self) -> tuple[int, int] | None:
        """Return where the fixed header ends, and where the packet does, once both are known."""
        length = 0
        for at in range(1, min(5, len(self._bytes))):
            byte = self._bytes[at]
            length |= (byte & 127) << 7 * (at - 1)
            if byte < 128:
                return at + 1, at + 1 + length
        if len(self._bytes) >= 5:
            raise MalformedPacket("a remaining length of more than four bytes")
        return None


class _Fields:
    """Reads the fields of a body from front to back."""

    def __init__(self, body: bytes):
        self.rest = body

    def take(self, count: int) -> bytes:
        if count > len(self.rest):
            raise MalformedPacket("a field goes beyond the end of its packet")
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def number(self) -> int:
        return struct.unpack(">H", self.take(2))[0]

    def data(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        try:
            return self.data().decode()
        except UnicodeDecodeError as error:
            raise MalformedPacket(f"a text that is no UTF-8: {error}") from error


def encode(kind: int, flags: int, body: bytes) -> bytes:
    """Return a whole packet."""
    length = len(body)
    header = bytearray([kind << 4 | flags])
    while length > 127:
        header.append(length & 127 | 128)
        length >>= 7
    header.append(length)
    return bytes(header) + body


def encode_text(text: str) -> bytes:
    """A text behind its length in bytes."""
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def decode_publish(packet: Packet) -> Publish:
    """Raises MalformedPacket."""
    qos = packet.flags >> 1 & 3
    fields = _Fields(packet.body)
    topic = fields.text()
    packet_id = fields.number() if qos else 0
    if qos == 3 or (qos and not packet_id) or not topic or "+" in topic or "#" in topic:
        raise MalformedPacket(f"a PUBLISH to {topic!r} at QoS {qos} with packet id {packet_id}")
    retain, dup = bool(packet.flags & 1), bool(packet.flags & 8)
    return Publish(topic, fields.rest, qos, retain, packet_id, dup)


def decode_connect(packet: Packet) -> Connect:
    """Raises MalformedPacket."""
    fields = _Fields(packet.body)
    protocol, level, flags = fields.text(), fields.take(1)[0], fields.take(1)[0]
    if (protocol, level) != ("MQTT", 4) or flags & 1:
        raise MalformedPacket(f"a CONNECT for {protocol} {level} with flags {flags:#x}")
    keepalive_s, client_id, will = fields.number(), fields.text(), None
    if flags & 4:
        will = Publish(fields.text(), fields.data(), flags >> 3 & 3, bool(flags & 0x20))
    user = fields.text() if flags & 0x80 else None
    password = fields.data() if flags & 0x40 else None
    if fields.rest:
        raise MalformedPacket("a CONNECT with bytes behind its last field")
    return Connect(client_id, bool(flags & 2), keepalive_s, will, user, password)


def decode_subscribe(packet: Packet) -> tuple[int, list[tuple[str, int]]]:
    """Return the packet id and each topic filter with its QoS. Raises MalformedPacket."""
    fields = _Fields(packet.body)
    packet_id = fields.number()
    filters = []
    while fields.rest:
        filters.append((fields.text(), fields.take(1)[0]))
    if packet.flags != 2 or not packet_id or not filters:
        raise MalformedPacket("a SUBSCRIBE without its flags, packet id or topic filter")
    return packet_id, filters


def decode_unsubscribe(packet: Packet) -> tuple[int, list[str]]:
    """Return the packet id and the topic filters. Raises MalformedPacket."""
    fields = _Fields(packet.body)
    packet_id = fields.number()
    filters = []
    while fields.rest:
        filters.append(fields.text())
    return packet_id, filters


def decode_packet_id(packet: Packet) -> int:
    """Return the packet id of a PUBACK. Raises MalformedPacket."""
    return _Fields(packet.body).number()


@functools.lru_cache(1000)
def matches(topic_filter: str, topic: str) -> bool:
    """Return whether a topic filter with + and # covers a topic (section 4.7)."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in "+#":
        return False
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index >= len(levels) or level not in ("+", levels[index]):
            return False
    return len(wanted) == len(levels)
