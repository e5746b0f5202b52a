"""Rows of a recording, brought to one row a period by a rule.

A period's row bears the time at which the period begins, so that a mean holds as long as what it
is the mean of; its line is that of the period's first row.
"""

from collections.abc import Callable
from decimal import Decimal

_MORE_PLACES = 3


Values = list[Decimal | None]
"""A row's numbers; None where a device has none."""


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

    def __init__(self, every_us: int, rule: str, keep: Callable[[int, Values, int], None]):
        self._every_us = every_us
        self._rule = RULES[rule]
        self._keep = keep
        self._rows: list[Values] = []
        self._begin_us = self._line = 0

    def take(self, time_us: int, values: Values, line: int) -> None:
        begin_us = time_us - time_us % self._every_us
        if self._rows and begin_us != self._begin_us:
            self.finish()
        if not self._rows:
            self._begin_us, self._line = begin_us, line
        self._rows.append(values)

    def finish(self) -> None:
        """Give the row of the period that is over."""
        if self._rows:
            values = [self._of_period(column) for column in zip(*self._rows, strict=True)]
            self._rows = []
            self._keep(self._begin_us, values, self._line)

    def _of_period(self, values: tuple[Decimal | None, ...]) -> Decimal | None:
        known = [value for value in values if value is not None]
        return self._rule(known) if known else None
