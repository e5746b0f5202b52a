"""What a run published as CSV, a line per value in the order of arrival: written, and read again.

The same run gives the same bytes. Values are the exact decimals that were sent.
"""

import csv
import datetime
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from host_tools.contract import (
    QUALITY_NAMES,
    Alarm,
    AlarmState,
    Answering,
    ClockSet,
    ClockStep,
    CounterChange,
    Finding,
    Flood,
    GatewayFault,
    GivenUp,
    HappeningBody,
    OrderChange,
    Period,
    Plate,
    Refusal,
    Shed,
    Values,
)
from host_tools.errors import ToolError
from host_tools.subscriber import Arrival, Gateway

COLUMNS = ("time", "device", "channel", "value", "quality", "kind", "seq", "boot")
"""The heading of the CSV."""


def to_csv(arrivals: list[Arrival], gateway: Gateway, later_ms: int = 0) -> str:
    """What arrived, a line per value; the time is empty where the clock was never set."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for arrival in arrivals:
        utc_ms = gateway.utc_ms(arrival.boot, arrival.record)
        time_text = iso_time(None if utc_ms is None else utc_ms - later_ms)
        quality = QUALITY_NAMES[arrival.record.quality]
        for channel, value, kind in _lines(arrival):
            row = (time_text, arrival.device, channel, value, quality, kind)
            writer.writerow((*row, arrival.record.seq, arrival.boot.number))
    return text.getvalue()


def _lines(arrival: Arrival) -> Iterator[tuple[str, str, str]]:
    """(channel, value, kind) for each value of a record."""
    match arrival.record.body:
        case Values(by_channel):
            for channel, value in by_channel.items():
                yield channel, "" if value is None else f"{value:f}", "data"
        case Alarm(name, raised, value, _):
            word = "raised" if raised else "cleared"
            yield name, "" if value is None else f"{value:f}", word
        case CounterChange(channel, change, _, total):
            yield channel, f"{total:f}", change
        case ClockSet(uptime_ms):
            yield "clock", str(uptime_ms), "set"
        case ClockStep(uptime_ms):
            yield "clock", str(uptime_ms), "step"
        case happening:
            yield _happening_line(happening)


def _happening_line(body: HappeningBody) -> tuple[str, str, str]:
    match body:
        case AlarmState(name, state, value):
            return name, "" if value is None else f"{value:f}", state
        case Flood(begins, suppressed):
            return "flood", str(suppressed), "begun" if begins else "ended"
        case Shed(output, dropped, predicted):
            return output, f"{predicted:f}", "dropped" if dropped else "restored"
        case OrderChange(order, change, parts):
            return order, "" if parts is None else str(parts), change
        case Finding(rule, state, value):
            return rule, f"{value:f}", state
        case Period(name, parts=parts):
            return name, str(parts), "period"
    return _device_line(body)


def _device_line(
    body: Answering | Refusal | Plate | GatewayFault | GivenUp,
) -> tuple[str, str, str]:
    match body:
        case Answering(answers):
            return "device", "", "answering" if answers else "silent"
        case Refusal(count):
            return "device", str(count), "refused"
        case Plate(name, text):
            return name, text, "nameplate"
        case GatewayFault(what, why):
            return "fault", why, what
    return "gap", str(body.count), body.cause


def iso_time(utc_ms: int | None) -> str:
    """UTC with milliseconds: 2026-01-01T00:00:00.000Z."""
    if utc_ms is None:
        return ""
    seconds, ms = divmod(utc_ms, 1000)
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


@dataclass(frozen=True)
class Point:
    """A value or an event of a channel; `t_ms` is UTC, None while the clock was never set."""

    t_ms: int | None
    value: str
    quality: str
    kind: str

    @property
    def order_ms(self) -> int:
        """Where it stands; what has no time comes first."""
        return self.t_ms or 0

    def __str__(self) -> str:
        when = "without a time" if self.t_ms is None else f"at {iso_time(self.t_ms)}"
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
            points.sort(key=lambda point: point.order_ms)
        return cls(channels)


def read_run(path: Path) -> Run:
    """A run from its file; ToolError where there is none."""
    try:
        return Run.of_text(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ToolError(f"{path} cannot be read: {error.strerror}.", 2) from None
    except ValueError as error:
        raise ToolError(f"{path} is not what `limen replay --out` writes: {error}.", 2) from None


def _t_ms(text: str) -> int | None:
    if not text:
        return None
    moment = datetime.datetime.fromisoformat(text)
    return round(moment.timestamp() * 1000)
