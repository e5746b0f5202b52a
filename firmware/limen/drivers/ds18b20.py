"""DS18B20: a temperature sensor on a 1-Wire bus.

Source: Analog Devices (Maxim), DS18B20 data sheet, revision 6 (scratchpad, CRC, resolution).
"""

from limen.core.compat import const
from limen.core.quality import BAD, GOOD
from limen.drivers.sensor import Sensor

_READ_SCRATCHPAD = const(0xBE)
_WRITE_SCRATCHPAD = const(0x4E)
_POWER_ON = const(85 * 16)
_LINES = {"temperature": (1, 0, 16)}


class Device(Sensor):
    """`settings` has the `rom` code without its CRC, in hex as it is on the wire, or None if the
    sensor is alone on its bus, and `bits`, the resolution: 9 to 12."""

    def __init__(self, bus, settings, channels):
        super().__init__(bus, settings, channels, _LINES)
        self._rom = None
        if self.select is not None:
            code = bytes.fromhex(self.select)
            self._rom = code + bytes((crc8(code),))
        self._config = settings["bits"] - 9 << 5 | 0x1F
        self._scratchpad = bytearray(9)
        self._conversion = 0

    async def prepare(self):
        """Set the resolution, in the scratchpad only: its EEPROM wears."""
        if not self._read_scratchpad():
            return False
        if self._scratchpad[4] != self._config:
            self.bus.address(self._rom)
            self.bus.port.writebyte(_WRITE_SCRATCHPAD)
            self.bus.port.write(bytes((self._scratchpad[2], self._scratchpad[3], self._config)))
        return True

    async def measure(self):
        self._conversion = await self.bus.convert(self._conversion)
        raw = self._read_scratchpad() and sixteenths(self._scratchpad)
        self.raw["temperature"] = raw
        return BAD if raw is None else GOOD

    def _read_scratchpad(self):
        """Fill the scratchpad; None unless it is whole."""
        self.bus.address(self._rom)
        self.bus.port.writebyte(_READ_SCRATCHPAD)
        self.bus.port.readinto(self._scratchpad)
        return True if is_whole(self._scratchpad) else None


def is_whole(scratchpad):
    """Whether the CRC fits and it is a scratchpad: zeros, as from a bus at ground, fit too."""
    return crc8(scratchpad) == 0 and scratchpad[4] & 0x9F == 0x1F


def sixteenths(scratchpad):
    """Sixteenths of a degree; None outside of what the sensor measures, and for its power-on value.

    The bits below the resolution are undefined. 85 °C is what a sensor shows that has not yet
    measured, so it is believed at no time.
    """
    raw = (scratchpad[1] ^ 0x80) - 0x80 << 8 | scratchpad[0]
    undefined = 3 - (scratchpad[4] >> 5)
    raw = raw >> undefined << undefined
    return None if raw == _POWER_ON or not -55 * 16 <= raw <= 125 * 16 else raw


def crc8(buffer):
    """The CRC of 1-Wire: x^8 + x^5 + x^4 + 1, least bit first; 0 over data with its CRC."""
    crc = 0
    for byte in buffer:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8C if crc & 1 else crc >> 1
    return crc
