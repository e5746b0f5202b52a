"""What hangs on the buses of a gateway's board: a meter, a part or a signal for each device.

The configuration says what is there, `signals` what it measures. Meters tell the truth what they
have served; parts tell when they looked at what they measure, and how finely they do.
"""

import itertools
import math
from collections.abc import Callable
from fractions import Fraction

from host_tools.bus_trace import Exchange
from host_tools.emulation.board import Board
from host_tools.emulation.converter import FRAMING, Converter
from host_tools.emulation.lan import Lan
from host_tools.emulation.line import Framing, Line
from host_tools.emulation.meter import Meter
from host_tools.emulation.p1_meter import PERIODS_US, P1Meter
from host_tools.emulation.parts.accelerometer import Motion
from host_tools.emulation.parts.ads1115 import Ads1115
from host_tools.emulation.parts.adxl345 import Adxl345
from host_tools.emulation.parts.bme280 import Bme280
from host_tools.emulation.parts.ds18b20 import Ds18b20, OneWireLine
from host_tools.emulation.parts.lis3dh import Lis3dh
from host_tools.emulation.parts.mcp9600 import Mcp9600
from host_tools.emulation.parts.sht3x import Sht3x
from host_tools.emulation.profile_model import profile_model
from host_tools.emulation.scheduler import Scheduler
from host_tools.emulation.signals import (
    Completed,
    Held,
    PerDevice,
    Share,
    Signals,
    Value,
    completed,
)
from host_tools.emulation.traced_line import TracedLine
from host_tools.errors import ToolError
from host_tools.truth import Truth

METERS = {
    "Eastron SDM630-Modbus": "eastron-sdm630",
    "Eastron SDM120-Modbus": "eastron-sdm120",
    "ABB A43/A44/B23/B24 (Modbus types -1x2, -3x2)": "abb-b23-b24",
    "Carlo Gavazzi EM330/EM340/ET330/ET340/EM24-E1/EM530/EM540": "carlogavazzi-em340",
    "Schneider Electric iEM3155/iEM3255 (iEM3000 series)": "schneider-iem3155-iem3255",
    "ORNO OR-WE-516/517": "orno-we516-517",
}
"""What a profile calls its model → the emulated meter that plays it; others hold what is read."""

_TCP = ("modbus-tcp", "modbus-tcp-ahead", "modbus-rtu-tcp")
_MODBUS = ("modbus-rtu", *_TCP)
_P1_VERSIONS = {115200: "5", 9600: "2"}
_PARITIES = {None: None, 0: "E", 1: "O"}
_PULSE_STEP_US = 1_000_000
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
_SHAKES_HZ = 97
_MAINS_HALF_V = 1.65
_VIBRATION_MIDDLE_V = 1.3
_MAINS_US = 20_000


def require_one_line(config: dict) -> None:
    """Raise ToolError where it is not clear whose trace is played."""
    lines = [bus["id"] for bus in config["bus"] if bus["kind"] == "modbus-rtu"]
    if len(lines) != 1:
        raise ToolError(f"A trace is of one Modbus line; this site has {len(lines)}.", 2)


def meters_of(config: dict) -> list[str]:
    """The devices that are emulated meters; others are parts and signals at pins."""
    kinds = [bus["kind"] for bus in config["bus"]]
    return [one["id"] for one in config["device"] if kinds[one["bus"]] in (*_MODBUS, "p1")]


def unasked_us(config: dict) -> dict[str, int]:
    """How often devices tell their values that are not asked for them."""
    buses = config["bus"]
    meters = {
        device["id"]: PERIODS_US[_P1_VERSIONS[buses[device["bus"]]["baud"]]]
        for device in config["device"]
        if buses[device["bus"]]["kind"] == "p1"
    }
    steps = {"pulse": _PULSE_STEP_US, "digital_in": _PULSE_STEP_US}
    pins = {
        device["id"]: steps[device["driver"]]
        for device in config["device"]
        if device.get("driver") in steps
    }
    return meters | pins


