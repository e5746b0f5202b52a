"""Rows of a recording, brought to one row a period by a rule.

A period's row bears the time at which the period begins, so that a mean holds as long as what it
is the mean of; its line is that of the period's first row.
"""

from collections.abc import Callable
from decimal import Decimal

_MORE_PLACES = 3


def _mean(values: list[Decimal]) -> Decimal:
    places = max(-value.as_tuple().exponent for value in values) + _MORE_PLACES
    return (sum(values) / len(values)).quantize(Decimal(1).scaleb(-places))


RULES: dict[str, Callable[[list[Decimal]], Decimal]] = {
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
    "min": min,
    "max": max,
    "mean": _mean,
}
"""What becomes of the values of a period; a mean is rounded to three places more than they have."""


class Resampler:
    """Gives `keep(time_us, values, line)` a row for each period in which there is one."""

    def __init__(self, every_us: int, rule: str, keep: Callable[[int, list[Decimal], int], None]):
        self._every_us = every_us
        self._rule = RULES[rule]
        self._keep = keep
        self._rows: list[list[Decimal]] = []
        self._begin_us = self._line = 0

    def take(self, time_us: int, values: list[Decimal], line: int) -> None:
        begin_us = time_us - time_us % self._every_us
        if self._rows and begin_us != self._begin_us:
            self.finish()
        if not self._rows:
            self._begin_us, self._line = begin_us, line
        self._rows.append(values)

    def finish(self) -> None:
        """Give the row of the period that is over."""
        if self._rows:
            values = [self._rule(column) for column in zip(*self._rows, strict=True)]
            self._rows = []
            self._keep(self._begin_us, values, self._line)
