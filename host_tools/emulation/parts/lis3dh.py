"""An ST LIS3DH, as the data sheet (DocID17530, revision 2) has it."""

from fractions import Fraction

from host_tools.emulation.parts import clamped
from host_tools.emulation.parts.accelerometer import DEPTH, Accelerometer

_ID, _CTRL1, _CTRL4, _CTRL5, _STATUS = 0x0F, 0x20, 0x23, 0x24, 0x27
_DATA, _FIFO, _FIFO_SOURCE = 0x28, 0x2E, 0x2F
_READ_ONLY = {_ID, _STATUS, *range(_DATA, _DATA + 6), _FIFO_SOURCE}
_RATES_HZ = (0, 1, 10, 25, 50, 100, 200, 400, 1600, 1344)
_MG_PER_DIGIT = (1, 2, 4, 12)
_FULL, _EMPTY = 0x40, 0x20


class Lis3dh(Accelerometer):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.memory[_ID] = 0x33
        self.memory[_CTRL1] = 0x07

    def rate_hz(self) -> int:
        code = self.memory[_CTRL1] >> 4
        if self.memory[_CTRL1] & 0x08 and code == 9:
            return 5376
        return _RATES_HZ[code] if code < len(_RATES_HZ) else 0

    def raw(self, g: float) -> int:
        """12 bits at high resolution, 10 without, 8 at low power; left-justified in all modes."""
        digits = Fraction(g) * 1000 / _MG_PER_DIGIT[self.memory[_CTRL4] >> 4 & 3]
        bits = 12 if self.memory[_CTRL4] & 0x08 else 8 if self.memory[_CTRL1] & 0x08 else 10
        half = 1 << bits - 1
        return clamped(digits / (1 << 12 - bits), -half, half - 1) << 16 - bits

    def on_write(self, register: int, data: bytes) -> None:
        goes_on = register & 0x80
        register &= 0x3F
        for at, byte in enumerate(data, register) if goes_on else ((register, data[-1]),):
            if at not in _READ_ONLY:
                self.memory[at] = byte
            if at in (_FIFO, _CTRL5):
                self._switch_fifo()

    def _switch_fifo(self) -> None:
        if self.memory[_FIFO] >> 6 and self.memory[_CTRL5] & 0x40:
            self.begin_filling(streams=self.memory[_FIFO] >> 6 == 2)
        else:
            self.stop_filling()

    def on_read(self, register: int, size: int) -> bytes:
        return self.registers(register & 0x3F, size, bool(register & 0x80))

    def registers(self, register: int, size: int, goes_on: bool) -> bytes:
        stored = self.stored()
        source = _FULL | DEPTH - 1 if stored == DEPTH else stored or _EMPTY
        self.memory[_FIFO_SOURCE] = source
        self.memory[_STATUS] = 0x0F
        if register == _DATA and goes_on:
            # With the FIFO on, the registers of a sample follow one another again and again.
            samples = b"".join(self.sample() for _ in range(-(-size // 6)))
            return samples[:size]
        end = register + size if goes_on else register + 1
        return bytes(self.memory[register:end]).ljust(size, b"\0")
