"""Reports when a value crosses from one band into another: what lies between does not matter.

Thresholds part the bands; one belongs to the band above it. Upwards a threshold is crossed when it
is reached, downwards when the value is below it by more than the hysteresis. The value that is
published is the one that crossed. `at_least_every` repeats as for any report.
"""

from limen.core.report import Report


class Bands(Report):
    """`rule` is (at least every ms, hysteresis count, thresholds... in rising order)."""

    def __init__(self, rule):
        super().__init__((0, 0, 0, rule[0]))
        self._hysteresis = rule[1]
        self._thresholds = tuple(rule[2:])
        self._band = 0

    def _is_worth(self, value, age_ms):
        before = self._band
        self._find_band(value)
        return self._band != before or self._is_heartbeat(age_ms)

    def _note(self, value):
        self.told = value
        self._find_band(value)

    def _find_band(self, value):
        thresholds = self._thresholds
        while self._band < len(thresholds) and value >= thresholds[self._band]:
            self._band += 1
        while self._band and value < thresholds[self._band - 1] - self._hysteresis:
            self._band -= 1
