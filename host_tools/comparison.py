"""How two runs differ in what they published.

Two points are the same when channel, kind, quality and value are, and their times less apart than
asked for: another configuration sends other requests, which moves every reading by some
milliseconds. Names of records (boot, seq) do not count.
"""

import bisect
import itertools
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from host_tools.run_csv import Point, Run

_DATA = "data"
_CLOCK_SET = "set"


@dataclass(frozen=True)
class Comparison:
    """One channel of two runs: how many points each has, and which the other does not have.

    `changed` are pairs at the same time with another value or quality. `furthest_apart` is how far
    two subscribers that hold the last value were ever apart.
    """

    name: str
    before: int
    after: int
    only_before: list[Point]
    only_after: list[Point]
    changed: list[tuple[Point, Point]]
    furthest_apart: Decimal

    @property
    def is_same(self) -> bool:
        return not (self.only_before or self.only_after or self.changed)

    def sentences(self) -> list[str]:
        """Each difference, those of values first."""
        told = [f"{self.name}: {one}, after: {other}" for one, other in self.changed]
        told += [f"{self.name}: only before: {point}" for point in self.only_before]
        return told + [f"{self.name}: only after: {point}" for point in self.only_after]


def compare(before: Run, after: Run, within_ms: int) -> list[Comparison]:
    """Compare channel by channel; points less than `within_ms` apart may be the same one."""
    names = list(dict.fromkeys([*before.channels, *after.channels]))
    return [
        _compare(name, before.channels.get(name, []), after.channels.get(name, []), within_ms)
        for name in names
    ]


def _compare(name: str, before: list[Point], after: list[Point], within_ms: int) -> Comparison:
    pairs, only_before, only_after = _pair(before, after, within_ms)
    changed = [(one, other) for one, other in pairs if not _equal(one, other)]
    apart = _furthest_apart(before, after)
    return Comparison(name, len(before), len(after), only_before, only_after, changed, apart)


def _pair(before: list[Point], after: list[Point], within_ms: int):
    """Points that belong together, in order, and those of each side that are alone."""
    pairs, alone_before, alone_after = [], [], []
    i = j = 0
    while i < len(before) and j < len(after):
        apart = after[j].order_ms - before[i].order_ms
        if abs(apart) < within_ms and before[i].kind == after[j].kind:
            pairs.append((before[i], after[j]))
            i, j = i + 1, j + 1
        elif apart > 0:
            alone_before.append(before[i])
            i += 1
        else:
            alone_after.append(after[j])
            j += 1
    return pairs, alone_before + before[i:], alone_after + after[j:]


def _equal(one: Point, other: Point) -> bool:
    if one.kind == other.kind == _CLOCK_SET:  # its value is an uptime, and so a time
        return True
    return (one.value, one.quality) == (other.value, other.quality)


def _furthest_apart(before: list[Point], after: list[Point]) -> Decimal:
    """The largest difference between the values held, at any time both have one."""
    ours, theirs = (_held(points) for points in (before, after))
    times = sorted({t_ms for t_ms, _ in itertools.chain(ours, theirs)})
    values = [(_value_at(ours, t_ms), _value_at(theirs, t_ms)) for t_ms in times]
    return max((abs(a - b) for a, b in values if None not in (a, b)), default=Decimal(0))


def _held(points: list[Point]) -> list[tuple[int, Decimal | None]]:
    return [(p.t_ms, _number(p.value)) for p in points if p.kind == _DATA and p.t_ms is not None]


def _value_at(held: list[tuple[int, Decimal | None]], t_ms: int) -> Decimal | None:
    place = bisect.bisect_right(held, t_ms, key=lambda point: point[0])
    return held[place - 1][1] if place else None


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
