"""The plain dialect as a subscriber reads it: a topic and its JSON become one typed message.

Nothing is tolerated. What deviates from the contract (docs/mqtt.md) is a ContractError that says
where, because a subscriber that guesses would hide a gateway's mistake. Numbers are exact: a value
is the Decimal that was written, so 230.10 stays 230.10.
"""

from dataclasses import dataclass
from decimal import Decimal

from host_tools import contract_alarms, contract_devices, contract_functions
from host_tools.contract_alarms import AlarmsBody
from host_tools.contract_devices import DeviceBody
from host_tools.contract_functions import FunctionBody
from host_tools.contract_table import (
    BAD,
    Boot,
    ContractError,
    Table,
    decoded,
    natural_of,
    number_of,
    one_of,
    quality_of,
    typed,
)

ROOT = "limen/v1"
KINDS = ("gauge", "counter", "state")
CHANGES = ("first", "rollover", "reset", "replacement", "glitch")
"""What can happen to a meter's counter, as `limen.core.ledger` tells it."""

TIME_SOURCES = ("ntp", "ds3231", "reset")
"""Who tells a gateway the time; `reset`: its clock ran on over one."""

QUALITY_NAMES = ("good", "uncertain", "bad", "stale")


@dataclass(frozen=True)
class Status:
    boot: Boot
    online: bool


@dataclass(frozen=True)
class Channel:
    """What a birth says of a channel; values are multiples of 10**-places `unit`.

    A state may have names for its numbers: (number, name) pairs.
    """

    name: str
    unit: str
    kind: str
    places: int
    states: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Before:
    """What a birth says of the boot before: whether it kept all on flash before it ended, and the
    highest seq of its data and of its events that waited there when this boot began; 0 for none.
    """

    boot: int
    clean: bool
    data: int
    event: int


@dataclass(frozen=True)
class Birth:
    """How to read the data that carries the same `cfg`: {device: {channel name: Channel}}.

    `trouble` is what the gateway's link to its brokers suffered from last in this boot.
    """

    boot: Boot
    cfg: str
    low: int
    firmware: str
    reset: str
    models: dict[str, str]
    devices: dict[str, dict[str, Channel]]
    trouble: str | None = None
    before: Before | None = None


@dataclass(frozen=True)
class Values:
    """The values of one reading; None where the quality allows none."""

    by_channel: dict[str, Decimal | None]


@dataclass(frozen=True)
class Alarm:
    """`name` is channel.high or channel.low; what stands is `restated` after a reconnect."""

    name: str
    raised: bool
    value: Decimal | None
    limit: Decimal
    restated: bool = False


@dataclass(frozen=True)
class CounterChange:
    """Something has happened to a meter's counter: it showed `was`, and `total` goes on from there.

    `change` is one of CHANGES; of a "first" count nothing was before, and `was` is None. Of a
    "glitch" `was` is what it showed by mistake.
    """

    channel: str
    change: str
    was: Decimal | None
    total: Decimal


@dataclass(frozen=True)
class ClockSet:
    """At this uptime it was this time: places the records that carry only an uptime.

    `boot` is an earlier boot of the same incarnation that it tells of; None for its own.
    """

    uptime_ms: int
    utc_ms: int
    source: str
    boot: int | None = None


@dataclass(frozen=True)
class ClockStep:
    """At this uptime the clock was moved: from `was_ms`, which was wrong, to `utc_ms`."""

    uptime_ms: int
    utc_ms: int
    was_ms: int
    source: str


Told = Alarm | CounterChange | ClockSet | ClockStep
Body = Values | Told | AlarmsBody | DeviceBody | FunctionBody


@dataclass(frozen=True)
class Record:
    """One record: its UTC in ms or, while the clock was unset, its uptime in ms."""

    seq: int
    t_ms: int | None
    uptime_ms: int | None
    quality: int
    body: Body


@dataclass(frozen=True)
class Batch:
    """Records of one device; `kind` is "data" or "event". Below `low` all is acknowledged."""

    device: str
    kind: str
    boot: Boot
    cfg: str
    low: int
    records: tuple[Record, ...]


