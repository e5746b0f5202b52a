"""Keeps rows of a recording in the order of their times.

A row that comes a few rows late is put into its place. One that comes later still is left out, as
is all that a clock wrote behind what it had written before, when it was set back.

A leap of more than a day, and of many steps at once, is doubted: its rows wait. Where time comes
back to before the leap they are dropped, as a clock was wrong; else it was a pause, and they stay.
"""

import bisect
from collections.abc import Callable
from operator import itemgetter

_NEVER_US = -(2**63)
_DAY_US = 86_400_000_000
_STEPS = 1000
_MOST_WAITING = 10
_MOST_LATE = 10

LATE, BACK, TWICE = "late", "back", "twice"

Row = tuple[int, list, int]
"""(time in µs, values, line); a value is None where its cell was empty."""

_time_of = itemgetter(0)


class RowOrder:
    """Gives rows on to `keep(time_us, values, line)`; tells `on_ahead(line)` of dropped ones."""

    def __init__(self, keep: Callable, on_ahead: Callable[[int], None]):
        self._keep = keep
        self._on_ahead = on_ahead
        self._rows: list[Row] = []
        self._waiting: list[Row] = []
        self._kept_us = _NEVER_US
        self._step_us = 0
        self.last_us = _NEVER_US

    def take(self, time_us: int, values: list, line: int) -> str | None:
        """Take a row; return what is odd about its time, if anything. A row behind those that may
        still wait, and one of the same time as another that says anything else, is left out.
        """
        if self._waiting and self._kept_us < time_us < self._waiting[0][0]:
            self._drop_waiting()
        if time_us > self.last_us:
            self._append((time_us, values, line))
            return None
        rows = self._waiting or self._rows
        if time_us < rows[0][0] and (self._waiting or time_us <= self._kept_us):
            return BACK
        at = bisect.bisect_left(rows, time_us, key=_time_of)
        if rows[at][0] == time_us:
            return None if _merge(rows[at][1], values) else TWICE
        rows.insert(at, (time_us, values, line))
        self._pass()
        return LATE

    def finish(self) -> None:
        """Believe what still waits, and give on all rows."""
        self._believe()
        self._pass(0)

    def _append(self, row: Row) -> None:
        if self._waiting or self._is_leap(row[0]):
            self._waiting.append(row)
            if len(self._waiting) > _MOST_WAITING:
                self._believe()
        else:
            if self._rows:
                self._step_us = row[0] - self.last_us
            self._rows.append(row)
        self.last_us = row[0]
        self._pass()

    def _is_leap(self, time_us: int) -> bool:
        return bool(self._rows) and time_us - self.last_us > max(_DAY_US, _STEPS * self._step_us)

    def _drop_waiting(self) -> None:
        for *_, line in self._waiting:
            self._on_ahead(line)
        self._waiting.clear()
        self.last_us = self._rows[-1][0]

    def _believe(self) -> None:
        """What waited was no error."""
        if self._waiting:
            before_us = (self._waiting[-2:-1] or self._rows[-1:])[0][0]
            self._step_us = self._waiting[-1][0] - before_us
            self._rows += self._waiting
            self._waiting.clear()

    def _pass(self, most: int = _MOST_LATE) -> None:
        """Give on rows, until no more than so many are held."""
        held = self._rows
        if len(held) > most:
            for row in held[: len(held) - most]:
                self._kept_us = row[0]
                self._keep(*row)
            del held[: len(held) - most]


def _merge(values: list, more: list) -> bool:
    """Put values into the cells that are empty; False if any of them was not."""
    if any(old is not None and new is not None for old, new in zip(values, more, strict=True)):
        return False
    values[:] = [new if old is None else old for old, new in zip(values, more, strict=True)]
    return True
