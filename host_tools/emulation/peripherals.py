"""What is wired to the pins of an emulated chip beside its UARTs: parts, signals, pulses.

The chip's own I2C, SPI, 1-Wire, converter and counters ask here, one question at a time, and have
the answer when the wires have carried it. A question that nobody answers gets what an open wire
would give.
"""

import struct
from collections import Counter

from host_tools.emulation.device import frames
from host_tools.emulation.parts import Measured, Nack, value_at
from host_tools.emulation.parts.accelerometer import Accelerometer
from host_tools.emulation.parts.ds18b20 import OneWireLine

Answer = tuple[bytes, int]

_NOBODY = b""
_ONE_WIRE_BIT_US = 70
_ONE_WIRE_RESET_US = 960
_CONVERSION_US = 60
_SPI_BYTE_US = 2
_MOST_UV = 3_300_000


class Peripherals:
    """`i2c` has the parts of each bus by address, `spi` those of each bus by chip select pin,
    `one_wire` the line at a pin, `volts` what is measured at a pin, `lights` the colours, red,
    green and blue, of addressable lights."""

    def __init__(self, scheduler):
        self.i2c: dict[int, dict[int, object]] = {}
        self.spi: dict[int, dict[int, Accelerometer]] = {}
        self.one_wire: dict[int, OneWireLine] = {}
        self.volts: dict[int, Measured] = {}
        self.lights: dict[int, tuple[int, int, int]] = {}
        self._scheduler = scheduler
        self._edges: Counter[tuple[int, int]] = Counter()  # (pin, level after the edge)
        self._counting: dict[int, tuple[int, int, int]] = {}
        self._selected: dict[int, int | None] = {}  # chip select pin: first byte, if it has come

    def pulse(self, pin: int, times: int = 1) -> None:
        """Let pulses come to a pin; only the chip's counters see them."""
        for level in (0, 1):
            self._edges[pin, level] += times

    def is_counted(self, pin: int) -> bool:
        """Whether one of the chip's counters counts the pulses at a pin."""
        return any(counted == pin for counted, _, _ in self._counting.values())

    def input_changed(self, pin: int, level: int) -> None:
        """The world has changed the level at a pin."""
        self._edges[pin, level] += 1

    def output_changed(self, pin: int, level: int) -> None:
        """The chip has changed the level of a pin, which may select a part."""
        if level:
            self._selected.pop(pin, None)
        else:
            self._selected[pin] = None

    def light_changed(self, pin: int, colour: tuple[int, int, int]) -> None:
        """The chip has sent a colour to the light at a pin."""
        self.lights[pin] = colour

    def ask(self, kind: int, number: int, question: bytes) -> Answer:
        """Return the answer of what is wired to `number`, and the µs until it is there."""
        return self._HANDLERS[kind](self, number, question)

    def _on_i2c(self, number: int, question: bytes) -> Answer:
        address, size, khz = struct.unpack_from("<BHH", question)
        data = question[5:]
        part = self.i2c.get(number, {}).get(address)
        characters = bool(data) + len(data) + (1 + size if size or not data else 0)
        takes_us = (9 * characters + 2) * 1000 // khz
        if part is None or not part.is_present:
            return _NOBODY, 11_000 // khz
        try:
            if data:
                part.write(data)
            return b"\1" + (part.read(size) if size else b""), takes_us
        except Nack:
            return _NOBODY, takes_us

    def spi_out(self, number: int, data: bytes) -> None:
        """The chip has sent bytes and takes none."""
        self._on_spi(number, data)

    def _on_spi(self, number: int, data: bytes) -> Answer:
        takes_us = _SPI_BYTE_US * len(data)
        for pin, part in self.spi.get(number, {}).items():
            if pin in self._selected and part.is_present:
                return self._exchange(pin, part, data), takes_us
        return bytes(len(data)), takes_us

    def _exchange(self, pin: int, part: Accelerometer, data: bytes) -> bytes:
        """The bytes that a selected part gives back; the first one that it gets is its head."""
        head = self._selected[pin]
        if head is None:
            self._selected[pin] = data[0]
            return b"\0" + (self._exchange(pin, part, data[1:]) if data[1:] else b"")
        return part.transfer(head, data)

    def _on_one_wire(self, pin: int, question: bytes) -> Answer:
        line = self.one_wire.get(pin) or OneWireLine()
        operation, data = question[0], question[1:]
        if operation == frames.ONE_WIRE_RESET:
            return bytes([line.reset()]), _ONE_WIRE_RESET_US
        if operation == frames.ONE_WIRE_WRITE:
            line.write(data)
            return b"", 8 * len(data) * _ONE_WIRE_BIT_US
        if operation == frames.ONE_WIRE_READ:
            return line.read(data[0]), 8 * data[0] * _ONE_WIRE_BIT_US
        if operation == frames.ONE_WIRE_WRITE_BIT:
            line.write_bit(data[0])
            return b"", _ONE_WIRE_BIT_US
        return bytes([line.read_bit()]), _ONE_WIRE_BIT_US

    def _on_volts(self, pin: int, question: bytes) -> Answer:
        volts = value_at(self.volts.get(pin, 0), self._scheduler.now_us)
        uv = min(max(round(volts * 1_000_000), 0), _MOST_UV)
        return struct.pack("<I", uv), _CONVERSION_US

    def _on_pulses(self, unit: int, question: bytes) -> Answer:
        """A question with a pin and the levels of its edges begins to count from zero."""
        if question:
            pin, levels = question
            self._counting[unit] = pin, levels, 0
            self._counting[unit] = pin, levels, self._count(unit)
        return struct.pack("<I", self._count(unit) & 0xFFFFFFFF), 1

    def _count(self, unit: int) -> int:
        pin, levels, before = self._counting.get(unit, (-1, 0, 0))
        return sum(self._edges[pin, level] for level in (0, 1) if levels >> level & 1) - before

    _HANDLERS = {
        frames.I2C: _on_i2c,
        frames.SPI: _on_spi,
        frames.ONE_WIRE: _on_one_wire,
        frames.VOLTS: _on_volts,
        frames.PULSES: _on_pulses,
    }
