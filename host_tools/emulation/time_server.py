"""An SNTP server of stratum 2 on the virtual LAN (RFC 4330)."""

import struct
from collections.abc import Callable

from host_tools.emulation.lan import Lan

SNTP_PORT = 123
_NTP_UNIX_S = 2_208_988_800  # from 1900, where NTP begins, to 1970


def serve_time(lan: Lan, utc_us: Callable[[], int], host: str, port: int = SNTP_PORT) -> None:
    """Answer requests to a host with what `utc_us` says: microseconds since 1970."""
    lan.answer(host, port, lambda request: time_reply(request, utc_us()))


def time_reply(request: bytes, utc_us: int) -> bytes:
    """What the server answers to a request."""
    seconds, us = divmod(utc_us, 1_000_000)
    now = struct.pack(">II", seconds + _NTP_UNIX_S & 0xFFFFFFFF, (us << 32) // 1_000_000)
    head = struct.pack(">BBbbII4s", 0x24, 2, 6, -20, 0, 0, b"GNSS")
    return head + now + request[40:48] + now + now
