"""The wire between board and broker, on real TCP: it relays, counts, and can be cut.

What it notes is independent of both ends: each record that a PUBLISH of the board carries, by its
name (incarnation, boot, seq), and each that the broker has acknowledged. A record is lost when
the board's outbox accepted it, the broker never acknowledged it, and it is gone; what the broker
acknowledged and lost is the broker's.
"""

import asyncio
import json
import socket
import ssl
import struct
from dataclasses import dataclass, field

from host_tools.emulation import mqtt_packets as wire
from host_tools.errors import ToolError

_HOST = "127.0.0.1"
_CHUNK = 65536
_SEGMENT_BYTES = 1460  # of Ethernet and Wi-Fi: 1500 less the headers of IPv4 and TCP
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

Name = tuple[str, int, int]

_LAST = "/last"


@dataclass
class Ledger:
    """What has passed the tap; `segments` are those of TCP that the bytes of both ways need,
    `last_values` the messages that told newest values."""

    seen: dict[Name, int] = field(default_factory=dict)
    acknowledged: set[Name] = field(default_factory=set)
    first_seen: dict[str, list[Name]] = field(default_factory=dict)
    connections: int = 0
    publishes: int = 0
    last_values: int = 0
    repeated_publishes: int = 0
    pubacks: int = 0
    bytes_from_board: int = 0
    bytes_to_board: int = 0
    segments: int = 0
    malformed: list[str] = field(default_factory=list)

    @property
    def duplicates(self) -> int:
        """How many records have passed more than once, each time beyond the first counted."""
        return sum(self.seen.values()) - len(self.seen)

    def note(self, topic: str, names: list[Name]) -> None:
        """Take the records of one PUBLISH; `first_seen` keeps each topic's order."""
        for name in names:
            if name not in self.seen:
                self.first_seen.setdefault(topic, []).append(name)
            self.seen[name] = self.seen.get(name, 0) + 1


def names_in(payload: bytes) -> list[Name]:
    """Return the names of the records in a batch; none for any other payload."""
    if b'"r"' not in payload:  # where a batch has its records
        return []
    try:
        batch = json.loads(payload.decode())
        return [(batch["inc"], batch["boot"], record[0]) for record in batch["r"]]
    except (ValueError, TypeError, KeyError, IndexError):
        return []


def _segments(data: bytes) -> int:
    """How many segments of TCP it needs."""
    return -(-len(data) // _SEGMENT_BYTES)


class Listener:
    """Reads both directions of one connection for the ledger."""

    def __init__(self, ledger: Ledger):
        self._ledger = ledger
        self._awaited: dict[int, list[Name]] = {}
        self._up, self._down = wire.Splitter(), wire.Splitter()
        self._from_board = {wire.PUBLISH: self._on_publish}
        self._to_board = {wire.PUBACK: self._on_puback}
        ledger.connections += 1

    def from_board(self, data: bytes) -> None:
        self._ledger.bytes_from_board += len(data)
        self._ledger.segments += _segments(data)
        self._read(self._up, data, self._from_board)

    def to_board(self, data: bytes) -> None:
        self._ledger.bytes_to_board += len(data)
        self._ledger.segments += _segments(data)
        self._read(self._down, data, self._to_board)

    def _read(self, splitter: wire.Splitter, data: bytes, handlers: dict) -> None:
        try:
            for packet in splitter.feed(data):
                if packet.type in handlers:
                    handlers[packet.type](packet)
        except wire.MalformedPacket as error:
            self._ledger.malformed.append(str(error))

    def _on_publish(self, packet: wire.Packet) -> None:
        message = wire.decode_publish(packet)
        names = names_in(message.payload)
        self._ledger.publishes += 1
        self._ledger.last_values += message.topic.endswith(_LAST)
        self._ledger.repeated_publishes += message.dup
        self._ledger.note(message.topic, names)
        if message.qos:
            self._awaited[message.packet_id] = names

    def _on_puback(self, packet: wire.Packet) -> None:
        self._ledger.pubacks += 1
        self._ledger.acknowledged.update(self._awaited.pop(wire.decode_packet_id(packet), ()))


class Tap:
    """A relay from `port` to `broker_port`, both on this machine.

    With `server` it ends the board's TLS, as a broker would; with `client` it speaks TLS to the
    broker, as the board would.
    """

    def __init__(
        self,
        port: int,
        broker_port: int,
        server: ssl.SSLContext | None = None,
        client: ssl.SSLContext | None = None,
    ):
        self._server_context, self._client_context = server, client
        self.ledger = Ledger()
        self.port = port
        self._broker_port = broker_port
        self._server: asyncio.Server | None = None
        self._relays: set[asyncio.Task] = set()
        self._passes = asyncio.Event()
        self._passes.set()

    async def start(self) -> None:
        """Listen. Raises ToolError when the port is in use."""
        try:
            self._server = await asyncio.start_server(
                self._serve, _HOST, self.port, ssl=self._server_context
            )
        except OSError as error:
            raise ToolError(
                f"The tap before the broker cannot have port {self.port} of {_HOST} "
                f"({error.strerror}): end the program that uses it, or choose another port."
            ) from error

    async def stop(self) -> None:
        """End everything."""
        await self.cut()

    async def cut(self, hang: bool = False) -> None:
        """Take the network away: connections are reset and new ones refused.

        With `hang` nothing is reset: bytes stop, and new connections open but stay silent.
        """
        if hang:
            self._passes.clear()
            return
        if self._server:
            self._server.close()
            self._server = None
        for relay in self._relays:
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    async def restore(self) -> None:
        """Give the network back."""
        self._passes.set()
        if self._server is None:
            await self.start()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = asyncio.current_task()
        self._relays.add(relay)
        try:
            await self._relay(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # either end went, or the network was cut; both ends learn it from the reset
        finally:
            _reset(writer)
            self._relays.discard(relay)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._passes.wait()
        broker_reader, broker_writer = await asyncio.open_connection(
            _HOST, self._broker_port, ssl=self._client_context
        )
        listener = Listener(self.ledger)
        pumps = (
            asyncio.create_task(self._pump(reader, broker_writer, listener.from_board)),
            asyncio.create_task(self._pump(broker_reader, writer, listener.to_board)),
        )
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            broker_writer.close()

    async def _pump(self, reader, writer, note) -> None:
        while data := await reader.read(_CHUNK):
            await self._passes.wait()
            note(data)
            writer.write(data)
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a TCP reset, as a cut network shows sooner or later."""
    connection = writer.get_extra_info("socket")
    if connection:  # a TLS connection that has ended has none any more
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
