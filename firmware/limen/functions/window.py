"""Aggregates of a device's channels over windows of the clock: minimum, mean and so on.

Windows begin at whole multiples of their length after midnight UTC, before the clock is set after
the start of the gateway. A window is told by the first reading behind it, with the time of its end.
It is uncertain when it was not seen whole: the first one, one in which a sample was bad, one that
a step of the clock ended or began. A window without a good sample is told as bad, once.
"""

from limen.core.aggregate import Aggregate
from limen.core.chain import make_stages
from limen.core.quality import BAD, GOOD, UNCERTAIN


class Source:
    """A channel that is aggregated: the index it has, and what smooths it first."""

    def __init__(self, index, stages):
        self.index = index
        self.stages = make_stages(stages)
        self.gathered = Aggregate()
        self.quality = UNCERTAIN
        self.was_bad = False

    def feed(self, value, quality):
        if quality < BAD:
            for stage in self.stages:
                value = stage.feed(value)
            self.gathered.feed(value)
        else:
            for stage in self.stages:
                stage.clear()
        if quality:
            self.quality = UNCERTAIN


class Function:
    """`settings` has `window_s`, and `of`: [index of a channel, its stages, names of aggregates]
    for each channel; its own channels are in the order of these names."""

    def __init__(self, gateway, number, device, settings):
        self._gateway = gateway
        self._number = number
        self._device = device
        self._window_s = settings["window_s"]
        self._sources = []
        self._names = []
        for index, stages, names in settings["of"]:
            self._sources.append(Source(index, stages))
            self._names.append(tuple(names))
        self._window = None
        self._is_set = False

    def feed(self, device):
        """Take what the device that is followed has read."""
        clock = self._gateway.clock
        utc_s = clock.utc_s(device.s, device.ms) if clock.is_set else device.s
        window = utc_s // self._window_s
        if window != self._window or clock.is_set != self._is_set:
            self._turn(window, clock, utc_s, device)
        for source in self._sources:
            channel = device.channels[source.index]
            if channel.fresh:
                source.feed(channel.value, channel.quality)
        self._last_s = device.s
        self._last_ms = device.ms

    def _turn(self, window, clock, utc_s, device):
        """Tell of the window that has ended, and begin another."""
        begun = self._window is not None
        follows = begun and clock.is_set == self._is_set and self._window == window - 1
        if begun:
            self._set_time(window if follows else None, clock, utc_s, device)
            self._tell(GOOD if follows and clock.is_set else UNCERTAIN)
        for source in self._sources:
            source.gathered.clear()
            source.quality = GOOD if follows else UNCERTAIN
        self._window = window
        self._is_set = clock.is_set

    def _set_time(self, window, clock, utc_s, device):
        """The uptime at which the window began that follows, or the last reading's."""
        own = self._device
        if window is not None:
            late_s = utc_s - window * self._window_s
            own.ms = device.ms - (clock.utc_ms(device.ms) if clock.is_set else device.ms)
            own.s = device.s - late_s
            if own.ms < 0:
                own.ms += 1000
                own.s -= 1
        else:
            own.s = self._last_s
            own.ms = self._last_ms

    def _tell(self, quality):
        at = 0
        for source, names in zip(self._sources, self._names):
            count = source.gathered.count
            for name in names:
                channel = self._device.channels[at]
                at += 1
                channel.fresh = count > 0 or not source.was_bad
                channel.value = source.gathered.value(name) if count else None
                channel.quality = max(quality, source.quality) if count else BAD
            source.was_bad = not count
        self._device.fresh = True
        self._gateway.take(self._number, self._device)
