"""Which faults come when: made from a seed, and the same for it each time."""

import random
from dataclasses import dataclass, replace

from host_tools.soak.kinds import KINDS

_QUIET_S = 600
"""Without a fault at the begin and at the end, so that the first and the last state is known."""


@dataclass(frozen=True)
class Fault:
    """A fault of a schedule; `number` is its place there, `end_s` that of its end."""

    number: int
    kind: str
    device: str
    begin_s: int
    end_s: int

    def __str__(self) -> str:
        about = f" of {self.device}" if self.kind.startswith("meter") else ""
        until = f" to {_clock(self.end_s)}" if self.end_s > self.begin_s else ""
        return f"{self.number}: {self.kind}{about}, {_clock(self.begin_s)}{until}"


@dataclass(frozen=True)
class Schedule:
    """The faults of a seed, or some of them."""

    seed: int
    hours: int
    faults: tuple[Fault, ...]

    def only(self, numbers: set[int]) -> "Schedule":
        """The same schedule with these faults alone."""
        return replace(self, faults=tuple(f for f in self.faults if f.number in numbers))

    @property
    def numbers(self) -> list[int]:
        return [fault.number for fault in self.faults]

    def has(self, kinds: str, device: str | None = None) -> bool:
        """Whether a fault is of kinds that begin so, of this device if one is named."""
        return any(
            fault.kind.startswith(kinds) and device in (None, fault.device) for fault in self.faults
        )

    @property
    def end_s(self) -> int:
        return self.hours * 3600

    @property
    def last_fault_s(self) -> int:
        return max((fault.end_s for fault in self.faults), default=0)

    def command(self) -> str:
        """The command that plays just this."""
        chosen = ",".join(map(str, self.numbers)) or "none"
        return f"limen soak --seed {self.seed} --hours {self.hours} --faults {chosen}"


def make_schedule(seed: int, hours: int, devices: list[str]) -> Schedule:
    """About two faults an hour, of all kinds alike; many overlap. At least an hour is needed."""
    dice = random.Random(f"schedule {seed}")
    latest_s = hours * 3600 - _QUIET_S
    faults = []
    kinds = [kind for kind in KINDS if devices or not kind.startswith("meter")]
    for number in range(1, 2 * hours + 1):
        kind = dice.choice(kinds)
        begin_s = dice.randrange(_QUIET_S, latest_s)
        lasts_s = min(_duration_s(dice, KINDS[kind].longest_s), latest_s - begin_s)
        faults.append(Fault(number, kind, dice.choice(devices or [""]), begin_s, begin_s + lasts_s))
    return Schedule(seed, hours, tuple(faults))


def _duration_s(dice: random.Random, longest_s: int) -> int:
    """Short ones are as likely as long ones: seconds, minutes, up to the longest."""
    return int(longest_s ** dice.random()) if longest_s else 0


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
