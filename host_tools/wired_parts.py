"""Parts and signals on the pins of a gateway's board: what each measures, and its wires.

`PARTS` says how the part is wired that a driver reads. Parts tell the truth when they looked at
what they measure, and how finely they do.
"""

import itertools
import math
from collections.abc import Callable
from fractions import Fraction

from host_tools.emulation.board import Board
from host_tools.emulation.held import Held
from host_tools.emulation.parts.accelerometer import Motion
from host_tools.emulation.parts.ads1115 import Ads1115
from host_tools.emulation.parts.adxl345 import Adxl345
from host_tools.emulation.parts.bme280 import Bme280
from host_tools.emulation.parts.ds18b20 import Ds18b20, OneWireLine
from host_tools.emulation.parts.lis3dh import Lis3dh
from host_tools.emulation.parts.mcp9600 import Mcp9600
from host_tools.emulation.parts.sht3x import Sht3x
from host_tools.emulation.ratios import Value
from host_tools.emulation.scheduler import Scheduler
from host_tools.truth import Truth

_LOOK_US = 1_000_000
UNASKED_US = {"pulse": _LOOK_US, "digital_in": _LOOK_US}
"""How often the signals at pins look at what they stand for: these are not asked for it."""

_NOMINAL = {
    "temperature": 21,
    "temperature_cold_junction": 25,
    "humidity": 45,
    "pressure_air": 1013,
    "digital_input": 0,
}
"""What a part measures that no signal says; others are in the middle of their range."""

_MIDDLE = Fraction(1, 2)
_SIXTEENTH = Fraction(1, 16)
_RMS_STEPS = 4
_RMS_PERMILLE = 50
_ACCELERATION_STEP = Fraction(8, 100)
_FULL_SCALES_V = [Fraction(mv, 1000) for mv in (6144, 4096, 2048, 1024, 512, 256)]
_GRAVITY = 9.80665
_SINE_PEAK = Fraction(math.sqrt(2))  # over its RMS
_SHAKES_HZ = 97
_MAINS_HALF_V = 1.65
_VIBRATION_MIDDLE_V = 1.3


class Place:
    """Where a part is wired: what it is to measure, and its wires."""

    def __init__(
        self,
        scheduler: Scheduler,
        board: Board,
        bus: dict,
        device: dict,
        signals: Held,
        truth: Truth,
    ):
        self.tell = truth.of_device(device["id"])
        self._truth = truth
        self.scheduler = scheduler
        self.board = board
        self.parts = board.peripherals
        self.bus = bus
        self.device = device
        self._signals = signals

    def measured(
        self, quantity: str, grain: Value, default: Value | None = None, permille: int = 0
    ) -> Callable[[int], Fraction]:
        """A quantity over time, which the part serves so exactly; each look at it is told."""
        value = self.value_of(quantity, default)
        self.set_part(quantity, grain, permille)

        def look(now_us: int) -> Fraction:
            seen = value(now_us)
            self.tell(now_us, quantity, seen)
            return seen

        return look

    def set_part(self, quantity: str, grain: Value, permille: int = 0) -> None:
        """The part serves a quantity in such steps; `tell` is called when it does."""
        self._truth.set_part(self.device["id"], quantity, grain, permille)

    def value_of(self, quantity: str, default: Value | None = None) -> Callable[[int], Fraction]:
        """A quantity over time; what no signal says stands still."""
        self._signals.complete(quantity, _NOMINAL.get(quantity, 0) if default is None else default)
        return lambda now_us: Fraction(self._signals.value(quantity, now_us))

    def channel(self) -> dict:
        (channel,) = self.device["channel"]
        return channel

    def raw(self, low: int, high: int, grain: int = 1) -> Callable[[int], Fraction]:
        """The raw number over time that the device's line turns into its channel's value; the part
        serves it in such steps."""
        numerator, offset, denominator = self.device["line"]
        channel = self.channel()
        scale = Fraction(10) ** channel["places"]
        middle = (numerator * (low + (high - low) * _MIDDLE) + offset) / denominator / scale
        step = abs(Fraction(numerator, denominator)) * grain / scale
        value = self.measured(channel["name"], step, middle)
        return lambda now_us: (value(now_us) * scale * denominator - offset) / numerator


def _wire_i2c(part_of: Callable[[Place], object]) -> Callable[[Place], None]:
    def wire(place: Place) -> None:
        bus = place.parts.i2c.setdefault(place.bus["i2c"], {})
        bus[place.device["address"]] = part_of(place)

    return wire


def _sht3x(place: Place) -> Sht3x:
    temperature = place.measured("temperature", Fraction(175, 65535))
    return Sht3x(place.scheduler, temperature, place.measured("humidity", Fraction(100, 65535)))


def _bme280(place: Place) -> Bme280:
    grains = {
        "temperature": Fraction(1, 100),
        "humidity": Fraction(1, 50),
        "pressure_air": Fraction(1, 100),
    }
    return Bme280(place.scheduler, *(place.measured(*one) for one in grains.items()))


def _mcp9600(place: Place) -> Mcp9600:
    hot = place.measured("temperature", _SIXTEENTH)
    cold = place.measured("temperature_cold_junction", _SIXTEENTH)
    return Mcp9600(place.scheduler, hot, cold, "KJTNSEBR"[place.device["thermocouple"]])