@dataclass(frozen=True)
class Last:
    """The newest values of a device."""

    device: str
    t_ms: int | None
    quality: int
    values: dict[str, Decimal | None]


@dataclass(frozen=True)
class Diag:
    """The gateway's own counters, as it sent them."""

    boot: Boot
    counters: dict


@dataclass(frozen=True)
class Request:
    """A command to a gateway; `facts` are what else it says."""

    verb: str
    id: str | int | None
    until_ms: int | None
    facts: dict


@dataclass(frozen=True)
class Answer:
    """What became of a command: `error` is None if it was done."""

    verb: str
    id: str | int | None
    error: str | None
    facts: dict


@dataclass(frozen=True)
class Progress:
    """What a command that runs for long has to say meanwhile."""

    verb: str
    id: str | int | None
    facts: dict


Message = Status | Birth | Batch | Last | Diag | Request | Answer | Progress


def parse(topic: str, payload: bytes) -> tuple[str, Message]:
    """Return ("site/gateway", message); raise ContractError for anything else."""
    parts = topic.split("/")
    if "/".join(parts[:2]) != ROOT or len(parts) < 5 or not all(parts):
        raise ContractError(f"topic {topic!r} is not under {ROOT}/<site>/<gateway>/")
    return "/".join(parts[2:4]), _message(parts[4:], Table(decoded(payload), "the message"))


def _message(path: list[str], table: Table) -> Message:
    match path:
        case ["status"]:
            message = Status(table.boot(), table.get("online", bool))
        case ["birth"]:
            message = _birth(table)
        case ["diag"]:
            return Diag(table.boot(), table.rest())
        case ["cmd", verb]:
            return _request(verb, table)
        case ["cmd", verb, "result"]:
            return _answer(verb, table)
        case ["cmd", verb, "progress"]:
            progress = Progress(verb, table.identity(), table.rest())
            if not progress.facts:
                raise ContractError(f"the progress of {verb} says nothing")
            return progress
        case ["dev", device, "last"]:
            values = _values(table.table("v"))
            message = Last(device, table.natural("t", None), table.quality("q"), values)
        case ["dev", device, "data" | "event" as kind]:
            message = _batch(device, kind, table)
        case _:
            raise ContractError(f"there is no topic {'/'.join(path)!r} in the contract")
    table.end()
    return message


def _values(table: Table) -> dict[str, Decimal | None]:
    return {name: number_of(value, f"value {name!r}") for name, value in table.rest().items()}


def _birth(table: Table) -> Birth:
    devices = table.tables("device")
    models = {}
    channels = {}
    for device in devices:
        name = device.get("id", str)
        models[name] = device.get("model", str, None)
        channels[name] = {one.name: one for one in map(_channel, device.tables("channel"))}
        device.end()
    birth = Birth(
        table.boot(),
        table.name("cfg"),
        table.natural("low"),
        table.get("firmware", str),
        table.get("reset", str),
        models,
        channels,
        table.get("trouble", str) if table.has("trouble") else None,
        _before(table.table("before")) if table.has("before") else None,
    )
    table.rest()  # further facts may join a birth at any time
    return birth


def _before(table: Table) -> Before:
    before = Before(
        table.natural("boot"), table.get("clean", bool), table.natural("data"),
        table.natural("event"),
    )  # fmt: skip
    table.end()
    return before


def _request(verb: str, table: Table) -> Request:
    name = table.identity() if table.has("id") else None
    until_ms = table.natural("until") if table.has("until") else None
    return Request(verb, name, until_ms, table.rest())


def _answer(verb: str, table: Table) -> Answer:
    name, is_done = table.identity(), table.get("ok", bool)
    error = None if is_done else table.name("error")
    if not is_done:
        table.end()
    elif table.has("error"):
        raise ContractError(f"the answer to {verb} has an error although it is done")
    return Answer(verb, name, error, table.rest())


