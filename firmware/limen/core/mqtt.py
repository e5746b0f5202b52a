"""MQTT 3.1.1 packets as bytes, both ways, without a socket or a clock.

Outgoing packets are written into a buffer that the caller owns; incoming ones are measured while
they arrive (`packet_size`) and a PUBLISH is checked whole (`check_publish`), so that whoever reads
it afterwards needs no checks of its own. Anything that a broker may not send is a ProtocolError
with a cause from a closed list: type, size, length, qos, topic, packet id.
Source: OASIS MQTT Version 3.1.1, sections 2 and 3.
"""

from limen.core.compat import const

CONNACK = const(0x20)
PUBLISH = const(0x30)
PUBACK = const(0x40)
SUBACK = const(0x90)
PINGRESP = const(0xD0)

PUBLISH_OVERHEAD = const(9)  # most bytes of a PUBLISH beside topic and payload
REFUSED = const(0x80)  # the return code of a SUBACK that grants nothing

_SIZES = {CONNACK: 4, PUBACK: 4, SUBACK: 5, PINGRESP: 2}
_REFUSALS = ("protocol version", "client id", "unavailable", "credentials", "not authorized")


class MqttError(Exception):
    """Why a session ended by the broker's doing: a `kind`, and a `cause` from its closed list."""

    def __init__(self, cause):
        super().__init__(cause)
        self.cause = cause


class ProtocolError(MqttError):
    """The broker sent what it may not send."""

    kind = "protocol"


class ConnectError(MqttError):
    """The broker answered CONNECT with a refusal; `cause` names its return code."""

    kind = "refused"


def get_u16(buf, at):
    """Return the big-endian 16-bit number at `at`."""
    return buf[at] << 8 | buf[at + 1]


def _put_u16(buf, at, number):
    buf[at] = number >> 8
    buf[at + 1] = number & 0xFF
    return at + 2


def _put_length(buf, at, length):
    """Write a Remaining Length, 7 bits a byte; return the index behind it."""
    while length > 127:
        buf[at] = length & 127 | 128
        length >>= 7
        at += 1
    buf[at] = length
    return at + 1


def _string(data):
    return len(data).to_bytes(2, "big") + data


def _packet(kind, body):
    head = bytearray(5)
    head[0] = kind
    return bytes(head[: _put_length(head, 1, len(body))]) + body


def encode_connect(client_id, keepalive_s, clean, will, user, password):
    """Return a CONNECT. Texts are bytes; `will` is (topic, payload, retain, qos) or None."""
    flags = clean << 1
    fields = _string(client_id)
    if will:
        flags |= 4 | will[3] << 3 | will[2] << 5
        fields += _string(will[0]) + _string(will[1])
    if user is not None:
        flags |= 0x80
        fields += _string(user)
        if password is not None:
            flags |= 0x40
            fields += _string(password)
    head = b"\x00\x04MQTT\x04" + bytes((flags,)) + keepalive_s.to_bytes(2, "big")
    return _packet(0x10, head + fields)


def encode_subscribe(packet_id, topic, qos):
    """Return a SUBSCRIBE for one topic filter."""
    return _packet(0x82, packet_id.to_bytes(2, "big") + _string(topic) + bytes((qos,)))


def put_publish(buf, at, topic, payload_length, qos, retain, packet_id, dup):
    """Write a PUBLISH up to its payload; return the index where the payload goes.

    At most PUBLISH_OVERHEAD + len(topic) bytes are written; the packet id is left out at QoS 0.
    """
    buf[at] = PUBLISH | dup << 3 | qos << 1 | retain
    at = _put_length(buf, at + 1, 2 + len(topic) + 2 * qos + payload_length)
    at = _put_u16(buf, at, len(topic))
    end = at + len(topic)
    buf[at:end] = topic
    return _put_u16(buf, end, packet_id) if qos else end


def packet_size(buf, start, end):
    """Return the size of the packet that begins at `start`, 0 while it cannot be known yet.

    Raises ProtocolError as soon as its first bytes are none that a broker may send.
    """
    if start == end:
        return 0
    kind = buf[start]
    if kind & 0xF0 == PUBLISH:
        return _publish_size(buf, start, end)
    size = _SIZES.get(kind)
    if size is None:
        raise ProtocolError("type")
    if end - start > 1 and buf[start + 1] != size - 2:
        raise ProtocolError("size")
    return size


def _publish_size(buf, start, end):
    if buf[start] & 6 > 2:
        raise ProtocolError("qos")
    at = start + 1
    length = shift = 0
    while at < end:
        byte = buf[at]
        at += 1
        length |= (byte & 127) << shift
        if byte < 128:
            if shift and not byte:
                raise ProtocolError("length")
            return at - start + length
        shift += 7
        if shift > 21:
            raise ProtocolError("length")
    return 0


def check_publish(buf, start, end):
    """Check the PUBLISH in buf[start:end]; return (offset of its packet id, packet id).

    The end of its payload may be missing. At QoS 0 the packet id is 0. Raises ProtocolError.
    """
    with_id = buf[start] & 2
    at = start + 2
    while buf[at - 1] & 128:
        at += 1
    id_at = at + 2 + get_u16(buf, at) if at + 2 <= end else at
    if id_at < at + 3 or id_at + with_id > end:
        raise ProtocolError("topic")
    packet_id = get_u16(buf, id_at) if with_id else 0
    if with_id and not packet_id:
        raise ProtocolError("packet id")
    return id_at - start, packet_id


def publish_topic(buf, start):
    """Return the topic of a PUBLISH that `check_publish` has found whole."""
    at = start + 2
    while buf[at - 1] & 128:
        at += 1
    return bytes(buf[at + 2 : at + 2 + get_u16(buf, at)])


def check_connack(buf, start):
    """Return whether the broker kept a session; raises ConnectError when it refuses."""
    flags = buf[start + 2]
    code = buf[start + 3]
    if buf[start] != CONNACK or flags > 1 or code > len(_REFUSALS):
        raise ProtocolError("type")
    if code:
        raise ConnectError(_REFUSALS[code - 1])
    return flags == 1
