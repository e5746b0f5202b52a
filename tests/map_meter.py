"""Meters made from collected register maps, never from our profiles, on emulated lines.

The maps lie beside the project: addresses, types and scales as public drivers have them. A meter
holds what such a machine would measure, and answers with an exception what its map does not have.
Beside them the doctor's line in virtual time: thousands of questions take milliseconds.
"""

import json
import struct
from fractions import Fraction

from host_tools.emulation.line import Framing, Line
from host_tools.emulation.meter import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, ILLEGAL_VALUE, Meter
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.signals import Constant
from host_tools.paths import PROJECT
from limen.core.exchange import silence_us

REGISTER_MAPS = PROJECT.parent / "shared/meters/register_maps.json"
MAPS = json.loads(REGISTER_MAPS.read_text())["meters"] if REGISTER_MAPS.exists() else {}

_CODES = {"uint16": "H", "int16": "h", "uint32": "I", "int32": "i", "uint64": "Q", "int64": "q"}
_CODES |= {"float32": "f", "float64": "d"}
_PARITIES = {None: None, 0: "E", 1: "O"}
_MEASURED = {
    "frequency": "50.02",
    "voltage_l1_l2": "399.8",
    "voltage_l2_l3": "401.3",
    "voltage_l3_l1": "400.4",
    "voltage_ll_avg": "400.5",
    "voltage_l1": "230.7",
    "voltage_l2": "231.9",
    "voltage_l3": "229.4",
    "voltage": "230.7",
    "current_l1": "5.25",
    "current_l2": "4.5",
    "current_l3": "6.125",
    "current": "5.25",
    "power_factor": "0.93",
    "power_active_total": "3412",
    "power": "1150",
    "energy_export": "17",
    "energy_import_l": "411",
    "energy_import": "1234.5",
    "energy_total": "1251.5",
}
"""Beginning of a quantity → what the machine shows."""


def measured(name: str) -> Fraction:
    """What the meters hold of a quantity; the first beginning that fits counts."""
    return Fraction(next((told for begin, told in _MEASURED.items() if name.startswith(begin)), 1))


def cells_of(key: str) -> dict[int, int]:
    """{address: word} of a meter made from a map."""
    cells = {}
    for name, register in MAPS[key]["registers"].items():
        code = _CODES[register["type"]]
        raw = measured(name) / Fraction(str(register["scale"]))
        data = struct.pack(">" + code, float(raw) if code in "fd" else round(raw))
        words = [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
        if MAPS[key]["word_order"].startswith("CDAB"):
            words.reverse()
        cells.update((register["addr"] + at, word) for at, word in enumerate(words))
    return cells


class MapMeter(Meter):
    """A meter whose registers are `cells`, read with one function; it refuses all others.

    For `deaf_ms` after a reply it takes no request.
    """

    def __init__(
        self, line, address, function, cells, framing, longest=125, turnaround_ms=20, deaf_ms=0
    ):
        super().__init__(
            line.scheduler,
            line,
            address,
            "eastron-sdm630",
            Constant(),
            framing=framing,
            turnaround_ms=turnaround_ms,
        )
        self.function = function
        self.cells = cells
        self.longest = longest
        self.identity: list[bytes] = []
        self.deaf_us = deaf_ms * 1000
        self._deaf_until_us = 0

    def _take(self, frame: bytes) -> None:
        now_us = self._scheduler.now_us
        if now_us >= self._deaf_until_us:
            asked = self.counts["requests"]
            super()._take(frame)
            if self.counts["requests"] > asked:
                reply_us = self.framing.duration_us(9) + self.turnaround_ms * 1000
                self._deaf_until_us = now_us + reply_us + self.deaf_us if self.deaf_us else 0

    def _answer(self, request: bytes) -> bytes:
        code = self._refusal(request)
        if code:
            return bytes((request[0] | 0x80, code))
        if request[0] == 43:
            told = b"".join(
                bytes((index, len(text))) + text for index, text in enumerate(self.identity)
            )
            return request[:3] + bytes((1, 0, 0, len(self.identity))) + told
        start, count = struct.unpack(">HH", request[1:])
        words = [self.cells[start + at].to_bytes(2, "big") for at in range(count)]
        return bytes((request[0], 2 * count)) + b"".join(words)

    def _refusal(self, request: bytes) -> int | None:
        if request[0] == 43 and self.identity:
            return None
        if request[0] != self.function:
            return ILLEGAL_FUNCTION
        start, count = struct.unpack(">HH", request[1:])
        if not 1 <= count <= self.longest:
            return ILLEGAL_VALUE
        has_all = all(start + at in self.cells for at in range(count))
        return None if has_all else ILLEGAL_ADDRESS


def meter_of(line: Line, address: int, key: str, framing: Framing, **options) -> MapMeter:
    """A meter of a model of the register maps."""
    model = MAPS[key]
    longest = min(125, model.get("max_regs_per_request", 125))
    return MapMeter(line, address, model["fc"], cells_of(key), framing, longest, **options)


class VirtualCarrier:
    """Carries exchanges over an emulated line; virtual time passes as they need it."""

    def __init__(self, line: Line):
        self.scheduler: VirtualScheduler = line.scheduler
        self._port = line.port(Framing(9600), self._receive)
        self._exchange = None
        self._start_us = self._last_byte_us = 0
        self.refused: set[tuple] = set()

    def carry(self, exchange) -> None:
        baud, parity, stop = exchange.framing
        self._port.framing = Framing(baud, 8, _PARITIES[parity], stop)
        pause_us = max(exchange.pause_ms * 1000, silence_us(exchange.framing))
        self._let_pass(max(0, self._last_byte_us + pause_us - self.scheduler.now_us))
        self._exchange = exchange
        self._start_us = self.scheduler.now_us
        self._port.send(exchange.request)
        while (rest_us := exchange.rest_us(self.scheduler.now_us - self._start_us)) > 0:
            self.scheduler.run_until(
                min(self.scheduler.quiet_until(), self.scheduler.now_us + rest_us)
            )
        exchange.close()
        self._exchange = None

    def carry_all(self, exchanges) -> int:
        """Carry a whole row; returns how many it were."""
        count = 0
        for exchange in exchanges:
            self.carry(exchange)
            count += 1
        return count

    def _let_pass(self, duration_us: int) -> None:
        self.scheduler.run_until(self.scheduler.now_us + duration_us)

    def _receive(self, data: bytes) -> None:
        self._last_byte_us = self.scheduler.now_us
        if self._exchange:
            self._exchange.feed(data, self.scheduler.now_us - self._start_us)
