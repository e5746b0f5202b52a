"""Events of alarms that are more than a limit, as a subscriber reads them.

They belong to the contract (docs/mqtt.md); `events` hands their bodies here.
"""

from dataclasses import dataclass
from decimal import Decimal

ALARM_STATES = ("normal", "unack", "ack", "rtn_unack", "shelved", "suppressed")
"""The states of ISA-18.2, as `limen.core.isa_alarm` has them."""


@dataclass(frozen=True)
class AlarmState:
    """An alarm is in this state from now on, or is told again where it is `restated`.

    `name` is channel.alarm; `limit` is None where it has none. 1 is the highest priority.
    `seconds_left` is the time to the limit of an early warning; `first` is the first of its group.
    """

    name: str
    state: str
    value: Decimal | None
    limit: Decimal | None
    priority: int
    seconds_left: int | None = None
    first: bool = False
    restated: bool = False


@dataclass(frozen=True)
class Flood:
    """More alarms than anybody can read: only those of priority 1 are told until it has ended;
    then `suppressed` says how many were not."""

    begins: bool
    suppressed: int


AlarmsBody = AlarmState | Flood


def _state_body(table) -> AlarmState:
    name, state = table.name("alarm"), table.one_of("state", ALARM_STATES)
    value, limit = table.decimal("value", None), table.decimal("limit", None)
    priority = table.natural("priority")
    left = table.natural("in_s") if table.has("in_s") else None
    first, restated = _flag(table, "first"), _flag(table, "restated")
    return AlarmState(name, state, value, limit, priority, left, first, restated)


def _flag(table, key: str) -> bool:
    return table.has(key) and table.get(key, bool)


def _flood_body(table) -> Flood:
    begins = table.one_of("flood", ("begun", "ended")) == "begun"
    return Flood(begins, table.natural("suppressed"))


BODIES = {"priority": _state_body, "flood": _flood_body}
"""The key that tells an event → what reads its body."""


def sentence(body: AlarmsBody) -> str:
    """An event as people read it."""
    match body:
        case Flood(begins, suppressed):
            return "flood of alarms" if begins else f"flood over, {suppressed} alarms were not told"
    left_s = body.seconds_left
    marks = [] if left_s is None else [f"in {left_s // 60} min"]
    marks += ["first of its group"] * body.first + ["told again"] * body.restated
    value, limit = ("-" if one is None else f"{one:f}" for one in (body.value, body.limit))
    told = f"alarm {body.name} {body.state} at {value}, limit {limit}, priority {body.priority}"
    return ", ".join([told, *marks])
