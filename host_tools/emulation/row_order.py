"""Keeps rows of a recording in the order of their times, also where a clock was ahead for a moment.

A leap of more than a day, and of many steps at once, is doubted: its rows wait. Where time comes
back to before the leap they are dropped, as a clock was wrong; else it was a pause, and they stay.
"""

from collections.abc import Callable

_NEVER_US = -(2**63)
_DAY_US = 86_400_000_000
_STEPS = 1000
_MOST_WAITING = 10


class RowOrder:
    """Gives rows, (time, values, line), on to `keep`; tells `on_ahead(line)` of dropped ones."""

    def __init__(self, keep: Callable, on_ahead: Callable[[int], None]):
        self._keep = keep
        self._on_ahead = on_ahead
        self._waiting: list[tuple] = []
        self._kept_us = _NEVER_US
        self._step_us = 0

    @property
    def last_us(self) -> int:
        """The time of the row before, kept or waiting."""
        return self._waiting[-1][0] if self._waiting else self._kept_us

    def settle(self, time_us: int) -> int:
        """Drop what waits if a row of this time shows that it was ahead; return what is last."""
        if self._waiting and self._kept_us < time_us < self._waiting[0][0]:
            for *_, line in self._waiting:
                self._on_ahead(line)
            self._waiting.clear()
        return self.last_us

    def take(self, time_us: int, values: list, line: int) -> None:
        if not self._waiting and not self._is_leap(time_us):
            self._pass(time_us, values, line)
            return
        self._waiting.append((time_us, values, line))
        if len(self._waiting) > _MOST_WAITING:
            self.finish()

    def finish(self) -> None:
        """Believe what still waits."""
        for row in self._waiting:
            self._pass(*row)
        self._waiting.clear()

    def _is_leap(self, time_us: int) -> bool:
        if self._kept_us == _NEVER_US:
            return False
        return time_us - self._kept_us > max(_DAY_US, _STEPS * self._step_us)

    def _pass(self, time_us: int, values: list, line: int) -> None:
        if self._kept_us != _NEVER_US:
            self._step_us = time_us - self._kept_us
        self._kept_us = time_us
        self._keep(time_us, values, line)
