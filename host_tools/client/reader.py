"""Reads what gateways say, message by message, and knows what has been said before. No I/O.

Every record passes once, under its name (inc, boot, seq); a hole below `low` is told once, as a
gap; births and clock events are kept, so that values get their units and times. What is kept is
bounded: of each gateway the newest boots and births.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from host_tools.client.seen import Seen
from host_tools.contract import (
    GOOD,
    UNCERTAIN,
    Answer,
    Batch,
    Before,
    Birth,
    Boot,
    Channel,
    ClockSet,
    ClockStep,
    ContractError,
    Diag,
    Last,
    Message,
    Progress,
    Record,
    Request,
    Status,
    Values,
    parse,
)


class Arrival(NamedTuple):
    """A record that arrived for the first time."""

    gateway: str
    device: str
    boot: Boot
    cfg: str
    record: Record

    @property
    def kind(self) -> str:
        return "data" if isinstance(self.record.body, Values) else "event"


@dataclass(frozen=True)
class Repetition:
    """A record whose name has been here before."""

    arrival: Arrival


@dataclass(frozen=True)
class Gap:
    """The records from `first` to `last` of a boot did not arrive, and nobody will send them."""

    gateway: str
    boot: Boot
    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True)
class Ended:
    """A boot has ended, and all of it that was left on its gateway's flash has come.

    `last` is the highest seq of it that has come. Unless it is `clean`, what came behind that went
    with the memory: ordinary samples of the last seconds. Holes before it were told as gaps.
    """

    gateway: str
    boot: Boot
    last: int
    clean: bool


@dataclass(frozen=True)
class Notice:
    """What a gateway says beside its records."""

    gateway: str
    message: Status | Birth | Last | Diag | Request | Answer | Progress


@dataclass(frozen=True)
class Fault:
    """A message that the contract does not allow, and why."""

    topic: str
    sentence: str


Found = Arrival | Repetition | Gap | Ended | Notice | Fault


@dataclass(frozen=True)
class Placing:
    """Where the uptimes of a boot lie in UTC, and whether that is only a guess."""

    zero_ms: int
    is_uncertain: bool = False


@dataclass
class Ending:
    """What a birth told of the boot before; `settled` counts the batches of later boots since the
    last one of its own, up to SETTLED, when it is told."""

    SETTLED: ClassVar[int] = 16
    """Beside live data the records of one ring of the gateway come device by device."""

    before: Before
    settled: int = 0

    def has_come(self, seen: Seen) -> bool:
        """Whether what waited on flash has."""
        return all(not seq or seq in seen for seq in (self.before.data, self.before.event))


@dataclass
class Gateway:
    """What is known of one gateway; births are by `cfg`, the newest last."""

    MOST_BOOTS: ClassVar[int] = 64
    MOST_BIRTHS: ClassVar[int] = 16

    name: str
    online: bool = False
    births: dict[str, Birth] = field(default_factory=dict)
    boots: dict[Boot, Seen] = field(default_factory=dict)
    clocks: dict[Boot, Placing] = field(default_factory=dict)
    endings: dict[Boot, Ending] = field(default_factory=dict)

    def channel(self, device: str, name: str) -> Channel | None:
        """What the newest birth says of a channel."""
        for birth in reversed(self.births.values()):
            channels = birth.devices.get(device)
            if channels and name in channels:
                return channels[name]
        return None

    def utc_ms(self, boot: Boot, record: Record) -> int | None:
        """When the record was taken, by the clock event where it carries only an uptime."""
        placing = self.clocks.get(boot)
        if record.t_ms is None and placing:
            return record.uptime_ms + placing.zero_ms
        return record.t_ms

    def is_guess(self, boot: Boot, record: Record) -> bool:
        """Whether nobody knows when the record was taken, and `utc_ms` is only an estimate."""
        placing = self.clocks.get(boot)
        return record.t_ms is None and placing is not None and placing.is_uncertain

    def quality(self, boot: Boot, record: Record) -> int:
        """The quality of a record, which is not good when its time is a guess."""
        least = UNCERTAIN if self.is_guess(boot, record) else GOOD
        return max(record.quality, least)

    def place(self, boot: Boot, record: Record) -> None:
        """Take what a clock event says; a guess changes nothing that is known."""
        told = record.body
        placing = Placing(told.utc_ms - told.uptime_ms, record.quality > GOOD)
        if isinstance(told, ClockSet) and told.boot is not None:
            boot = Boot(boot.inc, told.boot)
        if not placing.is_uncertain or boot not in self.clocks:
            self.clocks[boot] = placing
        for old in list(itertools.islice(self.clocks, max(0, len(self.clocks) - self.MOST_BOOTS))):
            del self.clocks[old]

    def seen(self, boot: Boot, low: int) -> Seen:
        """The records of a boot; what was acknowledged before its first sight is not missed."""
        self.boots[boot] = seen = self.boots.pop(boot, None) or Seen(low)
        for old in list(itertools.islice(self.boots, max(0, len(self.boots) - self.MOST_BOOTS))):
            del self.boots[old]
            self.clocks.pop(old, None)
        return seen

    def keep_birth(self, birth: Birth) -> None:
        self.births.pop(birth.cfg, None)
        self.births[birth.cfg] = birth
        if len(self.births) > self.MOST_BIRTHS:
            del self.births[next(iter(self.births))]
        if birth.before:
            boot = Boot(birth.boot.inc, birth.before.boot)
            self.endings.setdefault(boot, Ending(birth.before))
            if len(self.endings) > self.MOST_BOOTS:
                del self.endings[next(iter(self.endings))]

    def ended(self, speaker: Boot) -> Iterator[Gap | Ended]:
        """What a batch of `speaker`'s shows to be over: gaps of each boot, then its end."""
        for boot, ending in self.endings.items():
            seen = self.boots.get(boot)
            if seen is None or ending.settled == ending.SETTLED:
                continue
            if boot == speaker or not ending.has_come(seen):
                ending.settled = 0
                continue
            ending.settled += 1
            if ending.settled == ending.SETTLED:
                yield from (Gap(self.name, boot, *hole) for hole in seen.holes(seen.low, seen.top))
                yield Ended(self.name, boot, seen.top, ending.before.clean)


