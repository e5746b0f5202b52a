"""Turns the bounces of a contact into clean edges, each with the time at which it began.

A level counts when it has stood still for `stable_ms`; its edge happened when the contact first
left the level before. A glitch that comes back in time is none. Edges wait until they are taken.

Times are ticks, compared by the `ticks_diff` that is handed in; nothing is compared with a moment
long past, as ticks wrap.
"""

from limen.core.compat import const

_ROOM = const(8)


class Debounce:
    """`level` is the accepted level, after all edges that wait; `lost` counts edges dropped."""

    def __init__(self, level, stable_ms, ticks_diff):
        self.level = self._seen = level
        self._stable_ms = stable_ms
        self._diff = ticks_diff
        self._bouncing = False
        self._began_ms = self._changed_ms = 0
        self._times = [0] * _ROOM
        self._first_level = level
        self._first = 0
        self.waiting = 0
        self.lost = 0

    def feed(self, level, ms):
        """The contact shows this level now: at an edge, or when somebody looks."""
        self._settle(ms)
        if level != self._seen:
            if not self._bouncing:
                self._bouncing = True
                self._began_ms = ms
            self._seen = level
            self._changed_ms = ms
            self._settle(ms)

    def _settle(self, ms):
        if self._bouncing and self._diff(ms, self._changed_ms) >= self._stable_ms:
            self._bouncing = False
            if self._seen != self.level:
                self.level = self._seen
                self._keep(self._began_ms)

    def _keep(self, ms):
        """Levels of waiting edges alternate, so when there is no room two are dropped at once."""
        if self.waiting == _ROOM:
            self.lost += 2
            self.waiting -= 1
            return
        if not self.waiting:
            self._first_level = self.level
        self._times[(self._first + self.waiting) % _ROOM] = ms
        self.waiting += 1

    def settles_in_ms(self, ms):
        """Milliseconds until a bouncing contact can count; None when it stands still."""
        if not self._bouncing:
            return None
        return max(0, self._stable_ms - self._diff(ms, self._changed_ms))

    def take(self):
        """(level, ticks) of the oldest edge that waits; there must be one."""
        ms = self._times[self._first]
        level = self._first_level
        self._first = (self._first + 1) % _ROOM
        self._first_level = 1 - level
        self.waiting -= 1
        return level, ms
