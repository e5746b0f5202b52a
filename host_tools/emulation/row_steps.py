"""How long the rows of a recording are apart, and what is told of those that are far apart."""

from host_tools.emulation.recording_problems import Problem

_MOST_STEPS = 1000


def _length_text(us: int) -> str:
    """A length of time as people say it."""
    seconds = us / 1_000_000
    if seconds < 3600:
        return f"{seconds:g} s"
    return f"{seconds / 3600:g} h" if seconds < 2 * 86400 else f"{seconds / 86400:,.1f} days"


class RowSteps:
    """How long rows are apart: how often each step comes, and its first line."""

    def __init__(self):
        self._seen: dict[int, list[int]] = {}

    def take(self, step_us: int, line: int) -> None:
        entry = self._seen.get(step_us)
        if entry:
            entry[0] += 1
        elif len(self._seen) < _MOST_STEPS:
            self._seen[step_us] = [1, line]

    @property
    def usual_us(self) -> int:
        """The step that comes most often; 0 without one."""
        return max(self._seen, key=lambda step_us: self._seen[step_us][0], default=0)

    def pause(self) -> Problem | None:
        """What is to be told of steps of more than one row and a half."""
        long = [step_us for step_us in self._seen if 2 * step_us > 3 * self.usual_us]
        if not long:
            return None
        first_us = min(long, key=lambda step_us: self._seen[step_us][1])
        told = (
            f"{_length_text(first_us)} without a row, where one usually comes each "
            f"{_length_text(self.usual_us)}; the last values hold"
        )
        count = sum(self._seen[step_us][0] for step_us in long)
        return Problem("pause", self._seen[first_us][1], told, count, skipped=False)
