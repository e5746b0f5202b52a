"""Sets the clock by SNTP: soon after the network is up, then every hour.

Before the first answer it asks every few seconds, each server in turn. The packet and its checks
are in `core/sntp.py`; here is only the socket, which never blocks but for the name look-up.
"""

import asyncio
import os
import socket

from limen.core import sntp
from limen.core.compat import const
from limen.core.elapsed import elapsed_ms

_ANSWER_MS = const(2000)
_PERIOD_S = const(3600)
_FIRST_PAUSE_S = const(2)
_LONGEST_PAUSE_S = const(64)


class TimeSync:
    """`servers` is a list of (host, port); `on_first()` is called when the clock was first set."""

    def __init__(self, clock, servers, on_first):
        self._clock = clock
        self._servers = servers
        self._on_first = on_first
        self.answers = self.failures = 0

    async def run(self, pulse):
        pause_s = _FIRST_PAUSE_S
        turn = 0
        while True:
            host, port = self._servers[turn % len(self._servers)]
            pulse.beat(_PERIOD_S * 2)
            if await self._ask(host, port):
                pause_s = _PERIOD_S
            else:
                self.failures += 1
                turn += 1
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            await asyncio.sleep_ms(pause_s * 1000)

    async def _ask(self, host, port):
        """Ask one server; True when its answer set the clock."""
        sock = None
        try:
            address = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)[0][-1]
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setblocking(False)
            return await self._exchange(sock, address)
        except OSError:
            return False
        finally:
            if sock:
                sock.close()

    async def _exchange(self, sock, address):
        clock = self._clock
        cookie = os.urandom(sntp.COOKIE_BYTES)
        packet = bytearray(sntp.PACKET_BYTES)
        sntp.encode_request(packet, cookie)
        clock.tick()
        sent_s = clock.s
        sent_ms = clock.ms
        sock.sendto(packet, address)
        try:
            answer = asyncio.StreamReader(sock).read(sntp.PACKET_BYTES)
            packet = await asyncio.wait_for_ms(answer, _ANSWER_MS)
            clock.tick()
            round_trip_ms = elapsed_ms(sent_s, sent_ms, clock.s, clock.ms)
            utc_s, utc_ms = sntp.decode_reply(packet, cookie, round_trip_ms)
        except (asyncio.TimeoutError, ValueError):
            return False
        first = not clock.is_set
        clock.set_utc(utc_s, utc_ms)
        self.answers += 1
        if first:
            self._on_first()
        return True
