"""What happened in a replay, as a report tells it: series per channel, events, traffic, heap.

Values are exact until they are drawn. A series that is longer than a screen can show keeps, of
every stretch of time, its first, lowest, highest and last point, so that no peak is lost.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from host_tools.client.items import Sample, items
from host_tools.contract import Diag
from host_tools.subscriber import Arrival
from host_tools.tail import plain_line
from host_tools.truth import Verdict, as_value
from host_tools.world import World

MOST_POINTS = 8000
"""Points of a series that are drawn at the most."""

_DAY_MS = 86_400_000
_TCP_IP_BYTES = 40  # IPv4 and TCP, each 20 without options
_TLS_BYTES = 29  # TLS 1.2 with AES-GCM: header 5, nonce 8, tag 16 (RFC 5246, RFC 5288)


@dataclass(frozen=True)
class Series:
    """Times are UTC in ms, growing; a value is None where there was none."""

    t_ms: list[int]
    values: list[Decimal | None]


@dataclass(frozen=True)
class Traffic:
    """What went over the network: messages, of which some told newest values, bytes of MQTT, and
    segments of TCP, both ways."""

    messages: int = 0
    last_values: int = 0
    mqtt_bytes: int = 0
    segments: int = 0
    is_encrypted: bool = False

    @property
    def bytes(self) -> int:
        """With the headers of TCP/IP for each segment and its acknowledgement, and those of TLS."""
        each = 2 * _TCP_IP_BYTES + _TLS_BYTES * self.is_encrypted
        return self.mqtt_bytes + self.segments * each


@dataclass(frozen=True)
class Curve:
    """A channel: what was measured, if that is known, and what was published of it."""

    device: str
    name: str
    unit: str
    measured: Series | None
    published: Series
    limits: dict[str, Decimal]
    verdict: Verdict | None


@dataclass(frozen=True)
class Happening:
    """An event as people read it; `t_ms` is None where the clock was never set."""

    t_ms: int | None
    device: str
    sentence: str


@dataclass
class Story:
    """Listens to a world (`take`, `take_diag`) up to its `end`, then tells what happened there, in
    times that are `later_ms` before those of the world.

    After the end comes what is still under way; it counts in no curve and no traffic.
    """

    world: World
    later_ms: int = 0
    end_us: int = 0
    traffic: Traffic = Traffic()
    arrivals: list[Arrival] = field(default_factory=list)
    diags: list[Diag] = field(default_factory=list)

    def take(self, arrival: Arrival) -> None:
        self.arrivals.append(arrival)

    def take_diag(self, diag: Diag) -> None:
        self.diags.append(diag)

    def end(self) -> None:
        """The story ends here."""
        ledger = self.world.ledger
        self.end_us = self.world.scheduler.now_us
        self.traffic = Traffic(
            ledger.publishes,
            ledger.last_values,
            ledger.bytes_from_board + ledger.bytes_to_board,
            ledger.segments,
            "tls" in self.world.plan.config["mqtt"],
        )

    def curves(self, verdicts: list[Verdict]) -> list[Curve]:
        """Every channel that was measured or published, in the order of the configuration."""
        judged = {(verdict.device, verdict.channel["name"]): verdict for verdict in verdicts}
        published = self._published()
        places = [*judged, *(place for place in published if place not in judged)]
        return [self._curve(place, published.get(place), judged.get(place)) for place in places]

    def happenings(self) -> list[Happening]:
        """All events in the order of their times."""
        found = [
            Happening(self._told_ms(_time_of(item)), arrival.device, _sentence(item))
            for arrival in self.arrivals
            for item in items(self.world.gateway, arrival)
            if not isinstance(item, Sample)
        ]
        return sorted(found, key=lambda happening: happening.t_ms or 0)

    @property
    def days(self) -> Decimal:
        """How long it was."""
        return Decimal(self.end_us) / 1000 / _DAY_MS

    def heap_kilobytes(self) -> Series:
        """The peak of the firmware's own heap, up to each time."""
        peaks = self._diag_series("heap", "peak")
        emulation = self.world.board.emulation_heap_bytes
        return Series(peaks.t_ms, [(peak - emulation) / 1024 for peak in peaks.values])

    def bus_loads(self) -> dict[str, Series]:
        """How busy each bus was, in percent, by its id; none where a message had no room for it."""
        last = self.diags[-1].counters.get("bus", {}) if self.diags else {}
        busy = [bus for bus, counters in last.items() if "load_ms_per_s" in counters]
        loads = {bus: self._diag_series("bus", bus, "load_ms_per_s") for bus in busy}
        return {
            bus: Series(load.t_ms, [share / 10 for share in load.values])
            for bus, load in loads.items()
        }

    @property
    def start_ms(self) -> int:
        """When it begins."""
        return self.world.scheduler.start_utc_us // 1000 - self.later_ms

    @property
    def _end_ms(self) -> int:
        return self.start_ms + self.end_us // 1000

    def _told_ms(self, t_ms: int | None) -> int | None:
        return None if t_ms is None else t_ms - self.later_ms

    def _diag_series(self, *path: str) -> Series:
        start_ms = self.start_ms
        points = [
            (start_ms + diag.counters["uptime_s"] * 1000, diag)
            for diag in self.diags
            if path[0] in diag.counters
        ]
        return Series(
            [t_ms for t_ms, _ in points],
            [Decimal(_inside(diag.counters, path)) for _, diag in points],
        )

    def _published(self) -> dict[tuple[str, str], Series]:
        series: dict[tuple[str, str], list] = {}
        for sample in self._samples():
            if sample.t_ms is not None:
                place = sample.device, sample.channel
                series.setdefault(place, []).append((self._told_ms(sample.t_ms), sample.value))
        return {
            place: _series(sorted(points, key=_first), self._end_ms)
            for place, points in series.items()
        }

    def _samples(self) -> Iterator[Sample]:
        for arrival in self.arrivals:
            for item in items(self.world.gateway, arrival):
                if isinstance(item, Sample):
                    yield item

    def _curve(self, place, published: Series | None, verdict: Verdict | None) -> Curve:
        device, name = place
        about = self.world.gateway.channel(device, name)
        measured, limits = None, {}
        if verdict:
            channel, reads = verdict.channel, self.world.truth[place]
            places = channel["places"]
            values = (as_value(count, places) for count in reads.counts)
            times = (time_us // 1000 - self.later_ms for time_us in reads.times_us)
            measured = _series(zip(times, values, strict=True), self._end_ms)
            alarms = channel.get("alarm", ())
            limits = {
                alarm["name"]: as_value(alarm["limit"], places)
                for alarm in alarms
                if "limit" in alarm
            }
        unit = verdict.channel["unit"] if verdict else about.unit if about else ""
        return Curve(device, name, unit, measured, published or Series([], []), limits, verdict)


def _inside(counters: dict, path: tuple[str, ...]):
    for name in path:
        counters = counters[name]
    return counters


def _first(point: tuple):
    return point[0]


def _series(points: Iterable[tuple[int, Decimal | None]], end_ms: int) -> Series:
    points = [point for point in points if point[0] <= end_ms]
    return Series([t_ms for t_ms, _ in points], [value for _, value in points])


def _sentence(item) -> str:
    """A line of `limen tail` without what every line of a report would repeat."""
    line = plain_line(item)
    return line.partition(f"{item.gateway} ")[2] or line


def _time_of(item) -> int | None:
    return getattr(item, "utc_ms", None) or getattr(item, "t_ms", None)


def thin(series: Series, most: int = MOST_POINTS) -> Series:
    """At most `most` points that look the same: extremes and gaps of every stretch stay."""
    count = len(series.t_ms)
    if count <= most:
        return series
    stretch = -(-count // (most // 5))
    kept: list[int] = []
    for start in range(0, count, stretch):
        kept += _telling(series.values, start, min(start + stretch, count))
    return Series([series.t_ms[at] for at in kept], [series.values[at] for at in kept])


def _telling(values: list, start: int, end: int) -> list[int]:
    """Of a stretch: its ends, its lowest, its highest, and the first place without a value."""
    valued = [at for at in range(start, end) if values[at] is not None]
    bare = next((at for at in range(start, end) if values[at] is None), start)
    telling = {start, end - 1, bare}
    if valued:
        telling |= {min(valued, key=values.__getitem__), max(valued, key=values.__getitem__)}
    return sorted(telling)
