"""What a client hands to its caller: samples, events, gaps, and what gateways say of themselves.

A sample is one value of one channel. Times are UTC in ms since 1970; while a gateway's clock was
not set they are None beside an uptime, and a `ClockSet`, which comes later, of the same boot or of
one behind it, tells where that uptime lies. Records that come behind it are placed already.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from host_tools.client.reader import Arrival, Ended, Fault, Found, Gap, Gateway, Notice
from host_tools.contract import (
    GOOD,
    QUALITY_NAMES,
    Birth,
    Boot,
    Channel,
    HappeningBody,
    Status,
    Values,
)
from host_tools.contract import Alarm as AlarmBody
from host_tools.contract import ClockSet as SetBody
from host_tools.contract import ClockStep as StepBody
from host_tools.contract import CounterChange as ChangeBody


class _Timed:
    @property
    def time(self) -> datetime.datetime | None:
        """`t_ms` as a moment in UTC; None where that is."""
        return as_time(self.t_ms)


class _OfChannel(_Timed):
    @property
    def unit(self) -> str:
        """Of its values; empty for a number without one, or where no birth tells."""
        return self.about.unit if self.about else ""


@dataclass(frozen=True)
class Sample(_OfChannel):
    """A value of a channel, exact, in `unit`; None where the quality allows none.

    (gateway, boot, seq, device, channel) names it for ever. `about` is what the birth says of the
    channel, None when that birth is not known.
    """

    gateway: str
    device: str
    channel: str
    value: Decimal | None
    quality: str
    t_ms: int | None
    uptime_ms: int | None
    boot: Boot
    seq: int
    about: Channel | None


@dataclass(frozen=True)
class Alarm(_OfChannel):
    """An alarm was raised or cleared; `name` is "high" or "low"."""

    gateway: str
    device: str
    channel: str
    name: str
    raised: bool
    value: Decimal | None
    limit: Decimal
    quality: str
    t_ms: int | None
    uptime_ms: int | None
    boot: Boot
    seq: int
    about: Channel | None
    restated: bool = False


@dataclass(frozen=True)
class CounterChange(_OfChannel):
    """Something has happened to the counter of a meter; `change` is one of `contract.CHANGES`."""

    gateway: str
    device: str
    channel: str
    change: str
    was: Decimal | None
    total: Decimal
    quality: str
    t_ms: int | None
    uptime_ms: int | None
    boot: Boot
    seq: int
    about: Channel | None


@dataclass(frozen=True)
class Happening(_Timed):
    """What a gateway tells of a function, a device or itself: `body` is a Shed, an OrderChange, a
    Period or a Finding, an AlarmState or a Flood, an Answering, a Refusal, a Plate, a GivenUp or a
    GatewayFault."""

    gateway: str
    device: str
    body: HappeningBody
    quality: str
    t_ms: int | None
    uptime_ms: int | None
    boot: Boot
    seq: int


@dataclass(frozen=True)
class ClockSet:
    """A gateway's clock was set: at `uptime_ms` of boot number `of_boot` it was `utc_ms`.

    `of_boot` is this boot or an earlier one. What is uncertain is for how long the power was off
    behind that one: the times are the latest that can be.
    """

    gateway: str
    boot: Boot
    seq: int
    uptime_ms: int
    utc_ms: int
    source: str
    of_boot: int
    is_uncertain: bool = False

    def t_ms(self, uptime_ms: int) -> int:
        """The UTC of an uptime of the boot that it tells of."""
        return self.utc_ms - self.uptime_ms + uptime_ms


@dataclass(frozen=True)
class ClockStep:
    """A gateway's clock was wrong and was moved, at this uptime, from `was_ms` to `utc_ms`.

    Records of this boot before it, those with a lower seq, have times by the wrong clock.
    """

    gateway: str
    boot: Boot
    seq: int
    uptime_ms: int
    utc_ms: int
    was_ms: int
    source: str


@dataclass(frozen=True)
class Presence:
    """A gateway went online or offline."""

    gateway: str
    online: bool


@dataclass(frozen=True)
class Born:
    """A gateway told what it has; `birth.devices` is {device: {channel: Channel}}."""

    gateway: str
    birth: Birth


Recorded = Sample | Alarm | CounterChange | Happening | ClockSet | ClockStep
Item = Recorded | Gap | Ended | Presence | Born | Fault


def items(gateway: Gateway | None, found: Found) -> Iterator[Item]:
    """What the caller gets to see of a finding; nothing of a repetition."""
    match found:
        case Arrival():
            yield from _record_items(gateway, found)
        case Notice(name, Status(_, online)):
            yield Presence(name, online)
        case Notice(name, Birth() as birth):
            yield Born(name, birth)
        case Gap() | Ended() | Fault():
            yield found


def _record_items(gateway: Gateway, arrival: Arrival) -> Iterator[Item]:
    record, boot = arrival.record, arrival.boot
    birth = gateway.births.get(arrival.cfg)
    channels = birth.devices.get(arrival.device, {}) if birth else {}
    where = arrival.gateway, arrival.device
    quality = QUALITY_NAMES[gateway.quality(boot, record)]
    taken = gateway.utc_ms(boot, record), record.uptime_ms, boot, record.seq
    match record.body:
        case Values(by_channel):
            for name, value in by_channel.items():
                yield Sample(*where, name, value, quality, *taken, channels.get(name))
        case AlarmBody(full_name, raised, value, limit, restated):
            channel, _, name = full_name.rpartition(".")
            alarm = channel, name, raised, value, limit, quality
            yield Alarm(*where, *alarm, *taken, channels.get(channel), restated)
        case ChangeBody(channel, change, was, total):
            told = channel, change, was, total, quality
            yield CounterChange(*where, *told, *taken, channels.get(channel))
        case body if isinstance(body, HappeningBody):
            yield Happening(*where, body, quality, *taken)
        case StepBody(uptime_ms, utc_ms, was_ms, source):
            step = uptime_ms, utc_ms, was_ms, source
            yield ClockStep(arrival.gateway, boot, record.seq, *step)
        case SetBody(uptime_ms, utc_ms, source, number):
            of_boot = boot.number if number is None else number
            told = uptime_ms, utc_ms, source, of_boot, record.quality > GOOD
            yield ClockSet(arrival.gateway, boot, record.seq, *told)


def as_time(t_ms: int | None) -> datetime.datetime | None:
    """UTC, to the millisecond."""
    if t_ms is None:
        return None
    return _UNIX + datetime.timedelta(milliseconds=t_ms)


_UNIX = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
