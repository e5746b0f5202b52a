"""The plain dialect as a subscriber reads it: a topic and its JSON become one typed message.

Nothing is tolerated. What deviates from the contract (docs/mqtt.md) is a ContractError that says
where, because a subscriber that guesses would hide a gateway's mistake. Numbers are exact: a value
is the Decimal that was written, so 230.10 stays 230.10.
"""

import json
from dataclasses import dataclass
from decimal import Decimal

from host_tools import contract_alarms, contract_devices, contract_functions
from host_tools.contract_alarms import AlarmsBody
from host_tools.contract_devices import DeviceBody
from host_tools.contract_functions import FunctionBody

ROOT = "limen/v1"
_LONGEST_ID = 64
KINDS = ("gauge", "counter", "state")
GOOD, UNCERTAIN, BAD, STALE = range(4)
CHANGES = ("first", "rollover", "reset", "replacement", "glitch")
"""What can happen to a meter's counter, as `limen.core.ledger` tells it."""

TIME_SOURCES = ("ntp", "ds3231", "reset")
"""Who tells a gateway the time; `reset`: its clock ran on over one."""

QUALITY_NAMES = ("good", "uncertain", "bad", "stale")


class ContractError(ValueError):
    """A message that the contract does not allow; the text says what is wrong with it."""


@dataclass(frozen=True)
class Boot:
    """One boot of one incarnation of a gateway: within it, seq names a record."""

    inc: str
    number: int

    def __str__(self) -> str:
        return f"{self.inc}/{self.number}"


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
    return "/".join(parts[2:4]), _message(parts[4:], _Table(_decode(payload), "the message"))


def _message(path: list[str], table: "_Table") -> Message:
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