class Wiring:
    """What `config` says; `lines` are by UART, `driver_enable` tells which pin drives which,
    `meters` are by device, and so is what each measures, `held`.

    Where there is a `trace` the Modbus line of the site has that in place of meters, as
    `traced_line`.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        config: dict,
        signals: Signals,
        truth: Truth,
        trace: list[Exchange] | None = None,
    ):
        self.traced_line: TracedLine | None = None
        self.lines: dict[int, Line] = {}
        self.driver_enable: dict[int, int] = {}
        self.meters: dict[str, Meter | P1Meter] = {}
        self._scheduler = scheduler
        self.config = config
        self._truth = truth
        self._trace = trace
        self._converters: dict[int, Converter] = {}
        for number, bus in enumerate(config["bus"]):
            self._add_bus(number, bus)
        meters = meters_of(config)
        self.held = {
            name: Held(completed(share) if name in meters else share)
            for name, share in signals_of_devices(config, signals).items()
        }
        for device in config["device"]:
            self._add_meter(device, config["bus"][device["bus"]], self.held[device["id"]])

    def connect(self, board: Board, lan: Lan) -> None:
        """Wire the board's pins, and put the converters on its network."""
        for number, converter in self._converters.items():
            bus = self.config["bus"][number]
            lan.listen(bus["host"], bus["port"], converter.accept)
        for device in self.config["device"]:
            wire = _PARTS.get(device.get("driver"))
            if wire:
                bus = self.config["bus"][device["bus"]]
                name = device["id"]
                wire(_Place(self._scheduler, board, bus, device, self.held[name], self._truth))

    def quantities(self, device: str) -> list[str]:
        """What the gateway reads of a device."""
        (found,) = (one for one in self.config["device"] if one["id"] == device)
        return [channel["name"] for channel in found["channel"]]

    def close(self) -> None:
        for meter in self.meters.values():
            meter.close()

    def _add_bus(self, number: int, bus: dict) -> None:
        if bus["kind"] in _TCP:
            converter = Converter(self._scheduler, bus["kind"] != "modbus-rtu-tcp")
            self._converters[number] = converter
        elif "uart" in bus:
            line = self.lines[bus["uart"]] = Line(self._scheduler)
            if self._trace and bus["kind"] == "modbus-rtu":
                self.traced_line = TracedLine(self._scheduler, line, _framing_of(bus), self._trace)
            if bus.get("de") is not None:
                self.driver_enable[bus["de"]] = bus["uart"]

    def _add_meter(self, device: dict, bus: dict, signals: Signals) -> None:
        if self._trace and bus["kind"] == "modbus-rtu":
            return
        tell = self._truth.of_device
        name = device["id"]
        if bus["kind"] == "p1":
            line = self.lines[bus["uart"]]
            version = _P1_VERSIONS[bus["baud"]]
            meter = P1Meter(self._scheduler, line, signals, version, on_read=tell(name))
        elif bus["kind"] in _MODBUS:
            line, framing = self._line_of(device, bus)
            model = METERS.get(device["model"]) or profile_model(device)
            address = device["address"]
            meter = Meter(
                self._scheduler, line, address, model, signals, on_read=tell(name), framing=framing
            )
        else:
            return
        self.meters[name] = meter

    def _line_of(self, device: dict, bus: dict) -> tuple[Line, Framing]:
        if bus["kind"] in _TCP:
            return self._converters[device["bus"]].line, FRAMING
        return self.lines[bus["uart"]], _framing_of(bus, device.get("framing"))


def signals_of_devices(config: dict, signals: Signals) -> dict[str, Signals]:
    """What each device measures: what the model says of it, or its share of the one load."""
    names = [device["id"] for device in config["device"]]
    if isinstance(signals, PerDevice):
        return {name: signals.of_device(name) for name in names}
    whole = Completed(signals)
    return {name: Share(whole, Fraction(1, place)) for place, name in enumerate(names, start=1)}


def _framing_of(bus: dict, own: list | None = None) -> Framing:
    """The framing of a line, or of a device on it that has one of its own."""
    baud, parity, stop = own or (bus["baud"], bus["parity"], bus["stop"])
    return Framing(baud, bus["bits"], _PARITIES[parity], stop)


class _Place:
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
        self._truth.set_part(self.device["id"], quantity, grain, permille)

        def look(now_us: int) -> Fraction:
            seen = value(now_us)
            self.tell(now_us, quantity, seen)
            return seen

        return look

    def set_part(self, quantity: str, grain: Value) -> None:
        """The part serves a quantity in such steps; `tell` is called when it does."""
        self._truth.set_part(self.device["id"], quantity, grain)

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


def _wire_i2c(part_of: Callable[[_Place], object]) -> Callable[[_Place], None]:
    def wire(place: _Place) -> None:
        bus = place.parts.i2c.setdefault(place.bus["i2c"], {})
        bus[place.device["address"]] = part_of(place)

    return wire


