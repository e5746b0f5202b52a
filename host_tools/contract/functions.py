"""Events of functions as a subscriber reads them: peak shedding, orders, shifts, process control.

They belong to the contract (docs/mqtt.md); `events` hands their bodies here.
"""

from dataclasses import dataclass
from decimal import Decimal

STATES = ("off", "idle", "setup", "running", "fault", "unknown")
"""What a machine can be doing, in the order of all lists by state."""

ORDER_CHANGES = ("started", "paused", "resumed", "ended")


@dataclass(frozen=True)
class Shed:
    """An output was dropped, or restored, as the predicted demand asks for."""

    output: str
    dropped: bool
    predicted: Decimal
    limit: Decimal


@dataclass(frozen=True)
class Use:
    """Energy in kWh, CO2 in kg, cost in the site's currency; None where it is not known."""

    energy: Decimal | None
    co2: Decimal | None
    cost: Decimal | None


@dataclass(frozen=True)
class OrderChange:
    """A work order was started, paused, resumed or ended; what follows `change` only when it ended.

    `seconds` are by state, see STATES; `part` is the use per good part; `ratios` are availability,
    performance, quality and OEE in percent, None where unknown.
    """

    order: str
    change: str
    parts: int | None = None
    rejects: int | None = None
    seconds: tuple[int, ...] = ()
    use: Use | None = None
    part: Use | None = None
    ratios: tuple[Decimal | None, ...] = ()


@dataclass(frozen=True)
class Period:
    """A shift or a day of a machine has ended; `seconds` and `energies` are by state, see STATES.

    `ratios` are availability, performance, quality and OEE in percent, None where unknown.
    """

    name: str
    seconds: tuple[int, ...]
    energies: tuple[Decimal, ...]
    starts: int
    parts: int
    rejects: int
    ratios: tuple[Decimal | None, ...]


SPC_STATES = ("raised", "cleared", "learnt")


@dataclass(frozen=True)
class Finding:
    """A rule of process control has begun or ceased to hold, or the baseline is learnt.

    `center` and `sigma` are of the process when all is well, in the unit of the value.
    """

    rule: str
    state: str
    value: Decimal
    center: Decimal
    sigma: Decimal


FunctionBody = Shed | OrderChange | Period | Finding


def _shed_body(table) -> Shed:
    state = table.one_of("state", ("dropped", "restored"))
    predicted, limit = table.decimal("predicted"), table.decimal("limit")
    return Shed(table.name("shed"), state == "dropped", predicted, limit)


def _order_body(table) -> OrderChange:
    inner = table.table("order")
    order, change = inner.name("id"), inner.one_of("state", ORDER_CHANGES)
    if change == "ended":
        parts, rejects = inner.natural("parts"), inner.natural("rejects")
        seconds = inner.naturals("s", len(STATES))
        use = _use(inner)
        part = _use_of(inner.table("part")) if inner.is_given("part") else None
        ratios = inner.decimals("oee", 4, None)
        result = OrderChange(order, change, parts, rejects, seconds, use, part, ratios)
    else:
        result = OrderChange(order, change)
    inner.end()
    return result


def _use(table) -> Use:
    return Use(*(table.decimal(key, None) for key in ("kWh", "co2", "cost")))


def _use_of(table) -> Use:
    use = _use(table)
    table.end()
    return use


def _period_body(table) -> Period:
    inner = table.table("period")
    period = Period(
        inner.name("name"),
        inner.naturals("s", len(STATES)),
        inner.decimals("kWh", len(STATES)) if inner.is_given("kWh") else (),
        inner.natural("starts"),
        inner.natural("parts"),
        inner.natural("rejects"),
        inner.decimals("oee", 4, None),
    )
    inner.end()
    return period


def _spc_body(table) -> Finding:
    rule, state = table.name("spc"), table.one_of("state", SPC_STATES)
    return Finding(rule, state, *(table.decimal(key) for key in ("value", "center", "sigma")))


BODIES = {"shed": _shed_body, "order": _order_body, "period": _period_body, "spc": _spc_body}
"""The key that tells an event → what reads its body."""


def sentence(body: FunctionBody) -> str:
    """An event as people read it."""
    match body:
        case Shed(output, dropped, predicted, limit):
            word = "dropped" if dropped else "restored"
            return f"{output} {word} at a predicted demand of {predicted} W, limit {limit} W"
        case OrderChange(order, change) if change != "ended":
            return f"order {order} {change}"
        case OrderChange():
            return _order_sentence(body)
        case Finding(rule, state):
            known = f"center {body.center}, sigma {body.sigma}"
            return f"{rule.replace('_', ' ')} {state} at {body.value}; {known}"
    return f"{body.name} ended: {_times(body.seconds)}; {_parts(body)}; {_ratios(body)}"


_RATIOS = ("availability", "performance", "quality", "OEE")


def _order_sentence(body: OrderChange) -> str:
    told = [f"order {body.order} ended: {_parts(body)}", _times(body.seconds), _ratios(body)]
    told.append(_used(body.use))
    if body.part:
        told.append("per part " + _used(body.part))
    return "; ".join(filter(None, told))


def _parts(body: OrderChange | Period) -> str:
    return f"{body.parts} parts, {body.rejects} of them rejects"


def _times(seconds: tuple[int, ...]) -> str:
    return ", ".join(f"{name} {s} s" for name, s in zip(STATES, seconds, strict=True) if s)


def _used(use: Use) -> str:
    named = ((use.energy, " kWh"), (use.co2, " kg CO2"), (use.cost, " in money"))
    return ", ".join(f"{value}{unit}" for value, unit in named if value is not None)


def _ratios(body: OrderChange | Period) -> str:
    pairs = zip(_RATIOS, body.ratios, strict=True)
    return ", ".join(f"{name} {_percent(ratio)}" for name, ratio in pairs)


def _percent(ratio: Decimal | None) -> str:
    return "-" if ratio is None else f"{ratio} %"
