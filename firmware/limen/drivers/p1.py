"""A smart meter at its P1 port, which sends a telegram every second or every ten, unasked.

The port of the meter is an open collector, and its line is inverted: the UART is opened with
`invert=UART.INV_RX`, unless the board inverts it. From version 4 of DSMR it is 115200 8N1, before
9600 7E1. A meter that wants to be asked has its request line on the pin `request`.

A reading is the first telegram that ends after it was asked for; an older one is never taken for
it. Another meter, of gas, water or heat, hands its readings to this one by radio once in a while.
It is known by its medium and may be on any channel; when it has not been heard for a day its
value is stale.
"""

import time

from limen.core.compat import const
from limen.core.p1 import RESULTS, Framer, Lines, spellings
from limen.core.quality import BAD, GOOD, STALE
from limen.drivers import DONE

_LOOK_MS = const(20)
_CHUNK_BYTES = const(64)
_STALE_S = const(90000)  # a day, and an hour for those that send once a day
_CHANNELS = const(8)
_TIME = const(0x00010000)  # 0-0:1.0.0
_MEDIUM_OF_CHANNEL = const(0x07180100)  # 0-n:24.1.0
_NO_UNIT = ((b"", 0),)


class Bus:
    """`port` is a `machine.UART` with timeout 0 and the pin that asks the meter to send, or None;
    `settings` are the bus's part of the configuration."""

    def __init__(self, port, settings, store=None):
        self.id = settings["id"]
        self.kind = settings["kind"]
        self._uart, self._request = port
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

    def start(self):
        """Begin to wait for the next telegram."""
        self._skip_old()
        self._ask(1)
        self._start_ms = time.ticks_ms()
        self.has_telegram = False

    def step(self):
        """Go on; return the milliseconds to sleep, or DONE: `lines` is open, if `has_telegram`."""
        if self._take():
            self.has_telegram = True
            self.lines.open(self._framer.length)
        elif time.ticks_diff(time.ticks_ms(), self._start_ms) < self._timeout_ms:
            return _LOOK_MS
        else:
            self.timeouts += 1
        self._ask(0)
        return DONE

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
    `channels` has a `p1`: its unit, the medium if the value is of another meter or 0 (3 is gas,
    4 heat, 7 water: EN 13757-3), and the codes, of which the first one with a value counts; a list
    of codes is summed up."""

    def __init__(self, bus, settings, channels):
        self.bus = bus
        self._channels = channels
        self._media = bytearray(_CHANNELS)
        entries = [entry["p1"] for entry in settings["channel"]]
        self._wanted = bytes(entry[1] for entry in entries)
        shared = {unit: spellings(unit) for unit in {entry[0] for entry in entries}}
        self._spellings = [shared[entry[0]] for entry in entries]
        self._members = {}  # by code: channels, or ~channel for those that it is a part of
        self._sums = {}  # by channel: parts that are needed, parts that have come, their sum
        for index, entry in enumerate(entries):
            for code in entry[2:]:
                if isinstance(code, list):
                    self._sums[index] = [len(code), 0, 0]
                    for part in code:
                        self._members[part] = self._members.get(part, ()) + (~index,)
                else:
                    self._members[code] = self._members.get(code, ()) + (index,)
        self.answered = True

    def read(self):
        """Begin to give the channels that are marked `fresh` their value, a count or None, and
        quality; `step` does it."""
        self.bus.start()

    probe = read

    def step(self):
        """Go on; return the milliseconds to sleep, or DONE."""
        ms = self.bus.step()
        if ms == DONE:
            self.answered = self.bus.has_telegram
            for channel in self._channels:
                if channel.fresh:
                    channel.value = None
                    channel.quality = BAD
            if self.answered:
                self._take(self.bus.lines)
        return ms

    def _take(self, lines):
        now_s = None
        for index in range(_CHANNELS):
            self._media[index] = 0
        for parts in self._sums.values():
            parts[1] = parts[2] = 0
        while lines.next():
            if lines.code == _TIME:
                now_s = lines.time()
            code = lines.code_of_any_channel() if lines.channel() else lines.code
            if code == _MEDIUM_OF_CHANNEL:
                self._media[lines.channel()] = (lines.count(_NO_UNIT, 0) or 0) & 0xFF
            for index in self._members.get(code, ()):
                if index < 0:
                    self._add(~index, lines)
                else:
                    self._give(index, lines, now_s)

    def _add(self, index, lines):
        """Add the value of the line to a channel that is a sum; it has a value with the last."""
        channel, parts = self._channels[index], self._sums[index]
        count = lines.count(self._spellings[index], channel.places)
        if not channel.fresh or channel.quality == GOOD or count is None:
            return
        parts[1] += 1
        parts[2] += count
        if parts[1] == parts[0]:
            channel.value = parts[2]
            channel.quality = GOOD

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
