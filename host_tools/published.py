"""What a run published, as the CSV of `limen replay --out` has it, and how two runs differ.

Two points are the same when channel, kind, quality and value are, and their times less apart than
asked for: another configuration sends other requests, which moves every reading by some
milliseconds. Names of records (boot, seq) do not count.
"""

import bisect
import csv
import datetime
import io
import itertools
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from host_tools.errors import ToolError

COLUMNS = ("time", "device", "channel", "value", "quality", "kind", "seq", "boot")
"""The heading of the CSV."""

_DATA = "data"
_CLOCK_SET = "set"


@dataclass(frozen=True)
class Point:
    """A value or an event of a channel; `t_ms` is UTC, None while the clock was never set."""

    t_ms: int | None
    value: str
    quality: str
    kind: str

    def __str__(self) -> str:
        when = "without a time" if self.t_ms is None else f"at {_iso(self.t_ms)}"
        return f"{self.value or 'no value'} ({self.quality}, {self.kind}) {when}"


@dataclass(frozen=True)
class Run:
    """The points of each channel, "device.channel", in the order of their times."""

    channels: dict[str, list[Point]]

    @classmethod
    def of_text(cls, text: str) -> "Run":
        """Read the CSV. Raises ValueError where it is none of ours."""
        try:
            rows = list(csv.reader(io.StringIO(text)))
        except csv.Error as error:
            raise ValueError(error) from None
        if tuple(*rows[:1]) != COLUMNS:
            raise ValueError(f"its heading is not {','.join(COLUMNS)}")
        channels: dict[str, list[Point]] = {}
        for row in rows[1:]:
            time, device, channel, value, quality, kind, _, _ = row
            point = Point(_t_ms(time), value, quality, kind)
            channels.setdefault(f"{device}.{channel}", []).append(point)
        for points in channels.values():
            points.sort(key=_time_key)
        return cls(channels)


def read_run(path: Path) -> Run:
    """A run from its file; ToolError where there is none."""
    try:
        return Run.of_text(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ToolError(f"{path} cannot be read: {error.strerror}.", 2) from None
    except ValueError as error:
        raise ToolError(f"{path} is not what `limen replay --out` writes: {error}.", 2) from None


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
        apart = _time_key(after[j]) - _time_key(before[i])
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


def _time_key(point: Point) -> int:
    return point.t_ms or 0


def _t_ms(text: str) -> int | None:
    if not text:
        return None
    moment = datetime.datetime.fromisoformat(text)
    return round(moment.timestamp() * 1000)


def _iso(t_ms: int) -> str:
    return datetime.datetime.fromtimestamp(t_ms / 1000, datetime.UTC).isoformat(" ", "milliseconds")
