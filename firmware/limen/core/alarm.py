"""Watches one limit of a channel, with hysteresis and a delay.

The alarm is raised when values have lain beyond the limit for the whole delay, and cleared by the
first value that has come back by the hysteresis. A bad sample neither raises nor clears, because
it says nothing about the machine; and it starts the delay anew, because the delay asks for values
that were beyond the limit all the time, and of that time nothing is known.
"""

from limen.core.compat import const
from limen.core.elapsed import elapsed_ms
from limen.core.quality import BAD

NORMAL = const(0)
PENDING = const(1)
RAISED = const(2)
CLEARED = const(3)


class LimitAlarm:
    """`name` "high" watches for values above `limit`, "low" for values below; both are counts."""

    def __init__(self, name, limit, hysteresis, delay_ms):
        self.name = name
        self.limit = limit
        self._hysteresis = hysteresis
        self._delay_ms = delay_ms
        self.state = NORMAL
        self._since_s = self._since_ms = 0

    def feed(self, value, quality, s, ms):
        """Take a sample of uptime (s, ms); return RAISED or CLEARED when that happened, else 0."""
        if quality >= BAD:
            if self.state == PENDING:
                self.state = NORMAL
            return 0
        excess = value - self.limit if self.name == "high" else self.limit - value
        if self.state == RAISED:
            return self._clear(excess)
        return self._raise(excess, s, ms)

    def _clear(self, excess):
        if excess > -self._hysteresis:
            return 0
        self.state = NORMAL
        return CLEARED

    def _raise(self, excess, s, ms):
        if excess <= 0:
            self.state = NORMAL
            return 0
        if self.state == NORMAL:
            self.state = PENDING
            self._since_s = s
            self._since_ms = ms
        if elapsed_ms(self._since_s, self._since_ms, s, ms) < self._delay_ms:
            return 0
        self.state = RAISED
        return RAISED
