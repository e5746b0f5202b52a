"""Compares what a subscriber received with what the emulated meters served, value by value.

A sample is stamped when its device has been read, so it belongs to the latest value served at or
before its time. Two things are then true of a correct gateway: every published value equals the
value served, rounded to the channel's resolution; and a subscriber that holds the last published
value is never off by more than the deadband, unless `at_most_every` held a change back, or the
channel is read less often than it is served, as its rate says. Channels whose report is more than
a deadband are not compared: what they publish is not to be held.

A part at the pins serves in steps of its own, its *grain*, and looks at what it measures more than
once for a reading: what it serves is within its grain of what it has seen.
"""

import bisect
import collections
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from host_tools.contract import BAD, Values
from host_tools.emulation.ratios import Value, nearest
from host_tools.rates import Turns
from host_tools.subscriber import Arrival, Gateway

_BASIS = 10_000
_JITTER_US = 50_000
_READING_US = 250_000
_EDGE_US = 5_000


def _is_held(channel: dict) -> bool:
    """Whether a subscriber holds its values: some reports smooth them, or draw lines."""
    return not isinstance(channel.get("report"), dict)


class Truth:
    """What the meters of a gateway served, as counts of the channels' resolutions.

    `config` is the gateway's compact configuration; `start_utc_us` the UTC at the world's time 0;
    `unasked_us` says how often those devices tell their values that are not asked for them.
    `samples` counts the reads that were due, `polls` has the turns of each device.
    """

    def __init__(self, config: dict, start_utc_us: int, unasked_us: dict[str, int] | None = None):
        self._start_utc_us = start_utc_us
        self.samples = 0
        self._places = []
        self._reads: dict[tuple[str, str], Reads] = {}
        self.polls: dict[str, Turns] = {}
        self._known: set[str] = set()
        self._parts: set[str] = set()
        for device in config["device"]:
            fastest_us = min(channel["every_ms"] for channel in device["channel"]) * 1000
            told_us = min(fastest_us, (unasked_us or {}).get(device["id"], fastest_us))
            self.polls[device["id"]] = Turns(fastest_us, told_us // 2)
            for channel in filter(_is_held, device["channel"]):
                self._places.append((device["id"], channel))
                self._reads[device["id"], channel["name"]] = Reads.of(channel, told_us)

        functions = config.get("function", [])
        self._made = [(one["id"], channel) for one in functions for channel in one["channel"]]

    def places(self) -> list[tuple[str, dict]]:
        """Each (device, channel) of the configuration."""
        return self._places

    def made(self) -> list[tuple[str, dict]]:
        """Each (device, channel) that a function makes of others: nobody serves it."""
        return self._made

    def __getitem__(self, place: tuple[str, str]) -> "Reads":
        """The reads of (device, channel)."""
        return self._reads[place]

    def knows(self, device: str) -> bool:
        """Whether anybody tells what the device has served."""
        return device in self._known

    def untold(self) -> list[tuple[str, str]]:
        """Each (device, channel) of which nobody tells what is served: of a part, all but what
        it says it serves."""
        return [
            (device, name)
            for (device, name), reads in self._reads.items()
            if not self.knows(device) or (device in self._parts and not reads.is_part)
        ]

    def set_part(self, device: str, quantity: str, grain: Value, permille: int = 0) -> None:
        """A quantity of a device is served by a part, in steps of `grain` of its unit, and no
        more exactly than so many parts in a thousand."""
        self._parts.add(device)
        reads = self._reads.get((device, quantity))
        if reads is not None:
            reads.set_part(grain, permille)

    def of_device(self, device: str) -> Callable[[int, str, Value], None]:
        """The `on_read` for the meter or part that plays a device."""

        self._known.add(device)
        known = {name: reads for (owner, name), reads in self._reads.items() if owner == device}
        polls = self.polls[device]
        polled_us = -1

        def on_read(time_us: int, quantity: str, value: Value) -> None:
            nonlocal polled_us
            utc_us = self._start_utc_us + time_us
            reads = known.get(quantity)
            if reads is not None:
                self.samples += reads.add(utc_us, value)
            if utc_us != polled_us:  # what comes in one reply is one poll
                polled_us = utc_us
                polls.take(utc_us)

        return on_read


class Reads:
    """The times and counts of the values served for one channel, and at which turns it was due.

    `blind_us` is how long the gateway may not look at a value that is served for others' sake.
    """

    def __init__(self, places: int, every_us: int = 0, slack_us: int = 0, blind_us: int = 0):
        self._scale = Fraction(10) ** places
        self._up, self._down = self._scale.as_integer_ratio()
        self.times_us: list[int] = []
        self.counts: list[int] = []
        self.turns = Turns(every_us, slack_us)
        self.blind_us = blind_us
        self.grain = Grain()
        self.is_part = False
        self._due_us = every_us - slack_us

    @classmethod
    def of(cls, channel: dict, fastest_us: int) -> "Reads":
        """For a channel of a device whose fastest one is read, or told, so often."""
        every_us = channel["every_ms"] * 1000
        blind_us = every_us + _JITTER_US if every_us > fastest_us else 0
        return cls(channel["places"], every_us, fastest_us // 2, blind_us)

    def set_part(self, grain: Value, permille: int) -> None:
        """A step of `grain` units is rounded to either side, and then to a count."""
        counts = math.ceil(Fraction(grain) * self._scale / 2) + 1 if grain else 0
        self.grain = Grain(counts, permille)
        self.is_part = True

    def add(self, time_us: int, value: Value) -> bool:
        """Note a value that was served; return whether it was due.

        The looks of a part are one until the next is due, as long as nothing changes.
        """
        numerator, denominator = value.as_integer_ratio()
        count = nearest(numerator * self._up, denominator * self._down)
        if self.is_part and self._is_same(time_us, count):
            return False
        self.times_us.append(time_us)
        self.counts.append(count)
        return self.turns.take(time_us)

    def _is_same(self, time_us: int, count: int) -> bool:
        if not self.counts or count != self.counts[-1]:
            return False
        return time_us - self.times_us[-1] < self._due_us

    def place_at(self, t_ms: int) -> int:
        """The read that a value of this time belongs to, -1 if there was none yet."""
        return bisect.bisect_right(self.times_us, t_ms * 1000 + self._late_us()) - 1

    def _late_us(self) -> int:
        """How much later than its value a read may be: an edge at a pin comes through the clock of
        the chip, some milliseconds off, and parts may look behind the beginning of a reading."""
        if not self.is_part:
            return 999
        return min(_READING_US, self._due_us // 2) if self.grain.counts else _EDGE_US

    def is_read_again(self, at: int) -> bool:
        """Whether the device was read again at once, so that nobody took what it served first."""
        if self.blind_us or at + 1 == len(self.times_us):
            return False
        return not self.turns.has(self.times_us[at + 1])

    def serves(self, at: int, count: int, time_us: int) -> bool:
        """Whether a value of this time can be what read `at` served."""
        low = high = self.counts[at]
        if self.is_part and at and time_us - self.times_us[at] < _READING_US:
            low, high = sorted((low, self.counts[at - 1]))
        grain = self.grain.of(count)
        return low - grain <= count <= high + grain


@dataclass(frozen=True)
class Grain:
    """How far what a part serves may be from what it saw: counts, and a share of the value."""

    counts: int = 0
    permille: int = 0

    def of(self, count: int) -> int:
        return self.counts + abs(count) * self.permille // 1000


class Published:
    """The values that arrived, by (device, channel); `take` is a subscriber's `on_arrival`."""

    def __init__(self):
        self.records = 0
        self._arrivals: dict[tuple[str, str], list[tuple[Arrival, Decimal | None]]] = (
            collections.defaultdict(list)
        )

    def take(self, arrival: Arrival) -> None:
        self.records += 1
        if isinstance(arrival.record.body, Values):
            for name, value in arrival.record.body.by_channel.items():
                self._arrivals[arrival.device, name].append((arrival, value))

    def of(self, place: tuple[str, str], gateway: Gateway) -> list["Point"]:
        """A channel's values in the order of their times; without a time they are left out."""
        points = [
            Point(
                gateway.utc_ms(arrival.boot, arrival.record),
                arrival.record.quality,
                value,
                gateway.is_guess(arrival.boot, arrival.record),
            )
            for arrival, value in self._arrivals[place]
        ]
        return sorted((p for p in points if p.t_ms is not None), key=lambda point: point.t_ms)

    def qualities(self, device: dict, gateway: Gateway) -> list[tuple[int, bool]]:
        """(UTC in µs, whether it is a value) of all that arrived for a device's channels."""
        return [
            (point.t_ms * 1000, point.quality < BAD)
            for channel in device["channel"]
            for point in self.of((device["id"], channel["name"]), gateway)
        ]


@dataclass(frozen=True)
class Point:
    """A value as it was published or served; `t_ms` is UTC, or an estimate if it `is_guess`."""

    t_ms: int
    quality: int
    value: Decimal | None
    is_guess: bool = False


@dataclass(frozen=True)
class Rule:
    """A channel's report filter, and with it the bound that was configured."""

    deadband: int
    basis_points: int
    at_most_every_ms: int

    @classmethod
    def of(cls, channel: dict) -> "Rule":
        return cls(*channel.get("report", (0, 0, 0, 0))[:3])

    def bound(self, held: int) -> int:
        """How far off a subscriber that holds this count may be."""
        return max(self.deadband, abs(held) * self.basis_points // _BASIS)

    def pause_us(self, blind_us: int) -> int:
        """How long after a publication a change may be held back, for a channel not looked at for
        `blind_us`. Readings that are whole periods apart may be stamped some milliseconds less.
        """
        if not self.at_most_every_ms:
            return 0
        return self.at_most_every_ms * 1000 + _JITTER_US + blind_us

    def text(self, channel: dict) -> str:
        """The bound as people write it: "50.0 W or 2 %"."""
        absolute = f"{as_value(self.deadband, channel['places']):f} {channel['unit']}".strip()
        if not self.basis_points:
            return absolute
        return f"{absolute} or {Decimal(self.basis_points) / 100:f} %"


def percent(part: int, whole: int) -> str:
    """A share with one decimal, rounded down: 100.0 % is all of it."""
    return f"{Decimal(part * 1000 // whole).scaleb(-1)} %" if whole else "- %"


def as_value(count: int, places: int) -> Decimal:
    """A count of 10**-places units as a number of units."""
    return Decimal(count).scaleb(-places)


def as_count(value: Decimal | None, places: int) -> int | None:
    """A number of units as a count of 10**-places units; None where it is no whole one."""
    count = None if value is None else value.scaleb(places)
    return int(count) if count is not None and count == int(count) else None


@dataclass
class Verdict:
    """How well a channel came over; errors are counts of its resolution, `worst_permille` the
    largest one compared with its bound, which a percentage makes another for each value.

    `wrong` published values are not those that were served; `outside` reads lie beyond the bound;
    so do `held_back` ones, but as `at_most_every` demands, and they do not count as errors;
    `uncovered` ones had no value to hold. A part's `grain` widens the bound.
    """

    device: str
    channel: dict
    read: int = 0
    published: int = 0
    largest_error: int = 0
    worst_permille: int = 0
    wrong: int = 0
    outside: int = 0
    held_back: int = 0
    uncovered: int = 0
    grain: Grain = Grain()

    @property
    def is_good(self) -> bool:
        return not (self.wrong or self.outside) and self.published > 0

    def error_text(self) -> str:
        return self._text(self.largest_error)

    def bound_text(self) -> str:
        """The bound, and how exactly the part serves: "0.5 °C ± 0.05"."""
        bound = Rule.of(self.channel).text(self.channel)
        counts, permille = self.grain.counts, self.grain.permille
        grain = [f"{as_value(counts, self.channel['places']):f}"] * bool(counts)
        grain += [f"{Decimal(permille) / 10:f} %"] * bool(permille)
        return " ± ".join([bound, *grain])

    def _text(self, count: int) -> str:
        return f"{as_value(count, self.channel['places']):f} {self.channel['unit']}".rstrip()

    def text(self) -> str:
        faults = [f"{self.wrong} wrong"] * bool(self.wrong)
        faults += [f"{self.outside} beyond the bound"] * bool(self.outside)
        faults += ["nothing published" if self.read else "never read"] * (not self.published)
        late = f", {self.held_back} held back" if self.held_back else ""
        return ", ".join(faults) or "ok" + late


def judge(
    device: str, channel: dict, reads: Reads, points: list[Point], until_us: float = math.inf
) -> Verdict:
    """Compare a channel's points with its reads; `channel` is its part of the configuration.

    Reads after `until_us` may still have been under way, prove nothing and are not counted; nor
    are points of then, though they must be right.
    """
    read = bisect.bisect(reads.turns.times_us, until_us)
    published = sum(point.t_ms * 1000 <= until_us for point in points)
    verdict = Verdict(device, channel, read, published, grain=reads.grain)
    served = len(reads.times_us)
    settled = bisect.bisect(reads.times_us, until_us)
    rule = Rule.of(channel)
    places = [reads.place_at(point.t_ms) for point in points]
    verdict.uncovered = max(places[0], 0) if places else served
    ends = [*places, settled][1:]
    for point, first, end in zip(points, places, ends, strict=True):
        if point.quality >= BAD or point.is_guess:
            verdict.uncovered += max(0, end - first)
            continue
        held = as_count(point.value, channel["places"])
        if first < 0 or held is None or not reads.serves(first, held, point.t_ms * 1000):
            verdict.wrong += 1
        else:
            _hold(verdict, rule, reads, held, range(first, end))
    return verdict


def _hold(verdict: Verdict, rule: Rule, reads: Reads, held: int, places: range) -> None:
    """Hold a value over some reads, of which it is the first."""
    bound = rule.bound(held) + reads.grain.of(held)
    first = places.start
    free_us = reads.times_us[first] + rule.pause_us(reads.blind_us)
    beyond_us = None
    for at in places:
        error = abs(reads.counts[at] - held)
        time_us = reads.times_us[at]
        if error > bound:
            if reads.is_read_again(at):
                continue
            beyond_us = beyond_us or time_us
            if time_us - beyond_us < reads.blind_us:
                continue
            if time_us < free_us:
                verdict.held_back += 1
                continue
            verdict.outside += 1
        else:
            beyond_us = None
        verdict.largest_error = max(verdict.largest_error, error)
        verdict.worst_permille = max(verdict.worst_permille, error * 1000 // (bound or 1))
