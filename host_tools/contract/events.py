"""The body of an event: limits, counters and the clock here, all else in modules of their own."""

from dataclasses import dataclass
from decimal import Decimal

from host_tools.contract import alarms, devices, functions
from host_tools.contract.alarms import AlarmsBody
from host_tools.contract.devices import DeviceBody
from host_tools.contract.functions import FunctionBody
from host_tools.contract.table import Table

CHANGES = ("first", "rollover", "reset", "replacement", "glitch")
"""What can happen to a meter's counter, as `limen.core.ledger` tells it."""

TIME_SOURCES = ("ntp", "ds3231", "reset")
"""Who tells a gateway the time; `reset`: its clock ran on over one."""


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


HappeningBody = AlarmsBody | DeviceBody | FunctionBody
"""What can be told in a sentence that needs no unit."""

EventBody = Alarm | CounterChange | ClockSet | ClockStep | HappeningBody


def read_event(table: Table) -> EventBody:
    """The body of an event, by the first key that tells what kind it is."""
    kind = next((key for key in _BODIES if table.has(key)), "alarm")
    event = _BODIES[kind](table)
    table.end()
    return event


def _limit_alarm(table: Table) -> Alarm:
    name, state = table.get("alarm", str), table.one_of("state", ("raised", "cleared"))
    value, limit = table.decimal("value", None), table.decimal("limit")
    restated = table.has("restated") and table.get("restated", bool)
    return Alarm(name, state == "raised", value, limit, restated)


def _clock_event(table: Table) -> ClockSet | ClockStep:
    what = table.one_of("clock", ("set", "step"))
    times = table.natural("uptime_ms"), table.natural("utc_ms")
    source = table.one_of("source", TIME_SOURCES)
    if what == "step":
        return ClockStep(*times, table.natural("was_ms"), source)
    return ClockSet(*times, source, table.natural("boot") if table.has("boot") else None)


def _counter_change(table: Table) -> CounterChange:
    channel, change = table.get("counter", str), table.one_of("change", CHANGES)
    return CounterChange(channel, change, table.decimal("was", None), table.decimal("total"))


_BODIES = {
    "clock": _clock_event,
    "counter": _counter_change,
    **functions.BODIES,
    **devices.BODIES,
    **alarms.BODIES,
    "alarm": _limit_alarm,
}
"""The key that tells an event → what reads its body; a limit's alarm has no priority."""


def sentence(body: HappeningBody) -> str:
    """An event as people read it."""
    if isinstance(body, DeviceBody):
        return devices.sentence(body)
    if isinstance(body, AlarmsBody):
        return alarms.sentence(body)
    return functions.sentence(body)
