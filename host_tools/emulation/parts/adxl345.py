"""An Analog Devices ADXL345, as the data sheet (revision G) has it."""

from fractions import Fraction

from host_tools.emulation.parts import clamped
from host_tools.emulation.parts.accelerometer import Accelerometer

_ID, _RATE, _POWER, _SOURCE, _FORMAT = 0x00, 0x2C, 0x2D, 0x30, 0x31
_DATA, _FIFO, _FIFO_STATUS = 0x32, 0x38, 0x39
_READ_ONLY = {_ID, _SOURCE, *range(_DATA, _DATA + 6), _FIFO_STATUS}
_RATES_HZ = [Fraction(3200, 1 << 15 - code) for code in range(16)]


class Adxl345(Accelerometer):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.memory[_ID] = 0xE5
        self.memory[_RATE] = 0x0A

    def rate_hz(self) -> Fraction | int:
        is_measuring = self.memory[_POWER] & 0x08
        return _RATES_HZ[self.memory[_RATE] & 15] if is_measuring else 0

    def raw(self, g: float) -> int:
        """At full resolution 256 to a g; else 10 bits over the range."""
        scale = self.memory[_FORMAT] & 3
        if self.memory[_FORMAT] & 0x08:
            return clamped(g * 256, -512 << scale, (512 << scale) - 1)
        return clamped(g * 256 / (1 << scale), -512, 511)

    def on_write(self, register: int, data: bytes) -> None:
        for at, byte in enumerate(data, register):
            if at not in _READ_ONLY:
                self.memory[at] = byte
            if at == _FIFO and byte >> 6:
                self.begin_filling(streams=byte >> 6 == 2)
            elif at == _FIFO:
                self.stop_filling()

    def on_read(self, register: int, size: int) -> bytes:
        return self.registers(register, size, goes_on=True)

    def registers(self, register: int, size: int, goes_on: bool) -> bytes:
        self.memory[_FIFO_STATUS] = self.stored()
        self.memory[_SOURCE] = 0x80
        if register <= _DATA < register + size:
            self.memory[_DATA : _DATA + 6] = self.sample()
        end = register + size if goes_on else register + 1
        return bytes(self.memory[register:end]).ljust(size, b"\0")
