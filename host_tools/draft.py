"""`limen draft`: a site file for a recording, to replay it and to find its thresholds.

Each device of the recording gets a profile that measures all of its columns: a meter for what is
electrical, sensors for temperatures, vibration and contacts, a 4–20 mA transmitter for the rest.
Where the columns name no devices, each kind of them makes one.
"""

import argparse
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from host_tools import plan_arguments
from host_tools.doctor.site import write_checked
from host_tools.emulation.column_map import QUANTITIES
from host_tools.emulation.quantities import QUANTITIES as ELECTRICAL
from host_tools.emulation.recording import Recording
from host_tools.errors import ToolError
from host_tools.profile import load_profile
from limen.core.quantity import lookup
from limen.core.units import ms_text

_HEAD = """\
# Written by `limen draft` for {recording}. The board, its pins and the devices are a proposal.
[site]
id = "draft"

[mqtt]
host = "broker.local"

[gateway.draft]
board = "espressif-esp32-devkitc-ve"
"""
_BUSES = {
    "line": {"kind": "modbus-rtu", "baud": 19200, "tx": 26, "rx": 27, "de": 4},
    "wire": {"kind": "onewire", "pin": 18},
    "sensors": {"kind": "i2c", "sda": 21, "scl": 22},
    "shaken": {"kind": "spi", "sck": 14, "mosi": 13, "miso": 19, "frequency": "2 MHz"},
    "pins": {"kind": "pins"},
}
_PINS = (32, 33, 25, 23, 4, 26, 27, 22, 21, 18)
_BARE_PINS = (34, 35, 36, 39)
_METERS = ("eastron-sdm120", "eastron-sdm630")
_ADDRESSES = {"sensirion-sht3x": (0x44, 0x45), "bosch-bme280": (0x76, 0x77)}
_INPUTS = [(address, number) for address in (0x48, 0x49, 0x4A, 0x4B) for number in range(4)]
_DIGITS = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recording", type=Path, metavar="FILE", required=True)
    plan_arguments.add_recording_arguments(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", required=True, help="the site file")


def run(args: argparse.Namespace) -> int:
    recording = plan_arguments.load_recording(args, print)
    if args.out.exists():
        raise ToolError(f"{args.out} is there already: name another file, or remove it.", 2)
    text = draft(recording)
    write_checked(args.out, text)
    print(f"{args.out} has {text.count('.device]]')} devices. Next: limen tune, limen replay.")
    return 0


def draft(recording: Recording) -> str:
    """The text of a site file whose devices measure what a recording has."""
    wrong, plan = [], []
    for name, quantities in _devices_of(recording).items():
        kind = next((kind for kind in _KINDS if kind.fits(quantities)), None)
        if kind:
            plan.append((name, quantities, kind))
        else:
            wrong.append(
                f"no device measures {' and '.join(sorted(quantities))}"
                + f" for {name!r}" * bool(recording.devices)
                + ": give the columns other devices in a map, or leave some away"
            )
    if wrong:
        raise ToolError("\n".join(f"{recording.path}: {one}" for one in wrong), 2)
    drawing = _Drawing(recording, [kind.bus for *_, kind in plan])
    for name, quantities, kind in plan:
        try:
            kind.draw(drawing, name, quantities)
        except StopIteration:
            raise ToolError(
                f"{recording.path}: no pin or address of the board is left for {name!r}", 2
            ) from None
    return drawing.text()


def _devices_of(recording: Recording) -> dict[str, frozenset[str]]:
    """What each device measures; without names the kinds of columns make the devices."""
    if recording.devices:
        return {device: recording.quantities(device) for device in recording.devices}
    known = recording.quantities()
    electrical = known & ELECTRICAL.keys()
    rest = sorted(known - electrical)
    made = {"meter": electrical} if electrical else {}
    return made | {quantity.replace("_", "-"): frozenset([quantity]) for quantity in rest}


class _Drawing:
    """The buses and devices of a site, as text; addresses and pins are given away one by one."""

    def __init__(self, recording: Recording, buses: list[str]):
        self._recording = recording
        self._every = ms_text(recording.every_ms)
        self._buses = [name for name in _BUSES if name in buses]
        self._devices: list[str] = []
        self._addresses = itertools.count(1)
        self._free = {name: iter(places) for name, places in _ADDRESSES.items()}
        self._inputs = iter(_INPUTS)
        wired = {pin for name in self._buses for pin in _BUSES[name].values()}
        self._pins = iter([pin for pin in _PINS if pin not in wired])
        self._bare_pins = iter(_BARE_PINS)

    def text(self) -> str:
        head = _HEAD.format(recording=self._recording.path.name)
        return head + "".join(map(_bus_text, self._buses)) + "".join(self._devices)

    def _put(self, name: str, bus: str, profile: str, *lines: str) -> None:
        head = (f'id = "{name}"', f'profile = "{profile}"', f'bus = "{bus}"')
        rows = (*head, *lines, f'every = "{self._every}"')
        self._devices.append("\n[[gateway.draft.device]]\n" + "\n".join(rows) + "\n")

    def meter(self, name: str, quantities: frozenset[str]) -> None:
        profile = next(one for one in _METERS if quantities <= _channels_of(one))
        channels = (f"channels.{quantity} = {{}}" for quantity in sorted(quantities))
        self._put(name, "line", profile, f"address = {next(self._addresses)}", *channels)

    def thermometer(self, name: str, quantities: frozenset[str]) -> None:
        self._put(name, "wire", "maxim-ds18b20", f'rom = "28-{next(self._addresses):012x}"')

    def air_sensor(self, name: str, quantities: frozenset[str]) -> None:
        profile = "bosch-bme280" if "pressure_air" in quantities else "sensirion-sht3x"
        self._put(name, "sensors", profile, f"address = 0x{next(self._free[profile]):x}")

    def accelerometer(self, name: str, quantities: frozenset[str]) -> None:
        lines = (f"cs = {next(self._pins)}", 'rate = "3200 Hz"', 'range = "16 g"')
        self._put(name, "shaken", "analogdevices-adxl345", *lines)

    def contact(self, name: str, quantities: frozenset[str]) -> None:
        self._put(name, "pins", "digital-input", *self._input_pin())

    def counter(self, name: str, quantities: frozenset[str]) -> None:
        (quantity,) = quantities
        self._put(name, "pins", "pulse-input", *self._input_pin(), f'quantity = "{quantity}"')

    def transmitter(self, name: str, quantities: frozenset[str]) -> None:
        (quantity,) = quantities
        address, number = next(self._inputs)
        low, high = self._range(name, quantity)
        unit = QUANTITIES[quantity]
        lines = (f"address = 0x{address:x}", f'input = "{number}"', f'quantity = "{quantity}"')
        signal = ('signal = "4-20 mA"', 'shunt = "100 ohm"')
        ends = (f'from = "{low:f} {unit}"', f'to = "{high:f} {unit}"')
        self._put(name, "sensors", "ti-ads1115", *lines, *signal, *ends)

    def _input_pin(self) -> list[str]:
        """A pin for a contact, at last one that needs a resistor outside of the chip."""
        pin = next(self._pins, None)
        if pin is not None:
            return [f"pin = {pin}"]
        return [f"pin = {next(self._bare_pins)}", 'pull = "none"']

    def _range(self, name: str, quantity: str) -> tuple[Decimal, Decimal]:
        """What a transmitter must measure, up to the next whole steps of a tenth or less of it."""
        recording = self._recording
        device = name if recording.devices else None
        values = [recording.value(quantity, row, device) for row in range(recording.rows)]
        low, high = min(values), max(values)
        step = Decimal(1).scaleb(max((high - low).adjusted() - 1, -_DIGITS))
        return low // step * step - step, high // step * step + step


def _bus_text(name: str) -> str:
    rows = [f"{key} = {value!r}".replace("'", '"') for key, value in _BUSES[name].items()]
    return "\n".join(["", "[[gateway.draft.bus]]", f'id = "{name}"', *rows, ""])


def _channels_of(profile: str) -> set[str]:
    return {row[0] for row in load_profile(profile)["channel"]}


@dataclass(frozen=True)
class _Kind:
    """A kind of device: whether it measures such quantities, its bus, how it is drawn."""

    fits: Callable[[frozenset[str]], bool]
    bus: str
    draw: Callable[[_Drawing, str, frozenset[str]], None]


def _is_metered(quantities: frozenset[str]) -> bool:
    return any(quantities <= _channels_of(profile) for profile in _METERS)


def _all_of(known: Iterable[str]) -> Callable[[frozenset[str]], bool]:
    return lambda quantities: quantities <= set(known)


def _one_of(kind: str) -> Callable[[frozenset[str]], bool]:
    return lambda quantities: len(quantities) == 1 and lookup(*quantities)[1] == kind


_KINDS = (
    _Kind(_is_metered, "line", _Drawing.meter),
    _Kind(_all_of(["temperature"]), "wire", _Drawing.thermometer),
    _Kind(_all_of(["temperature", "humidity", "pressure_air"]), "sensors", _Drawing.air_sensor),
    _Kind(_all_of(["vibration_acceleration"]), "shaken", _Drawing.accelerometer),
    _Kind(_all_of(["digital_input"]), "pins", _Drawing.contact),
    _Kind(_one_of("counter"), "pins", _Drawing.counter),
    _Kind(_one_of("gauge"), "sensors", _Drawing.transmitter),
)
"""The best first."""
