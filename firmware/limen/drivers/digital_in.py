"""A digital input: its level at every reading, and each edge with the time at which it happened.

An edge interrupts the chip, and the interrupt only keeps time and level, in a ring of its own: it
may come in the middle of anything. Whatever the interrupts miss, a look at the pin finds.
"""

import time

from limen.core.compat import const
from limen.core.debounce import Debounce
from limen.core.quality import GOOD, UNCERTAIN

_ROOM = const(16)


class Device:
    """`settings` has `pin`, `pull` ("up", "down" or None), `invert` and `debounce_ms`.

    After `read`, `age_ms` tells how old the value is: an edge is told with its own time.
    """

    def __init__(self, bus, settings, channels):
        self.bus = bus
        self.age_ms = 0
        self._channel = channels[0]
        self._invert = 1 if settings["invert"] else 0
        self._times = [0] * _ROOM
        self._levels = bytearray(_ROOM)
        self._put = self._got = 0
        self._lost = 0
        self._pin = bus.port.input(settings["pin"], settings["pull"])
        self._edges = Debounce(self._level(), settings["debounce_ms"], time.ticks_diff)
        bus.port.watch(self._pin, self._on_edge)
        bus.watch(self)

    def _level(self):
        return self._pin.value() ^ self._invert

    def _on_edge(self, pin):
        if self._put - self._got < _ROOM:
            at = self._put % _ROOM
            self._times[at] = time.ticks_ms()
            self._levels[at] = self._level()
            self._put += 1
        self.bus.wake()

    def _look(self):
        while self._got < self._put:
            at = self._got % _ROOM
            self._edges.feed(self._levels[at], self._times[at])
            self._got += 1
        self._edges.feed(self._level(), time.ticks_ms())

    def news_in_ms(self, now_ms, longest_ms):
        """Milliseconds until there can be an edge to read, at most `longest_ms`."""
        self._look()
        if self._edges.waiting:
            return 0
        settles_in_ms = self._edges.settles_in_ms(now_ms)
        return longest_ms if settles_in_ms is None else settles_in_ms

    def make_due(self):
        """If an edge waits, the channel is due."""
        self._look()
        if self._edges.waiting:
            schedule = self._channel.schedule
            schedule.due_s = schedule.due_ms = 0

    async def read(self):
        """Give the channel the level after the oldest edge that waits, else the level now."""
        channel, edges = self._channel, self._edges
        self.bus.readings += 1
        self.age_ms = 0
        self._look()
        if edges.waiting:
            channel.value, edge_ms = edges.take()
            self.age_ms = time.ticks_diff(time.ticks_ms(), edge_ms)
        else:
            channel.value = edges.level
        channel.quality = GOOD if edges.lost == self._lost else UNCERTAIN
        self._lost = edges.lost
