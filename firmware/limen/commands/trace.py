"""Tells the traffic of an RS-485 line for some time, frame by frame; it is read as ever meanwhile.

A *tap* stands in the place of the line's UART for so long, so that nothing of it is in memory, or
in the way, at any other time. What comes faster than it can be told is left out, and counted.
"""

import asyncio
import time

from limen.core.compat import const
from limen.core.units import parse_ms
from limen.service.stored_parts import line_part

_LONGEST_MS = const(3600000)
_TELL_MS = const(500)
_CHARACTER_BITS = const(11)
_MOST_FRAMES = const(64)
_TOLD_BYTES = const(240)
_2000_S = const(946684800)


async def run(gateway, request):
    """{"bus": its id, if there are several; "for": "1min"} → {"frames", "lost"}: how many.

    On the way {"utc_s": of the beginning, or null; "from": the first one's number; "frames": [[µs
    since the one before, the frame in hexadecimal digits], …]}.
    """
    number, part = line_part(request.get("bus"))
    left_ms = parse_ms(str(request.get("for", "1min")))
    if not 0 < left_ms <= _LONGEST_MS:
        raise ValueError('"for" must be from 1ms to 1h')
    bus = gateway.polls[number].bus
    if hasattr(bus.uart, "frames"):
        raise ValueError("the line is traced already")
    tap = Tap(bus.uart, _CHARACTER_BITS * 1000000 // part["baud"])
    clock = gateway.clock
    utc_s = clock.utc_s(clock.s, clock.ms) + _2000_S if clock.is_set else None
    told = 0
    bus.uart = tap
    try:
        while left_ms > 0:
            await asyncio.sleep_ms(min(left_ms, _TELL_MS))
            left_ms -= _TELL_MS
            told = await _tell(gateway.commands, request, tap, utc_s, told)
    finally:
        bus.uart = tap.uart
    tap.end()
    told = await _tell(gateway.commands, request, tap, utc_s, told)
    return {"frames": told, "lost": tap.lost}


async def _tell(commands, request, tap, utc_s, told):
    """Tell what the tap has, in messages that are not too long; return how many were told."""
    while tap.frames:
        some = []
        size = 0
        while tap.frames and (not some or size + len(tap.frames[0][1]) <= _TOLD_BYTES):
            frame = tap.frames.pop(0)
            size += len(frame[1])
            some.append([frame[0], frame[1].hex()])
        await commands.tell(request, {"utc_s": utc_s, "from": told, "frames": some})
        told += len(some)
    return told


class Tap:
    """Is to a bus what its `uart` is, and keeps what goes over it in `frames`, [µs, bytes] each.

    A request is whole when its last bit is out, everything that comes before the next one is its
    reply.
    """

    def __init__(self, uart, character_us):
        self.uart = uart
        self.frames = []
        self.lost = 0
        self._character_us = character_us
        self._reply = b""
        self._reply_us = self._last_us = time.ticks_us()
        self.init = uart.init
        self.any = uart.any
        self.txdone = uart.txdone

    def write(self, data):
        self.end()
        self._keep(bytes(data), time.ticks_add(time.ticks_us(), len(data) * self._character_us))
        return self.uart.write(data)

    def readinto(self, buffer):
        size = self.uart.readinto(buffer)
        if size:
            self._reply += bytes(memoryview(buffer)[:size])
            self._reply_us = time.ticks_us()
        return size

    def end(self):
        """What has come is whole."""
        if self._reply:
            self._keep(self._reply, self._reply_us)
            self._reply = b""

    def _keep(self, data, us):
        if len(self.frames) >= _MOST_FRAMES:
            self.lost += 1
            return
        self.frames.append([max(0, time.ticks_diff(us, self._last_us)), data])
        self._last_us = us
