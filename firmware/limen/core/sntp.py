"""SNTP packets: the request, and the time in a reply that has passed every check.

The request carries a random cookie where its own time would stand; a server copies it into the
reply, so an old or forged packet is not believed. NTP counts 32-bit seconds from 1900 and starts
again on 2036-02-07; counted from 2000 modulo 2**32 they are unique until 2136. Source: RFC 4330.
"""

from limen.core.compat import const

PACKET_BYTES = const(48)
COOKIE_BYTES = const(8)

_FLAGS = const(0x23)  # version 4, mode 3: client
_SERVER = const(4)
_UNSYNCHRONISED = const(3)  # the leap indicator's alarm
_ORIGIN = const(24)
_TRANSMIT = const(40)
_FROM_1900_S = 3155673600  # to 2000


def encode_request(buffer, cookie):
    """Write the request into the first 48 bytes of `buffer`; `cookie` is 8 random bytes."""
    for index in range(PACKET_BYTES):
        buffer[index] = 0
    buffer[0] = _FLAGS
    for index in range(COOKIE_BYTES):
        buffer[_TRANSMIT + index] = cookie[index]


def decode_reply(packet, cookie, round_trip_ms):
    """Return (seconds since 2000, milliseconds) at the moment `packet` arrived.

    Half the round trip has passed since the server sent it. ValueError says why a packet is not
    a usable reply to the request with this cookie.
    """
    fault = _fault(packet, cookie)
    if fault:
        raise ValueError("NTP reply: " + fault)
    s = _number(packet, _TRANSMIT) - _FROM_1900_S & 0xFFFFFFFF
    ms = (_number(packet, _TRANSMIT + 4) * 1000 >> 32) + round_trip_ms // 2
    return s + ms // 1000, ms % 1000


def _number(packet, at):
    return int.from_bytes(packet[at : at + 4], "big")


def _fault(packet, cookie):
    if len(packet) < PACKET_BYTES:
        return "shorter than 48 bytes"
    flags = packet[0]
    stratum = packet[1]
    if flags & 7 != _SERVER or not 1 <= flags >> 3 & 7 <= 4:
        return "not from a server of version 1 to 4"
    if bytes(packet[_ORIGIN : _ORIGIN + COOKIE_BYTES]) != cookie:
        return "answers another request"
    if stratum == 0:
        return "the server refuses, code %r" % bytes(packet[12:16])
    if stratum > 15 or flags >> 6 == _UNSYNCHRONISED:
        return "the server's own clock is not set"
    if not any(packet[_TRANSMIT : _TRANSMIT + 8]):
        return "carries no time"
    return None
