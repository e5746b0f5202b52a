"""A channel: one measured quantity of a device, its newest sample, and what watches it.

A sample is (channel, time, value, quality); the newest one lives in the channel's own fields, so
that reading allocates nothing. `value` counts steps of 10**-places units, and means nothing while
`quality` is bad.
"""

from limen.core.elapsed import elapsed_ms
from limen.core.quality import BAD


class Channel:
    """`index` counts within the device; `spec` is the channel's part of the configuration."""

    def __init__(self, index, spec):
        self.index = index
        self.name = spec["name"]
        self.places = spec["places"]
        self.every_ms = spec["every_ms"]
        self.value = 0
        self.quality = BAD
        self.fresh = False  # read, and not yet gone through the path
        self.due_s = self.due_ms = 0
        self.report = None
        self.alarms = ()

    def is_due(self, s, ms):
        return s > self.due_s or (s == self.due_s and ms >= self.due_ms)

    def plan_next(self, s, ms):
        """Set the next due time one period on; periods that are over already are skipped.

        Counting on from the due time and not from now keeps the rate free of drift.
        """
        late_ms = elapsed_ms(self.due_s, self.due_ms, s, ms)
        ahead_ms = self.every_ms * (1 + late_ms // self.every_ms)
        total = self.due_ms + ahead_ms
        self.due_s += total // 1000
        self.due_ms = total % 1000

    def due_in_ms(self, s, ms):
        """Milliseconds until the channel is due; negative when it is overdue."""
        return elapsed_ms(s, ms, self.due_s, self.due_ms)