def _wire_ads1115(place: Place) -> None:
    """The inputs of one converter are devices of their own."""
    bus = place.parts.i2c.setdefault(place.bus["i2c"], {})
    part = bus.setdefault(place.device["address"], Ads1115(place.scheduler))
    step_v = _FULL_SCALES_V[place.device["gain"]] / 32768
    low, high = place.device["limits"][1:3]
    raw, mux = place.raw(low, high), place.device["mux"]
    places = part.between if mux < len(part.inputs) else part.inputs
    places[mux & 3] = lambda now_us: raw(now_us) * step_v


def _rms(place: Place) -> Callable[[int], Fraction]:
    """A burst holds no whole number of periods, so its RMS is not exact, nor is the peak."""
    rms = place.measured("vibration_acceleration", _ACCELERATION_STEP, permille=_RMS_PERMILLE)
    place.set_part("vibration_acceleration_peak", _ACCELERATION_STEP, _RMS_PERMILLE)

    def look(now_us: int) -> Fraction:
        seen = rms(now_us)
        place.tell(now_us, "vibration_acceleration_peak", seen * _SINE_PEAK)
        return seen

    return look


def _shaken(rms: Callable[[int], Fraction]) -> Motion:
    """Lying flat on what shakes upwards and downwards, with this RMS in m/s²."""

    def motion(now_us: int) -> tuple[float, float, float]:
        peak_g = float(rms(now_us)) / _GRAVITY * math.sqrt(2)
        return 0, 0, 1 + peak_g * math.sin(2 * math.pi * _SHAKES_HZ * now_us / 1_000_000)

    return motion


def _accelerometer(kind: type) -> Callable[[Place], None]:
    def wire(place: Place) -> None:
        part = kind(place.scheduler, _shaken(_rms(place)))
        if "cs" in place.device:
            place.parts.spi.setdefault(place.bus["spi"], {})[place.device["cs"]] = part
        else:
            place.parts.i2c.setdefault(place.bus["i2c"], {})[place.device["address"]] = part

    return wire


def _wire_ds18b20(place: Place) -> None:
    line = place.parts.one_wire.setdefault(place.bus["pin"], OneWireLine())
    rom = place.device.get("rom")
    serial = int.from_bytes(bytes.fromhex(rom)[1:7], "little") if rom else 1
    temperature = place.measured("temperature", _SIXTEENTH)
    line.parts.append(Ds18b20(place.scheduler, serial, temperature))


def _wire_pulses(place: Place) -> None:
    """Pulses come each second, as many as the quantity has grown by since they are counted."""
    channel = place.channel()
    pin = place.device["pin"]
    numerator, offset, denominator = place.device["line"]
    scale = Fraction(10) ** channel["places"]
    value = place.value_of(channel["name"])
    place.set_part(channel["name"], Fraction(numerator, denominator) / scale)
    begin = value(0)
    sent = 0
    for_each = itertools.count(1)

    def send() -> None:
        nonlocal begin, sent
        now_us = place.scheduler.now_us
        if not sent and not place.parts.is_counted(pin):
            begin = value(now_us)
        due = int((value(now_us) - begin) * scale * denominator / numerator)
        if due > sent:
            place.parts.pulse(pin, due - sent)
            sent = due
        place.tell(
            now_us, channel["name"], Fraction(numerator * sent + offset, denominator) / scale
        )
        place.scheduler.at(next(for_each) * _LOOK_US, send)

    send()


def _wire_analog(place: Place) -> None:
    raw_uv = place.raw(*place.device["limits"][1:3])
    place.parts.volts[place.device["pin"]] = lambda now_us: raw_uv(now_us) / 1_000_000


def _wire_current(place: Place) -> None:
    """A sine around half of the supply; the line counts in steps of 0.1 mV of its RMS."""
    rms, period_us = place.raw(0, 1000, _RMS_STEPS), place.device["period_us"]
    place.parts.volts[place.device["pin"]] = lambda now_us: (
        _MAINS_HALF_V
        + float(rms(now_us)) / 10_000 * math.sqrt(2) * math.sin(2 * math.pi * now_us / period_us)
    )


def _wire_vibration(place: Place) -> None:
    """A sine in the middle of what the converter measures; the line counts in steps of 0.1 mV."""
    numerator, _, denominator = place.device["line"]
    rms = _rms(place)
    amplitude_v = math.sqrt(2) * denominator / numerator / 10_000
    place.parts.volts[place.device["pin"]] = lambda now_us: (
        _VIBRATION_MIDDLE_V
        + float(rms(now_us)) * amplitude_v * math.sin(2 * math.pi * _SHAKES_HZ * now_us / 1_000_000)
    )


def _wire_level(place: Place) -> None:
    """The level of a digital input is looked at each second."""
    value = place.value_of("digital_input")
    place.set_part("digital_input", 0)
    turned = place.device["invert"]
    seconds = itertools.count(1)

    def look() -> None:
        now_us = place.scheduler.now_us
        level = int(value(now_us) != 0)
        place.board.set_pin(place.device["pin"], level ^ turned)
        place.tell(now_us, "digital_input", level)
        place.scheduler.at(next(seconds) * _LOOK_US, look)

    look()


PARTS: dict[str, Callable[[Place], None]] = {
    "sht3x": _wire_i2c(_sht3x),
    "bme280": _wire_i2c(_bme280),
    "mcp9600": _wire_i2c(_mcp9600),
    "ads1115": _wire_ads1115,
    "adxl345": _accelerometer(Adxl345),
    "lis3dh": _accelerometer(Lis3dh),
    "ds18b20": _wire_ds18b20,
    "pulse": _wire_pulses,
    "analog": _wire_analog,
    "analog_vibration": _wire_vibration,
    "current_transformer": _wire_current,
    "digital_in": _wire_level,
}
"""By the driver that reads the part."""
