"""Events of devices as a subscriber reads them: silent, answering again, refusing registers,
naming itself, and what the gateway itself had to give up, or to do without.

They belong to the contract (docs/mqtt.md); `events` hands their bodies here.
"""

from dataclasses import dataclass

NAMES = ("manufacturer", "model", "serial_number", "firmware_version", "hardware_version")
"""What a nameplate may name: the closed vocabulary of profiles, too."""
_LARGEST_WORD = 0xFFFF


@dataclass(frozen=True)
class Answering:
    """A device does not answer any more, or answers again."""

    answers: bool


@dataclass(frozen=True)
class Refusal:
    """A device refuses to be read across some registers: requests end before each of them.

    `cuts` are the lowest of these `count` registers, as (Modbus function, address).
    """

    count: int
    cuts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Plate:
    """What a device says of itself: its `name`, a serial_number, is `text` and `was` another."""

    name: str
    text: str
    was: str | None


@dataclass(frozen=True)
class GivenUp:
    """The gateway's journal was full: `count` records of a boot went, from seq `first` to `last`.

    Records between them that are of the other kind, data or events, did not go.
    """

    cause: str
    inc: str
    boot: int
    first: int
    last: int
    count: int


@dataclass(frozen=True)
class GatewayFault:
    """The gateway does not run as it was told to: `what` is one of FAULTS."""

    what: str
    why: str


FAULTS = {
    "configuration": "went back to the last good configuration",
    "safe_mode": "runs without its devices (safe mode)",
    "update": "took the last update back",
}
"""What a gateway does without → as people read it."""

DeviceBody = Answering | Refusal | Plate | GivenUp | GatewayFault


def _answering_body(table) -> Answering:
    return Answering(table.one_of("device", ("silent", "answering")) == "answering")


def _refusal_body(table) -> Refusal:
    inner = table.table("refused")
    refusal = Refusal(inner.natural("count"), inner.pairs("cuts", _LARGEST_WORD))
    inner.end()
    return refusal


def _plate_body(table) -> Plate:
    return Plate(
        table.one_of("nameplate", NAMES), table.get("text", str), table.get("was", str, None)
    )


def _gap_body(table) -> GivenUp:
    cause = table.one_of("gap", ("full",))
    numbers = (table.natural(key) for key in ("boot", "from", "to", "count"))
    return GivenUp(cause, table.get("inc", str), *numbers)


def _fault_body(table) -> GatewayFault:
    return GatewayFault(table.one_of("fault", tuple(FAULTS)), table.get("why", str))


BODIES = {
    "device": _answering_body,
    "refused": _refusal_body,
    "nameplate": _plate_body,
    "gap": _gap_body,
    "fault": _fault_body,
}
"""The key that tells an event → what reads its body."""


def sentence(body: DeviceBody) -> str:
    """An event as people read it."""
    match body:
        case Answering(answers):
            return "answers again" if answers else "does not answer"
        case Plate(name, text, was):
            before = f", was {was}" if was else ""
            return f"has the {name.replace('_', ' ')} {text}{before}"
        case GivenUp(_, _, boot, first, last, count):
            return f"gave up {count} records of boot {boot} ({first} to {last}): the flash was full"
        case GatewayFault(what, why):
            return f"{FAULTS[what]}: {why}"
        case Refusal(count, cuts):
            shown = ", ".join(f"{address} (function {function})" for function, address in cuts)
            rest = f" and {count - len(cuts)} more" if count > len(cuts) else ""
            return f"refuses to be read across these registers: {shown or 'none'}{rest}"
