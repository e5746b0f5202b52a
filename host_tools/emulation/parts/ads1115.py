"""A Texas Instruments ADS1115, as the data sheet (SBAS444, revision E) has it."""

from fractions import Fraction

from host_tools.emulation.parts import Measured, RegisterPart, clamped, value_at

_CONVERSION, _CONFIG = 0, 1
_FULL_SCALES = [Fraction(mv, 1000) for mv in (6144, 4096, 2048, 1024, 512, 256, 256, 256)]
_RATES = (8, 16, 32, 64, 128, 250, 475, 860)
_PAIRS = ((0, 1), (0, 3), (1, 3), (2, 3), (0, None), (1, None), (2, None), (3, None))


class Ads1115(RegisterPart):
    """`inputs` are the volts at AIN0 to AIN3; `between` has those of a pair of them, by its number
    in the register Config, where they do not follow from these."""

    def __init__(self, scheduler, *inputs: Measured):
        super().__init__(scheduler)
        self.inputs: list[Measured] = [*inputs, 0, 0, 0, 0][:4]
        self.between: dict[int, Measured] = {}
        self._config = 0x0583
        self._limits = {2: 0x8000, 3: 0x7FFF}
        self._raw = 0
        self._ready_us = 0

    def on_write(self, register: int, data: bytes) -> None:
        word = int.from_bytes(data[:2], "big")
        if register == _CONFIG:
            self._config = word & 0x7FFF
            if word & 0x8000 or not word & 0x0100:
                self._ready_us = self.now_us + 1_000_000 // _RATES[word >> 5 & 7]
                self._raw = self._convert()
        elif register in self._limits:
            self._limits[register] = word

    def on_read(self, register: int, size: int) -> bytes:
        is_idle = self.now_us >= self._ready_us and self._config & 0x0100
        words = {_CONVERSION: self._raw & 0xFFFF, _CONFIG: self._config | (is_idle and 0x8000)}
        word = (words | self._limits)[register & 3]
        return word.to_bytes(2, "big")[:size].ljust(size, b"\xff")

    def _convert(self) -> int:
        step = _FULL_SCALES[self._config >> 9 & 7] / 32768
        return clamped(self._volts(self._config >> 12 & 7) / step, -32768, 32767)

    def _volts(self, mux: int) -> Fraction:
        if mux in self.between:
            return value_at(self.between[mux], self.now_us)
        plus, minus = _PAIRS[mux]
        volts = value_at(self.inputs[plus], self.now_us)
        return volts if minus is None else volts - value_at(self.inputs[minus], self.now_us)
