"""What goes wrong with the meters of an emulated site, and when: demo.toml beside its site file.

    [[fault]]
    device = "press-2"
    kind = "silent"
    from = "12s"
    to = "27s"

Times count from the start of the demo.
"""

from dataclasses import dataclass
from pathlib import Path

from host_tools.emulation.meter import Faults
from host_tools.toml_file import TomlError, read_toml
from limen.core.schema import (
    Spot,
    duration_ms,
    entries,
    one_of,
    optional,
    required,
    suggestion,
    text,
)

FILE = "demo.toml"

KINDS = {
    "silent": (Faults(silent=True), "has died: it answers nothing"),
    "bad-crc": (Faults(bad_crc=True), "is disturbed: its checksums are wrong"),
    "exception": (Faults(exception=4), "has failed: it answers with exception 4"),
}
"""kind → (what the meter does, how it is told)"""

LONGEST_MS = 86_400_000
_TOP = {
    "fault": optional(entries, []),
    # What these hold, `shop_plan` reads.
    "sensor": optional(entries),
    "order": optional(entries),
}
_FAULT = {
    "device": required(text, 'device = "main-meter"'),
    "kind": required(one_of(tuple(KINDS)), 'kind = "silent"'),
    "from": required(duration_ms(0, LONGEST_MS), 'from = "12s"'),
    "to": required(duration_ms(0, LONGEST_MS), 'to = "27s"'),
}


@dataclass(frozen=True)
class PlannedFault:
    """A fault of a device between two of the world's times."""

    device: str
    kind: str
    begin_us: int
    end_us: int

    def faults(self) -> Faults:
        """What the meter gets when it begins."""
        return KINDS[self.kind][0]

    def text(self) -> str:
        """What a spectator is told when it begins."""
        return f"{self.device} {KINDS[self.kind][1]}"


def load_faults(path: Path, devices: list[str]) -> list[PlannedFault]:
    """The faults that a file plans for these devices; TomlError with all that is wrong in it."""
    file = read_toml(path)
    problems = []
    spot = Spot(problems)
    planned = (spot.read_table(file.data, _TOP) or {}).get("fault") or []
    faults = [_fault(spot.at("fault", i), entry, devices) for i, entry in enumerate(planned)]
    if problems:
        raise TomlError(file.describe(problems))
    return faults


def _fault(spot: Spot, entry, devices: list[str]) -> PlannedFault | None:
    values = spot.read_table(entry, _FAULT)
    if values is None or None in values.values():
        return None
    device, begin_ms, end_ms = values["device"], values["from"], values["to"]
    if device not in devices:
        hint = suggestion(device, devices)
        spot.at("device").report(f'the gateway has no device "{device}"{hint}')
    if end_ms <= begin_ms:
        spot.at("to").report("must be later than from")
    return PlannedFault(device, values["kind"], begin_ms * 1000, end_ms * 1000)
