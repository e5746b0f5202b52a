"""What happens on the shop floor of an emulated site: sensors that see parts, and work orders.

    [[sensor]]
    device = "part-sensor"
    sees = "part"

    [[order]]
    machine = "press"
    order = "A-4711"
    start = "8s"
    pause = "30s"
    resume = "40s"
    end = "66s"

These stand in demo.toml beside the site file, as faults do; times count from the start.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from host_tools.fault_plan import LONGEST_MS
from host_tools.toml_file import TomlError, read_toml
from limen.core.schema import Spot, duration_ms, one_of, optional, required, suggestion, text

SEES = ("part", "reject")

_TIME = duration_ms(0, LONGEST_MS)
_SENSOR = {
    "device": required(text, 'device = "part-sensor"'),
    "sees": required(one_of(SEES), 'sees = "part"'),
}
_ORDER = {
    "machine": required(text, 'machine = "press"'),
    "order": required(text, 'order = "A-4711"'),
    "start": required(_TIME, 'start = "8s"'),
    "pause": optional(_TIME),
    "resume": optional(_TIME),
    "end": required(_TIME, 'end = "66s"'),
}
_DEEDS = (("start", "start"), ("pause", "pause"), ("resume", "start"), ("end", "end"))


@dataclass(frozen=True)
class Deed:
    """What is done with a work order at a time of the world: start, pause or end."""

    time_us: int
    machine: str
    order: str
    do: str


@dataclass
class Shop:
    """`sensors` {device: what it sees}, `deeds` in the order of their times."""

    sensors: dict[str, str] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)

    def pins(self, config: dict) -> list[tuple[int, str]]:
        """(pin, what it sees) of the sensors."""
        seen = [one for one in config["device"] if one["id"] in self.sensors]
        return [(one["pin"], self.sensors[one["id"]]) for one in seen]


def load_shop(path: Path, config: dict) -> Shop:
    """What a file plans for a gateway; TomlError with all that is wrong in it."""
    file = read_toml(path)
    problems = []
    spot = Spot(problems)
    devices = [one["id"] for one in config["device"] if one.get("driver") == "pulse"]
    machines = [one["id"] for one in config.get("function", []) if one["function"] == "machine"]
    shop = Shop()
    for here, values in _read(spot, file.data, "sensor", _SENSOR):
        _require(here.at("device"), values["device"], devices, "pulse-input")
        shop.sensors[values["device"]] = values["sees"]
    for here, values in _read(spot, file.data, "order", _ORDER):
        _require(here.at("machine"), values["machine"], machines, "machine")
        shop.deeds += _deeds(here, values)
    if problems:
        raise TomlError(file.describe(problems))
    shop.deeds.sort(key=lambda deed: deed.time_us)
    return shop


def _read(spot: Spot, data: dict, key: str, fields: dict) -> list[tuple[Spot, dict]]:
    listed = data.get(key, [])
    if not isinstance(listed, list):
        spot.at(key).report(f"must be written as [[{key}]]")
        return []
    places = [spot.at(key, index) for index in range(len(listed))]
    read = [here.read_table(entry, fields) for here, entry in zip(places, listed, strict=True)]
    whole = [key for key in fields if fields[key][1]]
    return [
        (here, values)
        for here, values in zip(places, read, strict=True)
        if values and None not in [values[key] for key in whole]
    ]


def _require(spot: Spot, name: str, known: list[str], word: str) -> None:
    if name not in known:
        spot.report(f'the gateway has no {word} "{name}"{suggestion(name, known)}')


def _deeds(spot: Spot, values: dict) -> list[Deed]:
    times = [(values[key], do, key) for key, do in _DEEDS if values[key] is not None]
    for (before, _, _), (after, _, key) in zip(times, times[1:], strict=False):
        if after <= before:
            spot.at(key).report("must be later than what is before it")
    if (values["pause"] is None) != (values["resume"] is None):
        spot.report("needs pause and resume, or neither")
    return [Deed(ms * 1000, values["machine"], values["order"], do) for ms, do, _ in times]


class Sight:
    """Lets pulses come to the pins of sensors whenever a part is done.

    `part_after_us(time_us)` tells when the next one is, `is_reject(time_us)` what became of it.
    """

    def __init__(self, scheduler, signals, pins: list[tuple[int, str]], pulse: Callable):
        self._scheduler = scheduler
        self._signals = signals
        self._pins = pins
        self._pulse = pulse
        if pins:
            self._wait()

    def _wait(self) -> None:
        self._next_us = self._signals.part_after_us(self._scheduler.now_us)
        self._scheduler.at(self._next_us, self._see)

    def _see(self) -> None:
        for pin, sees in self._pins:
            if sees == "part" or self._signals.is_reject(self._next_us):
                self._pulse(pin)
        self._wait()
