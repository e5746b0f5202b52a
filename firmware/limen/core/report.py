"""Decides which samples are worth publishing, so that the last published value stays true.

A value passes when it differs from the last one that passed by more than the deadband: a
subscriber that holds that one is never off by more. The deadband is the larger of a count and a
share of the last value: a share alone would fire on noise near zero. Without a deadband every
change passes. `at_most_every` holds a change back until its time has come, `at_least_every`
repeats a value that does not change.

The first sample and each change of quality pass at once. A bad quality passes once and is not
repeated: a heartbeat of a dead source would make it look alive.
"""

from limen.core.compat import const
from limen.core.elapsed import elapsed_ms
from limen.core.quality import BAD

_BASIS = const(10000)  # basis points of the whole


class Report:
    """`rule` is (deadband count, basis points of the last value, at most every ms, at least
    every ms), 0 where it is not set."""

    def __init__(self, rule):
        self._rule = rule
        self._quality = None

    def passes(self, value, quality, s, ms):
        """True when the sample, taken at uptime (s, ms), is to be published."""
        if quality == self._quality:
            if quality >= BAD:
                return False
            age_ms = elapsed_ms(self._s, self._ms, s, ms)
            if not self._due(abs(value - self._value) > self._deadband, age_ms):
                return False
        self._quality = quality
        self._s = s
        self._ms = ms
        if quality < BAD:
            self._value = value
            self._deadband = self._deadband_at(abs(value))
        return True

    def _due(self, changed, age_ms):
        _, _, at_most_ms, at_least_ms = self._rule
        return changed and age_ms >= at_most_ms or 0 < at_least_ms <= age_ms

    def _deadband_at(self, size):
        # In two parts, as size * points leaves the small integers; rounding down changes
        # nothing, because differences are whole.
        count, points, _, _ = self._rule
        share = size // _BASIS * points + size % _BASIS * points // _BASIS
        return max(count, share)
