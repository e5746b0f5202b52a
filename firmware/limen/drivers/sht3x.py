"""Sensirion SHT3x: temperature and relative humidity on I2C.

Source: Sensirion, Datasheet SHT3x-DIS, version 7 (commands, times, checksum, conversion).
"""

import asyncio

from limen.core.compat import const
from limen.drivers.sensor import Sensor

_MEASURE = b"\x24\x00"  # single shot, high repeatability, without clock stretching
_MEASURE_MS = const(16)
_LINES = {"temperature": (175, -45 * 65535, 65535), "humidity": (100, 0, 65535)}
# The sensor is specified from -40 to 125 °C.
_COLDEST = const(1872)
_HOTTEST = const(63663)


class Device(Sensor):
    def __init__(self, bus, settings, channels):
        super().__init__(bus, settings, channels, _LINES)
        self._answer = bytearray(6)

    async def measure(self):
        self.bus.send(self.select, _MEASURE)
        await asyncio.sleep_ms(_MEASURE_MS)
        self.bus.receive_into(self.select, self._answer)
        self.keep("temperature", word(self._answer, 0), _COLDEST, _HOTTEST)
        self.keep("humidity", word(self._answer, 3), 0, 65535)
        return self.whole()


def word(buffer, offset):
    """The 16 bits that begin at `offset`, or None if the checksum behind them is wrong."""
    if crc8(buffer, offset, 2) != buffer[offset + 2]:
        return None
    return buffer[offset] << 8 | buffer[offset + 1]


def crc8(buffer, offset, length):
    """The checksum of Sensirion's sensors: x^8 + x^5 + x^4 + 1, from 0xFF."""
    crc = 0xFF
    for index in range(offset, offset + length):
        crc ^= buffer[index]
        for _ in range(8):
            crc = (crc << 1 ^ 0x31) & 0xFF if crc & 0x80 else crc << 1
    return crc
