"""The rows of a recording as signals: each holds in turn, at its place in the world's time."""

import bisect
import math
from decimal import Decimal
from fractions import Fraction

from host_tools.emulation.decimal_column import DecimalColumn
from host_tools.emulation.long_array import LongArray
from host_tools.emulation.ratios import Ratio
from host_tools.emulation.signals import Signals


class RecordingSignals(Signals):
    """Columns by their quantity, whose rows begin at `times`; before the first row that row holds.

    `end_us` is when the last row begins; it holds for ever after.
    """

    def __init__(
        self, times: LongArray, columns: dict[str, DecimalColumn], start_us: int, speed: Fraction
    ):
        self._times = times
        self._columns = columns
        self._first_us = times[0]
        self._played, self._passed = speed.as_integer_ratio()
        self._step = 0
        self._step_us = self._next_us = 0
        self.start_us = start_us
        self.end_us = self.step_start_us(len(times) - 1)

    def quantities(self) -> frozenset[str]:
        return frozenset(self._columns)

    def step_at(self, time_us: int) -> int:
        """The row that holds."""
        if not self._step_us <= time_us < self._next_us:
            self._find(time_us)
        return self._step

    def _find(self, time_us: int) -> None:
        """Note the row that holds, and from when to when."""
        played_us = self._first_us + (time_us - self.start_us) * self._played // self._passed
        step = max(0, bisect.bisect_right(self._times, played_us) - 1)
        is_last = step + 1 == len(self._times)
        self._step = step
        self._step_us = self.step_start_us(step)
        self._next_us = math.inf if is_last else self.step_start_us(step + 1)

    def step_start_us(self, step: int) -> int:
        if not step:
            return 0
        return self.start_us - (self._first_us - self._times[step]) * self._passed // self._played

    def step_value(self, quantity: str, step: int) -> Decimal:
        return self._columns[quantity][step]

    def step_ratio(self, quantity: str, step: int) -> Ratio:
        return self._columns[quantity].ratio(step)