def _sht3x(place: _Place) -> Sht3x:
    temperature = place.measured("temperature", Fraction(175, 65535))
    return Sht3x(place.scheduler, temperature, place.measured("humidity", Fraction(100, 65535)))


def _bme280(place: _Place) -> Bme280:
    grains = {
        "temperature": Fraction(1, 100),
        "humidity": Fraction(1, 50),
        "pressure_air": Fraction(1, 100),
    }
    return Bme280(place.scheduler, *(place.measured(*one) for one in grains.items()))


def _mcp9600(place: _Place) -> Mcp9600:
    hot = place.measured("temperature", _SIXTEENTH)
    cold = place.measured("temperature_cold_junction", _SIXTEENTH)
    return Mcp9600(place.scheduler, hot, cold, "KJTNSEBR"[place.device["thermocouple"]])


def _wire_ads1115(place: _Place) -> None:
    """The inputs of one converter are devices of their own."""
    bus = place.parts.i2c.setdefault(place.bus["i2c"], {})
    part = bus.setdefault(place.device["address"], Ads1115(place.scheduler))
    step_v = _FULL_SCALES_V[place.device["gain"]] / 32768
    low, high = place.device["limits"][1:3]
    raw = place.raw(low, high)
    part.inputs[place.device["mux"] & 3] = lambda now_us: raw(now_us) * step_v


def _rms(place: _Place) -> Callable[[int], Fraction]:
    """A burst holds no whole number of periods, so its RMS is not exact."""
    return place.measured("vibration_acceleration", _ACCELERATION_STEP, permille=_RMS_PERMILLE)


def _shaken(rms: Callable[[int], Fraction]) -> Motion:
    """Lying flat on what shakes upwards and downwards, with this RMS in m/s²."""

    def motion(now_us: int) -> tuple[float, float, float]:
        peak_g = float(rms(now_us)) / _GRAVITY * math.sqrt(2)
        return 0, 0, 1 + peak_g * math.sin(2 * math.pi * _SHAKES_HZ * now_us / 1_000_000)

    return motion


def _accelerometer(kind: type) -> Callable[[_Place], None]:
    def wire(place: _Place) -> None:
        part = kind(place.scheduler, _shaken(_rms(place)))
        if "cs" in place.device:
            place.parts.spi.setdefault(place.bus["spi"], {})[place.device["cs"]] = part
        else:
            place.parts.i2c.setdefault(place.bus["i2c"], {})[place.device["address"]] = part

    return wire


def _wire_ds18b20(place: _Place) -> None:
    line = place.parts.one_wire.setdefault(place.bus["pin"], OneWireLine())
    rom = place.device.get("rom")
    serial = int.from_bytes(bytes.fromhex(rom)[1:7], "little") if rom else 1
    temperature = place.measured("temperature", _SIXTEENTH)
    line.parts.append(Ds18b20(place.scheduler, serial, temperature))


def _wire_pulses(place: _Place) -> None:
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
        place.scheduler.at(next(for_each) * _PULSE_STEP_US, send)

    send()


def _wire_analog(place: _Place) -> None:
    raw_uv = place.raw(*place.device["limits"][1:3])
    place.parts.volts[place.device["pin"]] = lambda now_us: raw_uv(now_us) / 1_000_000


def _wire_current(place: _Place) -> None:
    """A sine around half of the supply; the line counts in steps of 0.1 mV of its RMS."""
    rms = place.raw(0, 1000, _RMS_STEPS)
    place.parts.volts[place.device["pin"]] = lambda now_us: (
        _MAINS_HALF_V
        + float(rms(now_us)) / 10_000 * math.sqrt(2) * math.sin(2 * math.pi * now_us / _MAINS_US)
    )


def _wire_vibration(place: _Place) -> None:
    """A sine in the middle of what the converter measures; the line counts in steps of 0.1 mV."""
    numerator, _, denominator = place.device["line"]
    rms = _rms(place)
    amplitude_v = math.sqrt(2) * denominator / numerator / 10_000
    place.parts.volts[place.device["pin"]] = lambda now_us: (
        _VIBRATION_MIDDLE_V
        + float(rms(now_us)) * amplitude_v * math.sin(2 * math.pi * _SHAKES_HZ * now_us / 1_000_000)
    )


def _wire_level(place: _Place) -> None:
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
        place.scheduler.at(next(seconds) * _PULSE_STEP_US, look)

    look()


_PARTS: dict[str, Callable[[_Place], None]] = {
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
