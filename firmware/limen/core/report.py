"""Decides which samples are worth publishing, so that the last published value stays true.

A value passes when it differs from the last one that passed by more than the deadband: a
subscriber that holds that one is never off by more. The deadband is the larger of a count and a
share of the last value: a share alone would fire on noise near zero. Without a deadband every
change passes. `at_most_every` holds a change back until its time has come, `at_least_every`
repeats a value that does not change.

The first sample and each change of quality pass at once. A bad quality passes once and is not
repeated: a heartbeat of a dead source would make it look alive. When the heartbeat would be due,
what was bad and is stale by now passes in its place, once: that tells "not heard" from "unchanged".
"""

from limen.core.compat import const
from limen.core.elapsed import elapsed_ms
from limen.core.quality import BAD, STALE

_BASIS = const(10000)  # basis points of the whole


class Report:
    """`rule` is (deadband count, basis points of the last value, at most every ms, at least
    every ms), 0 where it is not set. `told` is the value to be published, when `passes` is true."""

    def __init__(self, rule):
        self._rule = rule
        self._told_quality = None
        self._s = self._ms = self.told = 0

    def passes(self, value, quality, s, ms):
        """True when the sample, taken at uptime (s, ms), is to be published."""
        age_ms = elapsed_ms(self._s, self._ms, s, ms)
        if quality == self._told_quality:
            if quality >= BAD or not self._is_worth(value, age_ms):
                return False
        elif quality == STALE and self._told_quality == BAD and not self._is_heartbeat(age_ms):
            return False
        self._told_quality = quality
        self._s = s
        self._ms = ms
        if quality < BAD:
            self._note(value)
        return True

    def _is_worth(self, value, age_ms):
        rule = self._rule
        difference = abs(value - self.told)
        if difference > rule[0] and age_ms >= rule[2]:
            # In two parts, as size * points leaves the small integers; rounding down changes
            # nothing, because differences are whole.
            size = abs(self.told)
            share = size // _BASIS * rule[1] + size % _BASIS * rule[1] // _BASIS
            if difference > share:
                return True
        return self._is_heartbeat(age_ms)

    def _is_heartbeat(self, age_ms):
        return 0 < self._rule[3] <= age_ms

    def _note(self, value):
        self.told = value