def _decode(payload: bytes) -> dict:
    try:
        return json.loads(payload, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ContractError(f"not JSON: {error}") from None


def _refuse_constant(text: str):
    raise ValueError(f"{text} is no number")


class _Table:
    """A JSON object whose keys are taken one by one; what is left at the end was not allowed."""

    def __init__(self, value, where: str):
        if not isinstance(value, dict):
            raise ContractError(f"{where} is no object")
        self._left = dict(value)
        self._where = where

    def get(self, key: str, *types):
        """Take a key whose value is of one of the types; None among them allows null."""
        if key not in self._left:
            raise ContractError(f"{self._where} lacks {key!r}")
        return _typed(self._left.pop(key), types, f"{key!r} of {self._where}")

    def has(self, key: str) -> bool:
        return key in self._left

    def table(self, key: str) -> "_Table":
        return _Table(self._left.pop(key, None), f"{key!r} of {self._where}")

    def tables(self, key: str) -> list["_Table"]:
        where = f"{key!r} of {self._where}"
        return [_Table(value, f"an entry of {where}") for value in self.get(key, list)]

    def natural(self, key: str, *types) -> int | None:
        """Take an integer that is not negative."""
        return _natural(self.get(key, int, *types), f"{key!r} of {self._where}")

    def naturals(self, key: str, count: int) -> tuple[int, ...]:
        """Take a list of so many integers that are not negative."""
        where = f"an entry of {key!r} of {self._where}"
        return tuple(_natural(_typed(n, (int,), where), where) for n in self._list(key, count))

    def pairs(self, key: str, largest: int) -> tuple[tuple[int, int], ...]:
        """Take a list of pairs of integers from 0 to `largest`."""
        where = f"an entry of {key!r} of {self._where}"
        return tuple(_pair(entry, largest, where) for entry in self.get(key, list))

    def decimal(self, key: str, *types) -> Decimal | None:
        """Take a number."""
        return _decimal(self.get(key, int, Decimal, *types))

    def decimals(self, key: str, count: int, *types) -> tuple[Decimal | None, ...]:
        """Take a list of so many numbers."""
        where = f"an entry of {key!r} of {self._where}"
        types = (int, Decimal, *types)
        return tuple(_decimal(_typed(one, types, where)) for one in self._list(key, count))

    def _list(self, key: str, count: int) -> list:
        found = self.get(key, list)
        if len(found) != count:
            raise ContractError(f"{key!r} of {self._where} has {len(found)} entries, not {count}")
        return found

    def one_of(self, key: str, words: tuple[str, ...]) -> str:
        return _one_of(self.get(key, str), words, f"{key!r} of {self._where}")

    def is_given(self, key: str) -> bool:
        """Whether a key is there and not null, which is taken."""
        if key in self._left and self._left[key] is None:
            del self._left[key]
            return False
        return True

    def name(self, key: str) -> str:
        """Take a text that is not empty."""
        text = self.get(key, str)
        if not text:
            raise ContractError(f"{key!r} of {self._where} is empty")
        return text

    def identity(self) -> str | int | None:
        """Take what a request calls itself."""
        name = self.get("id", str, int, None)
        if isinstance(name, str) and len(name) > _LONGEST_ID:
            raise ContractError(f"the id of {self._where} has more than {_LONGEST_ID} characters")
        return name

    def boot(self) -> Boot:
        return Boot(self.name("inc"), self.natural("boot"))

    def quality(self, key: str) -> int:
        return _quality(self.get(key, int), f"{key!r} of {self._where}")

    def rest(self) -> dict:
        """Everything that was not taken."""
        left, self._left = self._left, {}
        return left

    def end(self) -> None:
        if self._left:
            raise ContractError(f"{self._where} has unknown {', '.join(map(repr, self._left))}")


def _typed(value, types: tuple, where: str):
    # By exact type: a JSON true is an int to Python's isinstance.
    if (None if value is None else type(value)) in types:
        return value
    names = " or ".join("null" if one is None else one.__name__ for one in types)
    raise ContractError(f"{where} is {value!r}, not {names}")


def _natural(value: int | None, where: str) -> int | None:
    if value is not None and value < 0:
        raise ContractError(f"{where} is {value}, less than 0")
    return value


def _pair(entry, largest: int, where: str) -> tuple[int, int]:
    numbers = [_natural(_typed(n, (int,), where), where) for n in _typed(entry, (list,), where)]
    if len(numbers) != 2 or max(numbers) > largest:
        raise ContractError(f"{where} is {entry!r}, not two integers of at most {largest}")
    return tuple(numbers)


def _quality(value: int, where: str) -> int:
    if not GOOD <= value <= STALE:
        raise ContractError(f"{where} is {value}, not a quality from 0 to 3")
    return value


def _decimal(number: int | Decimal | None) -> Decimal | None:
    return None if number is None else Decimal(number)


def _number(value, where: str) -> Decimal | None:
    number = _typed(value, (int, Decimal, None), where)
    return None if number is None else Decimal(number)


def _values(table: _Table) -> dict[str, Decimal | None]:
    return {name: _number(value, f"value {name!r}") for name, value in table.rest().items()}


def _birth(table: _Table) -> Birth:
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
    )
    table.rest()  # further facts may join a birth at any time
    return birth


def _request(verb: str, table: _Table) -> Request:
    name = table.identity() if table.has("id") else None
    until_ms = table.natural("until") if table.has("until") else None
    return Request(verb, name, until_ms, table.rest())


def _answer(verb: str, table: _Table) -> Answer:
    name, is_done = table.identity(), table.get("ok", bool)
    error = None if is_done else table.name("error")
    if not is_done:
        table.end()
    elif table.has("error"):
        raise ContractError(f"the answer to {verb} has an error although it is done")
    return Answer(verb, name, error, table.rest())


def _states(table: _Table) -> tuple[tuple[int, str], ...]:
    if not table.has("states"):
        return ()
    names = table.get("states", dict)
    for number, name in names.items():
        if not (number.isascii() and number.isdecimal()) or not isinstance(name, str):
            raise ContractError(f"the state {number!r} is {name!r}, not a number with a name")
    return tuple((int(number), name) for number, name in names.items())


