"""What report filters would do with a recording: the firmware's own filter, without a gateway.

A *trial* gives every channel a deadband of the same share of its scope, or one that was asked
for, and counts what would be published. It runs `limen.core.report`, so what it says of a
deadband holds on the gateway, too.

The *scope* of a gauge is its range in the recording. A counter's range would only tell how long the
recording is: its scope is what it counts in a day, so that a share of it is the error of a day's
consumption. A state has none, as each change of it counts.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from limen.core.quality import GOOD
from limen.core.report import Report

_DAY_MS = 86_400_000
_DIGITS = 2


@dataclass(frozen=True)
class Column:
    """What a gateway would read for one channel: `counts` at `times_ms`, of 10**-places units.

    `rule` is the report filter that the site has now: (deadband, basis points, at most every ms,
    at least every ms). A `fixed` column keeps that rule and only counts: the recording does not
    have it, and what is made up for it says nothing about thresholds. `kind` is that of the
    vocabulary.
    """

    device: str
    name: str
    unit: str
    places: int
    rule: tuple[int, int, int, int]
    times_ms: list[int]
    counts: list[int]
    fixed: bool = False
    kind: str = "gauge"

    @property
    def scope(self) -> int:
        """What a share is of; of a counter that is recorded for less than a day all it counts."""
        if self.kind == "state":
            return 0
        covered = max(self.counts) - min(self.counts)
        length_ms = self.times_ms[-1] - self.times_ms[0]
        if self.kind == "counter" and length_ms > _DAY_MS:
            return covered * _DAY_MS // length_ms
        return covered

    def deadband(self, share: Decimal) -> int:
        """A share of the scope, rounded down to two digits, as people write it."""
        if self.fixed:
            return self.rule[0]
        exact = int(self.scope * share)
        coarse = Decimal(1).scaleb(max(0, len(str(exact)) - _DIGITS))
        return int((exact / coarse).to_integral_value(ROUND_FLOOR) * coarse)

    def text(self, count: int) -> str:
        """A count with its unit: "50.0 W"."""
        value = Decimal(count).scaleb(-self.places)
        plain = value.normalize() if value else Decimal(0)
        return f"{plain:f} {self.unit}".rstrip()

    def without_pause(self) -> "Column":
        """The same column without `at_most_every`."""
        deadband, points, _, at_least_ms = self.rule
        return dataclasses.replace(self, rule=(deadband, points, 0, at_least_ms))


@dataclass(frozen=True)
class Outcome:
    """A channel under a deadband: which samples were published, and the largest error of a
    subscriber that holds the last one. Both deadband and error are counts.
    """

    column: Column
    deadband: int
    published_ms: list[int]
    largest_error: int


@dataclass(frozen=True)
class Trial:
    """All channels under their deadbands."""

    outcomes: list[Outcome]
    days: Decimal

    @property
    def tuned(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if not outcome.column.fixed]

    @property
    def messages(self) -> int:
        """Messages with data: what one device publishes of one reading goes together."""
        return len({(o.column.device, t_ms) for o in self.outcomes for t_ms in o.published_ms})

    @property
    def messages_a_day(self) -> Decimal:
        return (self.messages / self.days).quantize(Decimal(1))

    @property
    def reduction(self) -> Decimal:
        """Percent of the samples that need not be published."""
        read = sum(len(outcome.column.counts) for outcome in self.outcomes)
        published = sum(len(outcome.published_ms) for outcome in self.outcomes)
        return (Decimal(100) * (read - published) / read).quantize(Decimal("0.1"))


def try_deadbands(columns: list[Column], deadbands: Iterable[int]) -> Trial:
    """What each column would publish under its deadband, in counts."""
    outcomes = [_outcome(*pair) for pair in zip(columns, deadbands, strict=True)]
    return Trial(outcomes, _length_ms(columns[0].times_ms) / _DAY_MS)


def _length_ms(times_ms: list[int]) -> Decimal:
    """How long rows hold, the last one as long as others on the average."""
    steps = len(times_ms) - 1
    return Decimal(times_ms[-1] - times_ms[0]) * len(times_ms) / steps


def try_share(columns: list[Column], share: Decimal) -> Trial:
    """All deadbands as the same share of each channel's scope; without their percentages."""
    return try_deadbands(columns, [column.deadband(share) for column in columns])


def share_for(columns: list[Column], messages_a_day: int) -> Decimal | None:
    """The smallest share of the scopes, in steps of 0.01 %, that keeps to so many messages a day;
    None where even the whole does not, because of `at_least_every` and of states.
    """
    low, high = 0, 10_000
    if try_share(columns, Decimal(1)).messages_a_day > messages_a_day:
        return None
    while low < high:
        middle = (low + high) // 2
        if try_share(columns, Decimal(middle) / 10_000).messages_a_day > messages_a_day:
            low = middle + 1
        else:
            high = middle
    return Decimal(high) / 10_000


def _outcome(column: Column, deadband: int) -> Outcome:
    report = Report((deadband, column.rule[1] if column.fixed else 0, *column.rule[2:]))
    published, held, largest = [], 0, 0
    start_ms = column.times_ms[0]
    for t_ms, count in zip(column.times_ms, column.counts, strict=True):
        if report.passes(count, GOOD, *divmod(t_ms - start_ms, 1000)):
            published.append(t_ms)
            held = count
        largest = max(largest, abs(count - held))
    return Outcome(column, deadband, published, largest)
