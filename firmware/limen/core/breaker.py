"""Decides how often a device that does not answer is asked: it must not slow its neighbours.

After some readings without an answer the breaker opens. The device then gets one cheap probe at a
time, after pauses that double up to a longest one. A probe that is answered closes the breaker.
Where nothing could be asked, for want of a link, it opens at once, and the pauses do not grow: such
a probe costs nothing, and says nothing of the device.
"""

from limen.core.compat import const

_FAILURES = const(3)
_FIRST_PAUSE_S = const(2)
_LONGEST_PAUSE_S = const(60)


class Breaker:
    """Closed at first; while it `is_open`, the next probe is due at uptime `due_s`."""

    def __init__(self):
        self._failures = 0
        self._pause_s = _FIRST_PAUSE_S
        self.due_s = 0
        self.is_open = False

    def note(self, answered, s):
        """Take whether a reading or a probe at uptime `s` was answered, None where nothing could be
        asked; return whether the state changed."""
        was_open = self.is_open
        if answered:
            self._failures = 0
            self._pause_s = _FIRST_PAUSE_S
            self.is_open = False
            return was_open
        self._failures += 1
        self.is_open = was_open or answered is None or self._failures >= _FAILURES
        if self.is_open:
            self.due_s = s + self._pause_s
            if answered is False:
                self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
        return self.is_open and not was_open

    def hurry(self, s):
        """Something suggests that the device is there: the next probe is due now."""
        self.due_s = s
        self._pause_s = _FIRST_PAUSE_S
