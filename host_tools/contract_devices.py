"""Events of devices as a subscriber reads them: silent, answering again, refusing registers.

They belong to the contract (docs/mqtt.md); `host_tools.contract` hands their bodies here.
"""

from dataclasses import dataclass

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


DeviceBody = Answering | Refusal


def answering_body(table) -> Answering:
    return Answering(table.one_of("device", ("silent", "answering")) == "answering")


def refusal_body(table) -> Refusal:
    inner = table.table("refused")
    refusal = Refusal(inner.natural("count"), inner.pairs("cuts", _LARGEST_WORD))
    inner.end()
    return refusal


BODIES = {"device": answering_body, "refused": refusal_body}
"""The key that tells an event → what reads its body."""


def sentence(body: DeviceBody) -> str:
    """An event as people read it."""
    match body:
        case Answering(answers):
            return "answers again" if answers else "does not answer"
        case Refusal(count, cuts):
            shown = ", ".join(f"{address} (function {function})" for function, address in cuts)
            rest = f" and {count - len(cuts)} more" if count > len(cuts) else ""
            return f"refuses to be read across these registers: {shown or 'none'}{rest}"
