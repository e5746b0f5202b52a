"""What hangs on the buses of a gateway's board: a meter, a part or a signal for each device.

The configuration says what is there, `signals` what it measures. Meters tell the truth what they
have served; how parts are wired is in `wired_parts`.
"""

from fractions import Fraction

from host_tools.bus_trace import Exchange
from host_tools.emulation.board import Board
from host_tools.emulation.completed import Completed, completed
from host_tools.emulation.converter import FRAMING, Converter
from host_tools.emulation.held import Held
from host_tools.emulation.lan import Lan
from host_tools.emulation.line import Framing, Line
from host_tools.emulation.meter import Meter
from host_tools.emulation.p1_meter import PERIODS_US, P1Meter
from host_tools.emulation.profile_model import profile_model
from host_tools.emulation.scheduler import Scheduler
from host_tools.emulation.share import Share
from host_tools.emulation.signals import PerDevice, Signals
from host_tools.emulation.traced_line import TracedLine
from host_tools.errors import ToolError
from host_tools.truth import Truth
from host_tools.wired_parts import PARTS, UNASKED_US, Place

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
    pins = {
        device["id"]: UNASKED_US[device["driver"]]
        for device in config["device"]
        if device.get("driver") in UNASKED_US
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
            wire = PARTS.get(device.get("driver"))
            if wire:
                bus = self.config["bus"][device["bus"]]
                name = device["id"]
                wire(Place(self._scheduler, board, bus, device, self.held[name], self._truth))

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
