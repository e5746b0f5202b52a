"""How each device of a gateway kept its rate, and how it came back from a fault.

A meter may be read more often than its channels ask: a request covers slow channels for the sake
of fast ones. `Turns` finds among all reads those that were due.
"""

import bisect
from dataclasses import dataclass

_LEAST_PERMILLE = 950


class Turns:
    """Of the times at which something came, those at which it was due: one in each period.

    Readings jitter by `slack_us` at most.
    """

    def __init__(self, period_us: int, slack_us: int):
        self.period_us = period_us
        self.times_us: list[int] = []
        self._gap_us = period_us - slack_us

    def take(self, time_us: int) -> bool:
        """Note the time if it was due; return whether it was."""
        if self.times_us and time_us - self.times_us[-1] < self._gap_us:
            return False
        self.times_us.append(time_us)
        return True

    def has(self, time_us: int) -> bool:
        """Whether a time was noted as due."""
        at = bisect.bisect_left(self.times_us, time_us)
        return self.times_us[at : at + 1] == [time_us]

    def share_permille(self, begin_us: int, end_us: int) -> int | None:
        """How much of the rate was kept in a window: its periods that passed as they should, over
        the time from the turn before the window to the one behind it; None without a turn.
        """
        times_us = self.times_us
        first = max(0, bisect.bisect_right(times_us, begin_us) - 1)
        last = min(bisect.bisect_left(times_us, end_us), len(times_us) - 1)
        if last < first or times_us[first] >= end_us:
            return None
        until_us = times_us[last]
        if end_us - until_us > 2 * self.period_us:
            until_us = end_us  # the turns have stopped
        span_us = until_us - times_us[first]
        return min(1000, (last - first) * self.period_us * 1000 // span_us) if span_us else 1000


@dataclass(frozen=True)
class Window:
    """A fault of a device, in UTC; `ended` tells whether it was over before the run was."""

    device: str
    begin_us: int
    end_us: int
    ended: bool


@dataclass
class Attendance:
    """How one device was read, which is a `meter` of that model.

    `beside_permille` is the least share of its rate that it kept while another one was at fault;
    `back_us` how long after each of its own faults it was back, None for one that it did not come
    back from.
    """

    device: str
    meter: str
    polls: int
    permille: int
    beside_permille: int | None
    bad: int
    back_us: list[int | None]

    @property
    def is_good(self) -> bool:
        """Whether it was read, came back, and kept its rate beside others that did not answer."""
        beside = self.beside_permille is None or self.beside_permille >= _LEAST_PERMILLE
        return bool(self.polls) and beside and None not in self.back_us

    def text(self) -> str:
        """The verdict; a rate that no line or device can keep is no fault, but is told."""
        if not self.is_good:
            return "NOT GOOD"
        return "ok" if self.permille >= _LEAST_PERMILLE else "below its rate"


def attend(
    name: str,
    meter: str,
    turns: Turns,
    values: list[tuple[int, bool]],
    windows: list[Window],
    until_us: int,
) -> Attendance:
    """What became of a device up to a time; `values` are (time, is it good) of all it published."""
    begin_us = turns.times_us[0] if turns.times_us else until_us
    shares = [
        turns.share_permille(window.begin_us, min(window.end_us, until_us))
        for window in windows
        if window.device != name
    ]
    return Attendance(
        name,
        meter,
        bisect.bisect(turns.times_us, until_us),
        turns.share_permille(begin_us, until_us) or 0,
        min((share or 0 for share in shares), default=None),
        sum(not is_good for _, is_good in values),
        [_back_us(window, values) for window in windows if window.device == name and window.ended],
    )


def _back_us(window: Window, values: list[tuple[int, bool]]) -> int | None:
    """How long after the end of a fault the first good value was taken."""
    good = [time_us for time_us, is_good in values if is_good and time_us >= window.end_us]
    return min(good) - window.end_us if good else None
