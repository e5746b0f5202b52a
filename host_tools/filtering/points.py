"""How many points a column needs at an error bound: by the firmware's filter, its peers, at best.

Samples are (ms, count), the times growing. What lines promise is measured, not assumed: `error` is
the largest distance of a sample from what a subscriber makes of the points.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from limen.core.line import EARLIER, Line
from limen.core.quality import BAD, GOOD
from limen.core.report import Report

Samples = list[tuple[int, int]]
_NO_LIMIT_MS = 750 * 86_400_000


@dataclass(frozen=True)
class Count:
    """The points of a column by each way; errors are the largest ones, in counts."""

    samples: int
    delta: int
    swinging_door: int
    line: int
    fewest: int
    bound: int
    error: Fraction
    door_error: Fraction


def count_points(samples: Samples, bound: int) -> Count:
    """All ways on one column, at one bound."""
    points = list(line_points(samples, bound))
    door = list(swinging_door_points(samples, bound))
    return Count(
        len(samples),
        delta_points(samples, bound),
        len(door),
        len(points),
        fewest_points(samples, bound),
        bound,
        largest_error(samples, points),
        largest_error(samples, door),
    )


def line_points(samples: Samples, bound: int, delay_ms: int = _NO_LIMIT_MS) -> Iterator:
    """The points of the firmware's line, up to the last sample."""
    line = Line((bound, delay_ms))
    for ms, value in samples:
        told = line.passes(value, GOOD, ms // 1000, ms % 1000)
        yield from _earlier(line, told)
        if told & 1:
            yield ms, value
    yield from _earlier(line, line.passes(None, BAD, ms // 1000 + 1, 0))


def _earlier(line: Line, told: int) -> Iterator[tuple[int, int]]:
    while told & EARLIER and line.next():
        yield line.s * 1000 + line.ms, line.told


def delta_points(samples: Samples, bound: int) -> int:
    """Points of a plain deadband, as ESPHome's `delta` filter has it; they are to be held."""
    report = Report((bound, 0, 0, 0))
    return sum(report.passes(value, GOOD, ms // 1000, ms % 1000) for ms, value in samples)


def swinging_door_points(samples: Samples, bound: int) -> Iterator[tuple[int, int]]:
    """Points of the classic swinging door (Bristol, 1987): two doors hinged a bound above and below
    the last point; when they open wider than parallel, the sample before is a point. Some straight
    line would then keep to the bound; the one to that sample may not."""
    hinge = before = samples[0]
    upper = lower = None
    yield hinge
    for sample in samples[1:]:
        upper, lower = _doors(hinge, sample, bound, upper, lower)
        if upper > lower:
            hinge = before
            upper, lower = _doors(hinge, sample, bound, None, None)
            yield hinge
        before = sample
    if before != hinge:
        yield before


def _doors(hinge, sample, bound: int, upper, lower):
    span, step = sample[0] - hinge[0], sample[1] - hinge[1]
    above, below = (step - bound) / span, (step + bound) / span
    return (
        above if upper is None else max(upper, above),
        below if lower is None else min(lower, below),
    )


def largest_error(samples: Samples, points: list[tuple[int, int]]) -> Fraction:
    """How far the straight lines between points are off a sample, at most."""
    worst, ends = Fraction(0), iter(points)
    start = end = next(ends)
    for ms, value in samples:
        if ms > end[0]:
            start, end = end, next(ends)
        if start != end:
            step = (end[1] - start[1]) * (ms - start[0])
            error = abs((value - start[1]) * (end[0] - start[0]) - step)
            worst = max(worst, Fraction(error, end[0] - start[0]))
    return worst


def fewest_points(samples: Samples, bound: int, longest_ms: int = _NO_LIMIT_MS) -> int:
    """The fewest samples whose straight lines stay within the bound at all samples.

    Dynamic programming over the recording: a sample is one line further than the best of those that
    reach it, and one reaches it while all samples in between leave its slope open. Exact.
    """
    table = _Open(len(samples))
    table.add(*samples[0], 0)
    for ms, value in samples[1:]:
        table.add(ms, value, table.reach(ms, value, bound, longest_ms))
    return int(table.lines) + 1


class _Open:
    """The samples from which lines may still go; slopes are fractions, step / span."""

    def __init__(self, most: int):
        self._rows = np.zeros((7, most), dtype=np.int64)
        self._count = 0
        self.lines = 0

    def add(self, ms: int, value: int, lines: int) -> None:
        # A span of 0 makes its slope infinite.
        self._rows[:, self._count] = ms, value, lines, -1, 0, 1, 0
        self._count += 1
        self.lines = lines

    def reach(self, ms: int, value: int, bound: int, longest_ms: int) -> int:
        """Lines to a sample; what it leaves no slope is dropped."""
        rows = self._rows[:, : self._count]
        times, values, lines, low_step, low_span, high_step, high_span = rows
        span, step = ms - times, value - values
        meets = (step * low_span >= low_step * span) & (step * high_span <= high_step * span)
        meets &= span <= longest_ms
        meets[-1] = True
        fewest = lines[meets].min() + 1
        first, last = step - bound, step + bound
        rises = first * low_span > low_step * span
        low_step[rises], low_span[rises] = first[rises], span[rises]
        falls = last * high_span < high_step * span
        high_step[falls], high_span[falls] = last[falls], span[falls]
        stays = low_step * high_span <= high_step * low_span
        kept = int(stays.sum())
        if kept < self._count:
            self._rows[:, :kept] = rows[:, stays]
            self._count = kept
        return fewest
