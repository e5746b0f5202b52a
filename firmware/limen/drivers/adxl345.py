"""Analog Devices ADXL345: an accelerometer of up to ±16 g, on I2C, or on SPI above 800 Hz.

It runs at full resolution: 256 to a g in every range.

Source: Analog Devices, ADXL345 data sheet revision G (register map, FIFO).
"""

from limen.core.compat import const
from limen.drivers.accelerometer import Accelerometer, signed

_ID, _RATE, _POWER, _FORMAT = const(0x00), const(0x2C), const(0x2D), const(0x31)
_DATA, _FIFO, _FIFO_STATUS = const(0x32), const(0x38), const(0x39)
_ADXL345 = const(0xE5)
_FASTEST_HZ = const(3200)
_FASTEST = const(0x0F)
_FULL_RESOLUTION = const(0x08)
_MEASURE = b"\x08"
_ENTRIES = const(0x3F)
_PER_G = const(256)


class Device(Accelerometer):
    def __init__(self, bus, settings, channels):
        range_g = settings["range_g"]
        super().__init__(bus, settings, channels, _FIFO, range_g * _PER_G - 1, _PER_G)
        rate, hz = _FASTEST, _FASTEST_HZ
        while hz > settings["rate_hz"]:
            rate, hz = rate - 1, hz // 2
        self._rate = bytes((rate,))
        self._format = bytes((_FULL_RESOLUTION | (2, 4, 8, 16).index(range_g),))
        self._byte = bytearray(1)
        self._sample = bytearray(6)

    async def prepare(self):
        bus, select = self.bus, self.select
        bus.read_into(select, _ID, self._byte)
        if self._byte[0] != _ADXL345:
            return False
        bus.write(select, _RATE, self._rate)
        bus.write(select, _FORMAT, self._format)
        bus.write(select, _POWER, _MEASURE)
        return True

    def window_size(self):
        self.bus.read_into(self.select, _FIFO_STATUS, self._byte)
        return self._byte[0] & _ENTRIES

    def take(self, count):
        sample = self._sample
        for _ in range(count):
            self.bus.read_into(self.select, _DATA, sample)
            self.add(
                signed(sample[0], sample[1]),
                signed(sample[2], sample[3]),
                signed(sample[4], sample[5]),
            )
