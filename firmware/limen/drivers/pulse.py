"""A pulse input (S0, IEC 62053-31): what a meter has counted, kept over power cuts.

The chip's own counter counts, so nothing is lost while the program is busy. It runs round within
its 16 bits and is never reset: each reading adds the difference from the last one. The total of
pulses is kept in whole numbers, by the store, from where a reading goes on after a power cut.

The chip's filter takes out pulses shorter than 12.8 µs. A contact bounces for longer, which shows
as more pulses than `shortest_ms` allows in the time: such a reading is of uncertain quality.
"""

import time

from limen.core.compat import const
from limen.core.quality import BAD, GOOD, UNCERTAIN
from limen.core.scaling import Line

_AN_HOUR_MS = const(3600000)


class Device:
    """`settings` has `pin`, `unit` of the counter, `edge`, `pull`, `shortest_ms`, the shortest time
    from pulse to pulse, and `line` from pulses to the quantity."""

    def __init__(self, bus, settings, channels):
        self.bus = bus
        self._channel = channels[0]
        self._line = Line(*settings["line"])
        self._shortest_ms = settings["shortest_ms"]
        self._name = "pulses." + settings["id"]
        self._total = bus.store.get(self._name, 0)
        self._counter = bus.port.counter(
            settings["unit"], settings["pin"], settings["pull"], settings["edge"]
        )
        self._last = 0
        self._read_ms = time.ticks_ms()
        if self._counter is not None:
            self._last = self._counter.value()

    async def read(self):
        """Give the channel the total; without a counter on this chip its quality is bad."""
        channel = self._channel
        self.bus.readings += 1
        if self._counter is None:
            channel.value = None
            channel.quality = BAD
            return
        pulses = self._take()
        if pulses:
            self._total += pulses
            self.bus.store.set(self._name, self._total)
        channel.value = self._line.count(self._total)
        channel.quality = GOOD if pulses <= self._possible() else UNCERTAIN

    def _take(self):
        """Pulses since the last reading, less than one round of the counter."""
        now = self._counter.value()
        pulses = (now - self._last) % self.bus.port.COUNTER_RANGE
        self._last = now
        return pulses

    def _possible(self):
        """How many pulses the time since the last reading has room for."""
        now_ms = time.ticks_ms()
        passed_ms = time.ticks_diff(now_ms, self._read_ms)
        self._read_ms = now_ms
        if not 0 <= passed_ms < _AN_HOUR_MS:
            passed_ms = _AN_HOUR_MS
        return passed_ms // self._shortest_ms + 1
