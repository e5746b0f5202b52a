"""SNTP packets: the request, and the time in a reply that has passed every check.

The request carries a random cookie where its own time would stand; a server copies it into the
reply, so an old or forged packet is not believed. NTP counts 32-bit seconds from 1900 and starts
again on 2036-02-07; counted from 2000 modulo 2**32 they are unique until 2136. Sources: RFC 4330,
RFC 5905.
"""

from limen.core.compat import const

PACKET_BYTES = const(48)
COOKIE_BYTES = const(8)

_FLAGS = const(0x23)  # version 4, mode 3: client
_SERVER = const(4)
_UNSYNCHRONISED = const(3)  # the leap indicator's alarm
_ROOT_DELAY = const(4)
_ROOT_DISPERSION = const(8)
_ORIGIN = const(24)
_RECEIVE = const(32)
_TRANSMIT = const(40)
_FROM_1900_S = 3155673600  # to 2000
_BUILT_S = const(820540800)  # 2026-01-01, before this program was written
_CENTURY_S = 3155760000  # 2100-01-01
_FARTHEST_MS = const(1500)


def encode_request(buffer, cookie):
    """Write the request into the first 48 bytes of `buffer`; `cookie` is 8 random bytes."""
    for index in range(PACKET_BYTES):
        buffer[index] = 0
    buffer[0] = _FLAGS
    for index in range(COOKIE_BYTES):
        buffer[_TRANSMIT + index] = cookie[index]


def cookie_of(packet):
    """The cookie of the request that a packet answers."""
    return bytes(packet[_ORIGIN : _ORIGIN + COOKIE_BYTES])


def is_refusal(packet):
    """Whether a packet is a kiss of death: the server asks to be left alone."""
    return len(packet) >= PACKET_BYTES and packet[0] & 7 == _SERVER and packet[1] == 0


def decode_reply(packet, cookie, round_trip_ms):
    """Return (seconds since 2000, milliseconds, distance in ms) at the moment `packet` arrived.

    Half of what the packet was under way has passed since the server sent it. The distance is how
    far this can be from true time: that half, and what the server says of its own source.
    ValueError says why a packet is not a usable reply to the request with this cookie.
    """
    fault = _fault(packet, cookie)
    if fault:
        raise ValueError("NTP reply: " + fault)
    s, ms = _time(packet, _TRANSMIT)
    received_s, received_ms = _time(packet, _RECEIVE)
    under_way_ms = round_trip_ms - (s - received_s) * 1000 - ms + received_ms
    distance_ms = _short_ms(packet, _ROOT_DELAY) // 2 + _short_ms(packet, _ROOT_DISPERSION)
    if not 0 <= under_way_ms <= round_trip_ms:
        raise ValueError("NTP reply: the server's own times contradict the round trip")
    if not _BUILT_S <= s < _CENTURY_S or distance_ms + under_way_ms // 2 > _FARTHEST_MS:
        raise ValueError("NTP reply: the server is far from any true time")
    ms += under_way_ms // 2
    return s + ms // 1000, ms % 1000, distance_ms + (under_way_ms + 1) // 2


def _time(packet, at):
    """A timestamp as (seconds since 2000, milliseconds)."""
    s = _number(packet, at) - _FROM_1900_S & 0xFFFFFFFF
    return s, _number(packet, at + 4) * 1000 >> 32


def _short_ms(packet, at):
    """A span of seconds and their 65536th parts, in milliseconds rounded up."""
    return _number(packet, at) * 1000 + 65535 >> 16


def _number(packet, at):
    return int.from_bytes(packet[at : at + 4], "big")


def _fault(packet, cookie):
    if len(packet) < PACKET_BYTES:
        return "shorter than 48 bytes"
    flags = packet[0]
    stratum = packet[1]
    if flags & 7 != _SERVER or not 1 <= flags >> 3 & 7 <= 4:
        return "not from a server of version 1 to 4"
    if cookie_of(packet) != cookie:
        return "answers another request"
    if stratum == 0:
        return "the server refuses, code %r" % bytes(packet[12:16])
    if stratum > 15 or flags >> 6 == _UNSYNCHRONISED:
        return "the server's own clock is not set"
    if not any(packet[_TRANSMIT : _TRANSMIT + 8]):
        return "carries no time"
    return None
