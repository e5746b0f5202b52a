"""An emulated smart meter at its P1 port: it sends a telegram each second, or each ten, unasked.

Its telegrams are written here from the standard's own examples, or are given, such as recorded
ones. The line is inverted, as that of a meter is. What it sends intact is told to `on_read`, as
exactly as the telegram has it.

Sources: DSMR 5.0.2 P1 Companion Standard, chapters 5 and 6; 2.2 of it, appendix; IEC 62056-21.
"""

import datetime
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from host_tools.emulation.completed import completed
from host_tools.emulation.line import Framing, Line
from host_tools.emulation.meter import Faults
from host_tools.emulation.quantities import PHASES
from host_tools.emulation.scheduler import Scheduler
from host_tools.emulation.signals import Signals

FRAMINGS = {
    "2": Framing(9600, 7, "E", 1, inverted=True),
    "5": Framing(115200, 8, None, 1, inverted=True),
}
"""How a meter of that version sends."""

PERIODS_US = {"2": 10_000_000, "5": 1_000_000}
"""How often."""
_HEADS = {"2": "/KMP5 KA6U001511209910", "5": "/LIM5\\253833635_A"}
_T1_PART = Fraction(1, 3)
_COUNTED_BEFORE_KWH = 4821
_LINES = dict(zip(PHASES, (("32", "31", "21", "22"), ("52", "51", "41", "42"),
                           ("72", "71", "61", "62")), strict=True))  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """One line of a telegram: `quantity` as a gateway calls it, `value` in `unit`."""

    quantity: str
    code: str
    value: Fraction
    digits: int
    decimals: int
    unit: str

    def text(self) -> str:
        steps = self.steps()
        whole, rest = divmod(steps, 10**self.decimals)
        number = f"{whole:0{self.digits}}"
        if self.decimals:
            number += f".{rest:0{self.decimals}}"
        return f"{self.code}({number}*{self.unit})"

    def steps(self) -> int:
        """A meter's registers hold whole steps; what is less is not counted yet."""
        return int(self.value * 10**self.decimals)

    def told(self) -> Fraction:
        """The value as the telegram has it, in the base unit of its quantity."""
        scale = 1000 if self.unit == "kW" else 1
        return Fraction(self.steps() * scale, 10**self.decimals)


class P1Meter:
    """A meter of DSMR version "2" or "5" on `line`.

    `telegrams` are sent in turn in the place of its own. `asked` is its request line.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        line: Line,
        signals: Signals,
        version: str = "5",
        faults: Faults | None = None,
        on_read: Callable[[int, str, Fraction], None] | None = None,
        telegrams: list[bytes] | None = None,
    ):
        self.version = version
        self.faults = faults or Faults()
        self.asked = True
        self.counts: Counter[str] = Counter()
        self._scheduler = scheduler
        self._signals = completed(signals)
        self._on_read = on_read
        self._recorded: Iterator[bytes] | None = itertools.cycle(telegrams) if telegrams else None
        self._port = line.port(FRAMINGS[version], lambda data: None)
        self._next = scheduler.after(PERIODS_US[version], self._send)

    def knows(self, quantity: str) -> bool:
        """What really flows is told of none: a telegram has its tariffs' part of it."""
        return False

    def close(self) -> None:
        """Leave the line."""
        self._next.cancel()
        self._port.close()

    def _send(self) -> None:
        self._next = self._scheduler.after(PERIODS_US[self.version], self._send)
        if self.faults.silent or not self.asked:
            return
        readings = [] if self._recorded else list(self._readings())
        data = next(self._recorded) if self._recorded else self._written(readings)
        self.counts["telegrams"] += 1
        end_us = self._port.send(self.faults.garbage + self._spoilt(data))
        if self.faults.value_arrives and self._on_read:
            for reading in readings:
                self._on_read(end_us, reading.quantity, reading.told())

    def _spoilt(self, data: bytes) -> bytes:
        if self.faults.bad_crc:
            data = data.replace(b"*kW", b"*KW", 1)
        return data[: self.faults.keep_bytes]

    def _written(self, readings: list[Reading]) -> bytes:
        utc_us = self._scheduler.utc_us()
        return telegram(self.version, utc_us // 1_000_000, [one.text() for one in readings])

    def _readings(self) -> Iterator[Reading]:
        now_us = self._scheduler.now_us

        def value(quantity):
            return Fraction(self._signals.value(quantity, now_us))

        def power(quantity, code, watts):
            places = (2, 3) if self.version == "5" else (4, 2)
            return Reading(quantity, code, max(Fraction(0), watts) / 1000, *places, "kW")

        def energy(quantity, code, kwh):
            places = (6, 3) if self.version == "5" else (5, 3)
            return Reading(quantity, code, kwh, *places, "kWh")

        for direction, code in (("import", "1"), ("export", "2")):
            total = _COUNTED_BEFORE_KWH + value(f"energy_{direction}")
            first = total * _T1_PART
            yield energy(f"energy_{direction}_t1", f"1-0:{code}.8.1", first)
            yield energy(f"energy_{direction}_t2", f"1-0:{code}.8.2", total - first)
        watts = value("power_active_total")
        yield power("power_import_total", "1-0:1.7.0", watts)
        yield power("power_export_total", "1-0:2.7.0", -watts)
        if self.version == "5":
            for phase, (volts, amps, taken, given) in _LINES.items():
                watts = value(f"power_active_{phase}")
                volt, ampere = value(f"voltage_{phase}"), abs(value(f"current_{phase}"))
                yield Reading(f"voltage_{phase}", f"1-0:{volts}.7.0", volt, 3, 1, "V")
                yield Reading(f"current_{phase}", f"1-0:{amps}.7.0", ampere, 3, 0, "A")
                yield power(f"power_import_{phase}", f"1-0:{taken}.7.0", watts)
                yield power(f"power_export_{phase}", f"1-0:{given}.7.0", -watts)


def telegram(version: str, utc_s: int, lines: list[str]) -> bytes:
    """A telegram with these lines; from version 4 on with its time and its CRC."""
    head = [_HEADS[version], ""]
    if version == "2":
        return "\r\n".join([*head, *lines, "!\r\n"]).encode()
    moment = datetime.datetime.fromtimestamp(utc_s, datetime.UTC)
    head += ["1-3:0.2.8(50)", f"0-0:1.0.0({moment:%y%m%d%H%M%S}W)"]
    text = "\r\n".join([*head, *lines, "!"]).encode()
    return text + b"%04X\r\n" % crc16_arc(text)


def crc16_arc(data: bytes) -> int:
    """The CRC of a telegram: as that of Modbus, but begun with 0."""
    crc = 0
    for value in data:
        crc ^= value
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
