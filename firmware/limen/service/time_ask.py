"""Asks time servers for UTC: all at once, through one socket that never blocks.

Only the look-up of a name blocks, so an address is kept for as long as its server answers. A reply
is known by the cookie of its request; what nobody asked for is dropped. Where the way is long, the
question is repeated, and of each server the reply with the shortest way counts. Loaded for each
poll, and dropped behind it.
"""

import asyncio
import os
import socket

from limen.core import sntp
from limen.core.compat import const
from limen.core.elapsed import elapsed_ms

HOST = const(0)  # what a server is a list of
PORT = const(1)
ADDRESS = const(2)
NOT_BEFORE_S = const(3)
CLAIM = const(4)

_MOST_SERVERS = const(3)  # so many outvote one that lies
_ANSWER_MS = const(1500)
_NEAR_MS = const(25)
_ROUNDS = const(3)
_BETWEEN_MS = const(2000)
_REFUSED_S = const(3600)


async def ask(sync):
    """[distance_ms, s, ms] of UTC at boot from each server that answers.

    Of those that have not refused the first few are asked; those that fail go to the list's end.
    """
    clock = sync.clock
    servers = sync.servers
    asked = [server for server in servers if server[NOT_BEFORE_S] <= clock.s][:_MOST_SERVERS]
    sync.blocked_ms = _look_up(asked, clock)
    claims = []
    for turn in range(_ROUNDS):
        if turn:
            await asyncio.sleep_ms(_BETWEEN_MS)
        await _ask_once(asked, clock)
        claims = [server[CLAIM] for server in asked if server[CLAIM]]
        # A clock that is not set is waited for.
        if not clock.is_set or not claims or min(claims)[0] <= _NEAR_MS:
            break
    for server in asked:
        if not server[CLAIM]:
            server[ADDRESS] = None
            servers.remove(server)
            servers.append(server)
        server[CLAIM] = None
    return claims


def _look_up(servers, clock):
    """Find the missing addresses; returns for how many ms that has blocked."""
    clock.tick()
    s = clock.s
    ms = clock.ms
    for server in servers:
        if server[ADDRESS] is None:
            try:
                found = socket.getaddrinfo(server[HOST], server[PORT], 0, socket.SOCK_DGRAM)
                server[ADDRESS] = found[0][-1]
            except OSError:
                pass
    clock.tick()
    return elapsed_ms(s, ms, clock.s, clock.ms)


async def _ask_once(servers, clock):
    """Send each server a request, and keep what comes back in time."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        waiting = {}
        for server in servers:
            if server[ADDRESS] is not None:
                _send(sock, server, clock, waiting)
        await _collect(sock, clock, waiting)
    except OSError:
        pass
    finally:
        sock.close()


def _send(sock, server, clock, waiting):
    cookie = os.urandom(sntp.COOKIE_BYTES)
    packet = bytearray(sntp.PACKET_BYTES)
    sntp.encode_request(packet, cookie)
    clock.tick()
    waiting[cookie] = server, clock.s, clock.ms
    sock.sendto(packet, server[ADDRESS])


async def _collect(sock, clock, waiting):
    """Take replies until every request has one or the time is up."""
    s = clock.s
    ms = clock.ms
    while waiting:
        left_ms = _ANSWER_MS - elapsed_ms(s, ms, clock.s, clock.ms)
        try:
            await asyncio.wait_for_ms(_readable(sock), max(left_ms, 1))
        except asyncio.TimeoutError:
            return
        clock.tick()
        packet = sock.recv(sntp.PACKET_BYTES)
        cookie = sntp.cookie_of(packet)
        if cookie in waiting:
            server, sent_s, sent_ms = waiting.pop(cookie)
            round_trip_ms = elapsed_ms(sent_s, sent_ms, clock.s, clock.ms)
            _take(packet, cookie, round_trip_ms, server, clock)


def _readable(sock):
    # A stream would load a module of asyncio that stays.
    yield asyncio.core._io_queue.queue_read(sock)


def _take(packet, cookie, round_trip_ms, server, clock):
    """Keep what a reply claims, unless a nearer one is there."""
    if sntp.is_refusal(packet):
        server[NOT_BEFORE_S] = clock.s + _REFUSED_S
    try:
        s, ms, distance_ms = sntp.decode_reply(packet, cookie, round_trip_ms)
    except ValueError:
        return
    ms -= clock.ms
    claim = [distance_ms, s - clock.s + ms // 1000, ms % 1000]
    server[CLAIM] = min(claim, server[CLAIM] or claim)