@dataclass(frozen=True)
class Parsed:
    """A message that the contract allows, of a gateway."""

    gateway: str
    message: Message


def read(topic: str, payload: bytes) -> Parsed | Fault:
    """Parse a message."""
    try:
        return Parsed(*parse(topic, payload))
    except ContractError as error:
        return Fault(topic, str(error))


class Reader:
    """Takes messages and tells what each brings; `gateway_type` is a Gateway or more."""

    def __init__(self, gateway_type: type[Gateway] = Gateway):
        self.gateways: dict[str, Gateway] = {}
        self._gateway_type = gateway_type

    def feed(self, topic: str, payload: bytes, retained: bool = False) -> list[Found]:
        """Take one message; `retained` tells that it is older than the subscription."""
        return self.take(read(topic, payload), retained)

    def take(self, parsed: Parsed | Fault, retained: bool) -> list[Found]:
        if isinstance(parsed, Fault):
            return [parsed]
        gateway = self.gateway(parsed.gateway)
        match parsed.message:
            case Batch() as batch:
                return _take_batch(gateway, batch)
            case Status(_, online):
                gateway.online = online
            case Birth() as birth:
                gateway.keep_birth(birth)
                if not retained:
                    gateway.seen(birth.boot, birth.low)
        return [Notice(gateway.name, parsed.message)]

    def explains(self, parsed: Parsed | Fault) -> bool:
        """Whether the birth is known that a message is to be read with."""
        if isinstance(parsed, Fault) or not isinstance(parsed.message, Batch):
            return True
        return parsed.message.cfg in self.gateway(parsed.gateway).births

    def gateway(self, name: str) -> Gateway:
        if name not in self.gateways:
            self.gateways[name] = self._gateway_type(name)
        return self.gateways[name]


def _take_batch(gateway: Gateway, batch: Batch) -> list[Found]:
    """Gaps come first: they lie before the records of the batch."""
    seen = gateway.seen(batch.boot, batch.low)
    arrivals = [_take_record(gateway, seen, batch, record) for record in batch.records]
    gaps = [Gap(gateway.name, batch.boot, *hole) for hole in seen.raise_low(batch.low)]
    return [*gaps, *arrivals, *gateway.ended(batch.boot)]


def _take_record(
    gateway: Gateway, seen: Seen, batch: Batch, record: Record
) -> Arrival | Repetition:
    arrival = Arrival(gateway.name, batch.device, batch.boot, batch.cfg, record)
    if not seen.add(record.seq):
        return Repetition(arrival)
    if isinstance(record.body, ClockSet | ClockStep):
        gateway.place(batch.boot, record)
    return arrival
