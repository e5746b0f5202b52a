"""Bosch BME280: temperature, relative humidity and air pressure on I2C.

Source: Bosch Sensortec, BME280 data sheet BST-BME280-DS002 revision 1.6: memory map, forced mode,
and in 4.2.3 the compensation in integers, with 64 bits for the pressure.
"""

import asyncio
import struct

from limen.core.compat import const
from limen.core.quality import BAD
from limen.drivers.sensor import Sensor

_ID, _CALIBRATION, _CALIBRATION_HUMIDITY = const(0xD0), const(0x88), const(0xE1)
_CONTROL_HUMIDITY, _STATUS, _CONTROL, _DATA = const(0xF2), const(0xF3), const(0xF4), const(0xF7)
_BME280 = const(0x60)
_MEASURING = const(0x08)
_MEASURE_MS = const(10)  # at most 9.3 ms, each quantity sampled once
_LOOKS = const(5)
_SKIPPED = const(0x80000)
_SKIPPED_HUMIDITY = const(0x8000)
_LINES = {"temperature": (1, 0, 100), "humidity": (1, 0, 1024), "pressure_air": (1, 0, 25600)}


class Device(Sensor):
    def __init__(self, bus, settings, channels):
        super().__init__(bus, settings, channels, _LINES)
        self._byte = bytearray(1)
        self._data = bytearray(8)
        self._trim = None

    async def prepare(self):
        self.bus.read_into(self.select, _ID, self._byte)
        if self._byte[0] != _BME280:
            return False
        common, humidity = bytearray(26), bytearray(7)
        self.bus.read_into(self.select, _CALIBRATION, common)
        self.bus.read_into(self.select, _CALIBRATION_HUMIDITY, humidity)
        self._trim = trimming(common, humidity)
        self.bus.write(self.select, _CONTROL_HUMIDITY, b"\x01")
        return True

    async def measure(self):
        self.bus.write(self.select, _CONTROL, b"\x25")  # once: temperature, pressure, then sleep
        for _ in range(_LOOKS):
            await asyncio.sleep_ms(_MEASURE_MS)
            self.bus.read_into(self.select, _STATUS, self._byte)
            if not self._byte[0] & _MEASURING:
                self.bus.read_into(self.select, _DATA, self._data)
                self._convert(self._data)
                return self.whole()
        return BAD

    def _convert(self, data):
        pressure = data[0] << 12 | data[1] << 4 | data[2] >> 4
        temperature = data[3] << 12 | data[4] << 4 | data[5] >> 4
        humidity = data[6] << 8 | data[7]
        trim = self._trim
        fine = None if temperature == _SKIPPED else fine_temperature(trim, temperature)
        is_warm = fine is not None
        celsius = fine * 5 + 128 >> 8 if is_warm else None
        self.keep("temperature", celsius, -4000, 8500)
        pascal = compensate_pressure(trim, fine, pressure) if is_warm else None
        self.keep("pressure_air", None if pressure == _SKIPPED else pascal, 7680000, 28160000)
        percent = compensate_humidity(trim, fine, humidity) if is_warm else None
        self.keep("humidity", None if humidity == _SKIPPED_HUMIDITY else percent, 0, 102400)


def trimming(common, humidity):
    """(T1 to T3, P1 to P9, H1 to H6), from the registers 0x88 to 0xA1 and 0xE1 to 0xE7."""
    numbers = struct.unpack_from("<HhhHhhhhhhhh", common)
    h2, h3 = struct.unpack_from("<hB", humidity)
    h4 = _signed(humidity[3]) << 4 | humidity[4] & 0x0F
    h5 = _signed(humidity[5]) << 4 | humidity[4] >> 4
    return numbers + (common[25], h2, h3, h4, h5, _signed(humidity[6]))


def _signed(byte):
    return byte - 256 if byte > 127 else byte


def fine_temperature(trim, raw):
    """The fine temperature that all compensation needs: 5120 to a °C."""
    t1, t2, t3 = trim[:3]
    linear = ((raw >> 3) - (t1 << 1)) * t2 >> 11
    above = (raw >> 4) - t1
    return linear + ((above * above >> 12) * t3 >> 14)


def compensate_pressure(trim, fine, raw):
    """256ths of a pascal; None if the trimming values cannot be right."""
    p1, p2, p3, p4, p5, p6, p7, p8, p9 = trim[3:12]
    fine -= 128000
    offset = fine * fine * p6 + (fine * p5 << 17) + (p4 << 35)
    gain = (fine * fine * p3 >> 8) + (fine * p2 << 12)
    gain = ((1 << 47) + gain) * p1 >> 33
    if gain <= 0:
        return None
    p = ((1048576 - raw << 31) - offset) * 3125 // gain
    p += (p9 * (p >> 13) * (p >> 13) >> 25) + (p8 * p >> 19)
    return (p >> 8) + (p7 << 4)


def compensate_humidity(trim, fine, raw):
    """1024ths of a percent."""
    h1, h2, h3, h4, h5, h6 = trim[12:]
    fine -= 76800
    gain = (fine * h6 >> 10) * ((fine * h3 >> 11) + 32768) >> 10
    gain = (gain + 2097152) * h2 + 8192 >> 14
    humidity = ((raw << 14) - (h4 << 20) - h5 * fine + 16384 >> 15) * gain
    humidity -= ((humidity >> 15) * (humidity >> 15) >> 7) * h1 >> 4
    return min(max(humidity, 0), 419430400) >> 12
