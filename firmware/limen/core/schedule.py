"""When the channels of a device that are read at the same rate are due next.

They began together, so one schedule serves them all.
"""

from limen.core.elapsed import elapsed_ms


class Schedule:
    """Due at uptime (due_s, due_ms), and every `every_ms` from then on."""

    def __init__(self, every_ms):
        self.every_ms = every_ms
        self.due_s = self.due_ms = 0

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