def _states(table: Table) -> tuple[tuple[int, str], ...]:
    if not table.has("states"):
        return ()
    names = table.get("states", dict)
    for number, name in names.items():
        if not (number.isascii() and number.isdecimal()) or not isinstance(name, str):
            raise ContractError(f"the state {number!r} is {name!r}, not a number with a name")
    return tuple((int(number), name) for number, name in names.items())


def _channel(table: Table) -> Channel:
    channel = Channel(
        table.get("name", str), table.get("unit", str), table.get("kind", str),
        table.get("places", int), _states(table),
    )  # fmt: skip
    table.end()
    if channel.kind not in KINDS:
        raise ContractError(f"channel {channel.name!r} has unknown kind {channel.kind!r}")
    return channel


def _batch(device: str, kind: str, table: Table) -> Batch:
    boot, cfg, low = table.boot(), table.name("cfg"), table.natural("low")
    records = tuple(_record(kind, entry) for entry in table.get("r", list))
    if not records:
        raise ContractError("the batch is empty")
    return Batch(device, kind, boot, cfg, low, records)


def _record(kind: str, entry) -> Record:
    if not isinstance(entry, list) or len(entry) not in (4, 5):
        raise ContractError(f"record {entry!r} is no list of 4 or 5")
    seq = natural_of(typed(entry[0], (int,), "the seq of a record"), "the seq of a record")
    where = f"record {seq}"
    t_ms = natural_of(typed(entry[1], (int, None), f"the time of {where}"), f"the time of {where}")
    if (t_ms is None) != (len(entry) == 5):
        raise ContractError(f"{where} must have either a time or, behind it all, an uptime")
    uptime_ms = _uptime(entry[4], where) if t_ms is None else None
    quality = quality_of(typed(entry[2], (int,), f"the quality of {where}"), where)
    table = Table(entry[3], where)
    body = _data_body(table, quality, where) if kind == "data" else _event_body(table)
    return Record(seq, t_ms, uptime_ms, quality, body)


def _uptime(value, where: str) -> int:
    return natural_of(typed(value, (int,), f"the uptime of {where}"), f"the uptime of {where}")


def _data_body(table: Table, quality: int, where: str) -> Values:
    values = _values(table)
    if not values:
        raise ContractError(f"{where} has no channel")
    if any((value is None) != (quality >= BAD) for value in values.values()):
        raise ContractError(f"{where}: quality {quality} and its values contradict each other")
    return Values(values)


_BODIES = contract_functions.BODIES | contract_devices.BODIES | contract_alarms.BODIES


def _event_body(table: Table):
    """The body of an event; see Record."""
    body = table.rest()
    table = Table(body, "the event")
    if "clock" in body:
        result = _clock_event(table)
    elif "counter" in body:
        result = _counter_change(table)
    elif _BODIES.keys() & body.keys():
        (kind, *_) = _BODIES.keys() & body.keys()
        result = _BODIES[kind](table)
    else:
        name = table.get("alarm", str)
        state = one_of(table.get("state", str), ("raised", "cleared"), f"alarm {name}")
        value = number_of(table.get("value", int, Decimal, None), f"the value of {name}")
        limit = Decimal(table.get("limit", int, Decimal))
        restated = table.has("restated") and table.get("restated", bool)
        result = Alarm(name, state == "raised", value, limit, restated)
    table.end()
    return result


def _clock_event(table: Table) -> ClockSet | ClockStep:
    what = one_of(table.get("clock", str), ("set", "step"), "the clock event")
    times = table.natural("uptime_ms"), table.natural("utc_ms")
    source = one_of(table.get("source", str), TIME_SOURCES, "the source of the time")
    if what == "step":
        return ClockStep(*times, table.natural("was_ms"), source)
    return ClockSet(*times, source, table.natural("boot") if table.has("boot") else None)


def _counter_change(table: Table) -> CounterChange:
    channel = table.get("counter", str)
    change = one_of(table.get("change", str), CHANGES, f"the change of counter {channel}")
    was = number_of(table.get("was", int, Decimal, None), f"what {channel} was")
    return CounterChange(channel, change, was, Decimal(table.get("total", int, Decimal)))
