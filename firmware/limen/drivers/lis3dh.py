"""ST LIS3DH: an accelerometer of up to ±16 g, on I2C or SPI.

It runs at its high resolution: 12 bits, left-justified in 16.

Source: STMicroelectronics, LIS3DH data sheet DocID17530 revision 2 (registers, sensitivity), and
AN3308 (FIFO mode).
"""

from limen.core.compat import const
from limen.drivers.accelerometer import WINDOW, Accelerometer, signed

_ID, _RATE, _FORMAT, _ENABLE_FIFO = const(0x0F), const(0x20), const(0x23), const(0x24)
_DATA = const(0xA8)  # 0x28, and on I2C the bit that counts registers up
_FIFO, _FIFO_SOURCE = const(0x2E), const(0x2F)
_LIS3DH = const(0x33)
_RATES_HZ = (0, 1, 10, 25, 50, 100, 200, 400, None, 1344)
_AXES_ON = const(0x07)
_WHOLE_SAMPLES = const(0x80)
_HIGH_RESOLUTION = const(0x08)
_FIFO_ON = b"\x40"
_FULL, _STORED = const(0x40), const(0x1F)
_RANGES_G = (2, 4, 8, 16)
_MG_PER_DIGIT = (1, 2, 4, 12)
_LARGEST = const(2047)


class Device(Accelerometer):
    def __init__(self, bus, settings, channels):
        scale = _RANGES_G.index(settings["range_g"])
        # Samples are added up in digits times their milligrams, so a g is 1000 in every range.
        self._mg = _MG_PER_DIGIT[scale]
        super().__init__(bus, settings, channels, _FIFO, _LARGEST * self._mg, 1000)
        self._rate = bytes((_RATES_HZ.index(settings["rate_hz"]) << 4 | _AXES_ON,))
        self._format = bytes((_WHOLE_SAMPLES | scale << 4 | _HIGH_RESOLUTION,))
        self._byte = bytearray(1)
        self._window = memoryview(bytearray(6 * WINDOW))

    async def prepare(self):
        bus, select = self.bus, self.select
        bus.read_into(select, _ID, self._byte)
        if self._byte[0] != _LIS3DH:
            return False
        bus.write(select, _RATE, self._rate)
        bus.write(select, _FORMAT, self._format)
        bus.write(select, _ENABLE_FIFO, _FIFO_ON)
        return True

    def window_size(self):
        self.bus.read_into(self.select, _FIFO_SOURCE, self._byte)
        return WINDOW if self._byte[0] & _FULL else self._byte[0] & _STORED

    def take(self, count):
        window, mg = self._window[: 6 * count], self._mg
        if count:
            self.bus.read_into(self.select, _DATA, window)
        for at in range(0, 6 * count, 6):
            self.add(
                (signed(window[at], window[at + 1]) >> 4) * mg,
                (signed(window[at + 2], window[at + 3]) >> 4) * mg,
                (signed(window[at + 4], window[at + 5]) >> 4) * mg,
            )
