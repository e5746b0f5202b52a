"""A smart meter at its P1 port, which sends a telegram every second or every ten, unasked.

The port of the meter is an open collector, and its line is inverted: the UART is opened with
`invert=UART.INV_RX`, unless the board inverts it. From version 4 of DSMR it is 115200 8N1, before
9600 7E1. A meter that wants to be asked has its request line on the pin `request`.

A reading is the first telegram that ends after it was asked for; an older one is never taken for
it. Another meter, of gas, water or heat, hands its readings to this one by radio once in a while.
It is known by its medium and may be on any channel; when it has not been heard for a day its
value is stale.
"""

import asyncio
import time

from limen.core.compat import const
from limen.core.p1 import RESULTS, Framer, Lines, pack, spellings
from limen.core.quality import BAD, GOOD, STALE

_LOOK_MS = const(20)
_CHUNK_BYTES = const(64)
_STALE_S = const(90000)  # a day, and an hour for those that send once a day
_CHANNELS = const(8)
_TIME = const(0x00010000)  # 0-0:1.0.0
_MEDIUM_OF_CHANNEL = const(0x07180100)  # 0-n:24.1.0
_NO_UNIT = ((b"", 0),)


class Bus:
    """`uart` is a `machine.UART` with timeout 0, `settings` are the bus's part of the
    configuration, `request` is the pin that asks the meter to send, or None."""

    def __init__(self, uart, settings, request=None):
        self.id = settings["id"]
        self.kind = settings["kind"]
        self._uart = uart
        self._request = request
        self._timeout_ms = settings["timeout_ms"]
        self._rx_bytes = settings["rx_bytes"]
        self._chunk = bytearray(_CHUNK_BYTES)
        self._at = self._end = self._taken = 0
        self._framer = Framer()
        self.lines = Lines(self._framer.buffer)
        self.timeouts = 0

    def counters(self):
        """How telegrams ended, and how often none came in time."""
        counters = dict(zip(RESULTS, self._framer.counts))
        counters["timeout"] = self.timeouts
        return counters

    async def read(self):
        """Wait for the next telegram, and open `lines` on it; False if none comes in time."""
        self._skip_old()
        self._ask(1)
        start_ms = time.ticks_ms()
        try:
            while not self._take():
                if time.ticks_diff(time.ticks_ms(), start_ms) >= self._timeout_ms:
                    self.timeouts += 1
                    return False
                await asyncio.sleep_ms(_LOOK_MS)
        finally:
            self._ask(0)
        self.lines.open(self._framer.length)
        return True

    def _skip_old(self):
        """Pass what came while nobody read; a UART that was full has lost what came then."""
        self._taken = 0
        while self._take():
            pass
        if self._taken >= self._rx_bytes:
            self._framer.reset()

    def _take(self):
        """Take what the UART holds, up to the end of a telegram; True if there is one."""
        while True:
            if self._at == self._end:
                self._at = 0
                self._end = self._uart.readinto(self._chunk) or 0
                self._taken += self._end
                if not self._end:
                    return False
            self._at = self._framer.take(self._chunk, self._at, self._end)
            if self._framer.ready:
                return True

    def _ask(self, level):
        if self._request is not None:
            self._request.value(level)


class Device:
    """`settings` are the device's part of the configuration, in which the entry of each of the
    `channels` has `obis`, codes of which the first one with a value counts, and a `medium` if the
    value is of another meter: 3 is gas, 4 heat, 7 water (EN 13757-3)."""

    def __init__(self, bus, settings, channels):
        self.bus = bus
        self._channels = channels
        self._media = bytearray(_CHANNELS)
        self._wanted = bytes(entry.get("medium", 0) for entry in settings["channel"])
        shared = {unit: spellings(unit) for unit in {channel.unit for channel in channels}}
        self._spellings = [shared[channel.unit] for channel in channels]
        self._members = {}
        for index, entry in enumerate(settings["channel"]):
            for code in entry["obis"]:
                code = pack(code)
                self._members[code] = self._members.get(code, ()) + (index,)
        self.answered = True

    async def read(self):
        """Give the channels that are marked `fresh` their value, a count or None, and quality."""
        self.answered = await self.bus.read()
        for channel in self._channels:
            if channel.fresh:
                channel.value = None
                channel.quality = BAD
        if self.answered:
            self._take(self.bus.lines)

    def _take(self, lines):
        now_s = None
        for index in range(_CHANNELS):
            self._media[index] = 0
        while lines.next():
            if lines.code == _TIME:
                now_s = lines.time()
            code = lines.code_of_any_channel() if lines.channel() else lines.code
            if code == _MEDIUM_OF_CHANNEL:
                self._media[lines.channel()] = (lines.count(_NO_UNIT, 0) or 0) & 0xFF
            for index in self._members.get(code, ()):
                self._give(index, lines, now_s)

    def _give(self, index, lines, now_s):
        """Give a channel the value of the line, unless an earlier line gave it a good one."""
        channel = self._channels[index]
        if not channel.fresh or channel.quality == GOOD:
            return
        medium = self._wanted[index]
        if medium and medium != self._media[lines.channel()]:
            return
        count = lines.count(self._spellings[index], channel.places)
        if count is None:
            return
        read_s = lines.time() if medium and now_s is not None else None
        if read_s is not None and now_s - read_s > _STALE_S:
            channel.quality = STALE
        else:
            channel.value = count
            channel.quality = GOOD
