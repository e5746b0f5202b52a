"""A Bosch BME280, as the data sheet (BST-BME280-DS002, revision 1.6) has it.

Its converter gives what the data sheet's compensation in doubles turns back into the measured
values; the raw number that does is found by halving intervals.
"""

import struct
from collections.abc import Callable

from host_tools.emulation.parts import Measured, Nack, RegisterPart, value_at

_ID, _RESET, _STATUS = 0xD0, 0xE0, 0xF3
_CTRL_HUM, _CTRL_MEAS, _CONFIG, _DATA = 0xF2, 0xF4, 0xF5, 0xF7
_MEASURING = 0x08
_LONGEST_US = 9_300
_SKIPPED = b"\x80\x00\x00\x80\x00\x00\x80\x00"

# Temperature and pressure: the example of the BMP280 data sheet, 3.12.
T1, T2, T3 = 27504, 26435, -1000
P1, P2, P3, P4, P5, P6, P7, P8, P9 = 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000
H1, H2, H3, H4, H5, H6 = 75, 362, 0, 313, 50, 30


class Bme280(RegisterPart):
    def __init__(
        self,
        scheduler,
        temperature: Measured = 20,
        humidity: Measured = 50,
        pressure_hpa: Measured = 1013,
    ):
        super().__init__(scheduler)
        self.temperature = temperature
        self.humidity = humidity
        self.pressure_hpa = pressure_hpa
        self.memory = bytearray(256)
        self._load()

    def _load(self) -> None:
        """What the part holds when it gets power."""
        self.memory[:] = bytes(256)
        self.memory[_ID] = 0x60
        self.memory[0x88:0xA2] = struct.pack(
            "<HhhHhhhhhhhhxB", T1, T2, T3, P1, P2, P3, P4, P5, P6, P7, P8, P9, H1
        )
        self.memory[0xE1:0xE8] = struct.pack(
            "<hBbBbb", H2, H3, H4 >> 4, H4 & 15 | (H5 & 15) << 4, H5 >> 4, H6
        )
        self.memory[_DATA : _DATA + 8] = _SKIPPED
        self._humidity_setting = 0
        self._ready_us: int | None = None

    def on_write(self, register: int, data: bytes) -> None:
        # Further bytes come as pairs of register and value.
        for at, byte in zip((register, *data[1::2]), data[::2], strict=False):
            self._write_byte(at, byte)

    def _write_byte(self, register: int, byte: int) -> None:
        if register == _RESET and byte == 0xB6:
            self._load()
        elif register in (_CTRL_HUM, _CONFIG, _CTRL_MEAS):
            self.memory[register] = byte
            if register == _CTRL_MEAS:
                self._humidity_setting = self.memory[_CTRL_HUM] & 7  # effective only now
                if byte & 3:
                    self._ready_us = self.now_us + _LONGEST_US
        else:
            raise Nack

    def on_read(self, register: int, size: int) -> bytes:
        if self._ready_us is not None and self.now_us >= self._ready_us:
            self._finish()
        self.memory[_STATUS] = 0 if self._ready_us is None else _MEASURING
        return bytes(self.memory[register : register + size])

    def _finish(self) -> None:
        """A measurement ends: the data are there, and in forced mode the part sleeps."""
        control = self.memory[_CTRL_MEAS]
        self.memory[_DATA : _DATA + 8] = self._measure(control >> 5, control >> 2 & 7)
        self._ready_us = None if control & 3 != 3 else self.now_us + _LONGEST_US
        if control & 3 != 3:
            self.memory[_CTRL_MEAS] &= 0xFC

    def _measure(self, temperature_setting: int, pressure_setting: int) -> bytes:
        celsius = float(value_at(self.temperature, self.now_us))
        adc_t = invert(lambda raw: fine_temperature(raw) / 5120, celsius, 1 << 20)
        fine = fine_temperature(adc_t)
        pascal = float(value_at(self.pressure_hpa, self.now_us)) * 100
        adc_p = invert(lambda raw: pressure(raw, fine), pascal, 1 << 20)
        percent = float(value_at(self.humidity, self.now_us))
        adc_h = invert(lambda raw: humidity(raw, fine), percent, 1 << 16)
        return b"".join(
            (
                (adc_p << 4).to_bytes(3, "big") if pressure_setting else _SKIPPED[:3],
                (adc_t << 4).to_bytes(3, "big") if temperature_setting else _SKIPPED[:3],
                adc_h.to_bytes(2, "big") if self._humidity_setting else _SKIPPED[:2],
            )
        )


def fine_temperature(adc: int) -> float:
    linear = (adc / 16384.0 - T1 / 1024.0) * T2
    return linear + (adc / 131072.0 - T1 / 8192.0) ** 2 * T3


def pressure(adc: int, fine: float) -> float:
    """Pascals."""
    half = fine / 2.0 - 64000.0
    offset = (half * half * P6 / 32768.0 + half * P5 * 2.0) / 4.0 + P4 * 65536.0
    gain = (1.0 + (P3 * half * half / 524288.0 + P2 * half) / 524288.0 / 32768.0) * P1
    p = (1048576.0 - adc - offset / 4096.0) * 6250.0 / gain
    return p + (P9 * p * p / 2147483648.0 + p * P8 / 32768.0 + P7) / 16.0


def humidity(adc: int, fine: float) -> float:
    """Percent, not yet limited to 0 to 100."""
    above = fine - 76800.0
    curve = 1.0 + H6 / 67108864.0 * above * (1.0 + H3 / 67108864.0 * above)
    percent = (adc - (H4 * 64.0 + H5 / 16384.0 * above)) * (H2 / 65536.0 * curve)
    return percent * (1.0 - H1 * percent / 524288.0)


def invert(formula: Callable[[int], float], wanted: float, end: int) -> int:
    """The raw number below `end` whose result comes nearest; the formula rises or falls."""
    rises = formula(end - 1) > formula(0)
    low, high = 0, end - 1
    while low < high:
        middle = (low + high) // 2
        if (formula(middle) < wanted) == rises:
            low = middle + 1
        else:
            high = middle
    return min((max(low - 1, 0), low), key=lambda raw: abs(formula(raw) - wanted))