def _channel(table: _Table) -> Channel:
    channel = Channel(
        table.get("name", str), table.get("unit", str), table.get("kind", str),
        table.get("places", int), _states(table),
    )  # fmt: skip
    table.end()
    if channel.kind not in KINDS:
        raise ContractError(f"channel {channel.name!r} has unknown kind {channel.kind!r}")
    return channel


def _batch(device: str, kind: str, table: _Table) -> Batch:
    boot, cfg, low = table.boot(), table.name("cfg"), table.natural("low")
    records = tuple(_record(kind, entry) for entry in table.get("r", list))
    if not records:
        raise ContractError("the batch is empty")
    return Batch(device, kind, boot, cfg, low, records)


def _record(kind: str, entry) -> Record:
    if not isinstance(entry, list) or len(entry) not in (4, 5):
        raise ContractError(f"record {entry!r} is no list of 4 or 5")
    seq = _natural(_typed(entry[0], (int,), "the seq of a record"), "the seq of a record")
    where = f"record {seq}"
    t_ms = _natural(_typed(entry[1], (int, None), f"the time of {where}"), f"the time of {where}")
    if (t_ms is None) != (len(entry) == 5):
        raise ContractError(f"{where} must have either a time or, behind it all, an uptime")
    uptime_ms = _uptime(entry[4], where) if t_ms is None else None
    quality = _quality(_typed(entry[2], (int,), f"the quality of {where}"), where)
    table = _Table(entry[3], where)
    body = _data_body(table, quality, where) if kind == "data" else _event_body(table)
    return Record(seq, t_ms, uptime_ms, quality, body)


def _uptime(value, where: str) -> int:
    return _natural(_typed(value, (int,), f"the uptime of {where}"), f"the uptime of {where}")


def _data_body(table: _Table, quality: int, where: str) -> Values:
    values = _values(table)
    if not values:
        raise ContractError(f"{where} has no channel")
    if any((value is None) != (quality >= BAD) for value in values.values()):
        raise ContractError(f"{where}: quality {quality} and its values contradict each other")
    return Values(values)


_BODIES = contract_functions.BODIES | contract_devices.BODIES | contract_alarms.BODIES


def _event_body(table: _Table):
    """The body of an event; see Record."""
    body = table.rest()
    table = _Table(body, "the event")
    if "clock" in body:
        result = _clock_event(table)
    elif "counter" in body:
        result = _counter_change(table)
    elif _BODIES.keys() & body.keys():
        (kind, *_) = _BODIES.keys() & body.keys()
        result = _BODIES[kind](table)
    else:
        name = table.get("alarm", str)
        state = _one_of(table.get("state", str), ("raised", "cleared"), f"alarm {name}")
        value = _number(table.get("value", int, Decimal, None), f"the value of {name}")
        limit = Decimal(table.get("limit", int, Decimal))
        restated = table.has("restated") and table.get("restated", bool)
        result = Alarm(name, state == "raised", value, limit, restated)
    table.end()
    return result


def _clock_event(table: _Table) -> ClockSet | ClockStep:
    what = _one_of(table.get("clock", str), ("set", "step"), "the clock event")
    times = table.natural("uptime_ms"), table.natural("utc_ms")
    source = _one_of(table.get("source", str), TIME_SOURCES, "the source of the time")
    if what == "step":
        return ClockStep(*times, table.natural("was_ms"), source)
    return ClockSet(*times, source, table.natural("boot") if table.has("boot") else None)


def _counter_change(table: _Table) -> CounterChange:
    channel = table.get("counter", str)
    change = _one_of(table.get("change", str), CHANGES, f"the change of counter {channel}")
    was = _number(table.get("was", int, Decimal, None), f"what {channel} was")
    return CounterChange(channel, change, was, Decimal(table.get("total", int, Decimal)))


def _one_of(word: str, words: tuple[str, ...], where: str) -> str:
    if word not in words:
        raise ContractError(f"{where} is {word!r}, not {' or '.join(words)}")
    return word
