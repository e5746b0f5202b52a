"""How long the rows of a recording are apart, and what is told of those that are far apart.

Where most rows are the same time apart, that is their usual step. Where rows come as something
changes, or a clock jitters, it is the round time next to the middle one of all steps.
"""

from host_tools.emulation.recording_problems import Problem

_MOST_STEPS = 1000
_ROUND_MS = (
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 20_000, 30_000, 60_000,
    120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000,
    43_200_000, 86_400_000,
)  # fmt: skip
_LONG_AMONG_IRREGULAR = 10


def _length_text(us: int) -> str:
    """A length of time as people say it."""
    seconds = us / 1_000_000
    if seconds < 3600:
        return f"{seconds:g} s"
    return f"{seconds / 3600:g} h" if seconds < 2 * 86400 else f"{seconds / 86400:,.1f} days"


class RowSteps:
    """How long rows are apart: how often each step comes, and its first line.

    Of more than so many different steps the others count to two digits only.
    """

    def __init__(self):
        self._seen: dict[int, list[int]] = {}
        self._count = 0

    def take(self, step_us: int, line: int) -> None:
        self._count += 1
        entry = self._seen.get(step_us)
        if entry is None and len(self._seen) >= _MOST_STEPS:
            step_us = _two_digits(step_us)
            entry = self._seen.get(step_us)
        if entry is None:
            self._seen[step_us] = [1, line]
        else:
            entry[0] += 1

    @property
    def usual_us(self) -> int:
        """The usual step; 0 without any."""
        most_us = max(self._seen, key=lambda step_us: self._seen[step_us][0], default=0)
        return most_us if self._is_regular(most_us) else _round_us(self._middle_us())

    def _is_regular(self, most_us: int) -> bool:
        return not self._seen or 2 * self._seen[most_us][0] >= self._count

    def _middle_us(self) -> int:
        passed = 0
        for step_us in sorted(self._seen):
            passed += self._seen[step_us][0]
            if 2 * passed >= self._count:
                break
        return step_us

    def pause(self) -> Problem | None:
        """What is to be told of steps of more than one row and a half, or of ten where rows come at
        any time."""
        usual_us = self.usual_us
        is_regular = usual_us in self._seen and self._is_regular(usual_us)
        least_us = usual_us * 3 // 2 if is_regular else usual_us * _LONG_AMONG_IRREGULAR
        long = [step_us for step_us in self._seen if step_us > least_us]
        if not long:
            return None
        first_us = min(long, key=lambda step_us: self._seen[step_us][1])
        told = (
            f"{_length_text(first_us)} without a row, where one usually comes each "
            f"{_length_text(usual_us)}; the last values hold"
        )
        count = sum(self._seen[step_us][0] for step_us in long)
        return Problem("pause", self._seen[first_us][1], told, count, skipped=False)


def _two_digits(step_us: int) -> int:
    unit = 10 ** max(len(str(step_us)) - 2, 0)
    return step_us // unit * unit


def _round_us(step_us: int) -> int:
    """The longest round time that is not a tenth longer; the step itself where it is shorter."""
    fitting = [ms * 1000 for ms in _ROUND_MS if ms * 10_000 <= step_us * 11]
    return fitting[-1] if fitting else step_us
