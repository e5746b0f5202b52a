"""Reports while a value changes faster than a limit: from one sample to the next.

The sample behind a fast change passes too, as it tells where the value came to rest.
`at_least_every` repeats as for any report.
"""

from limen.core.elapsed import elapsed_ms
from limen.core.report import Report


class Rate(Report):
    """`rule` is (at least every ms, counts, in so many ms): more than that is fast."""

    def __init__(self, rule):
        least_ms, self._count, self._span_ms = rule
        super().__init__((0, 0, 0, least_ms))
        self._last = self._last_s = self._last_ms = 0
        self._is_fast = False

    def passes(self, value, quality, s, ms):
        """True when the sample, taken at uptime (s, ms), is to be published."""
        self._step_ms = elapsed_ms(self._last_s, self._last_ms, s, ms)
        told = Report.passes(self, value, quality, s, ms)
        self._last = value
        self._last_s = s
        self._last_ms = ms
        return told

    def _is_worth(self, value, age_ms):
        was_fast = self._is_fast
        self._is_fast = abs(value - self._last) * self._span_ms > self._count * self._step_ms
        return self._is_fast or was_fast or self._is_heartbeat(age_ms)
