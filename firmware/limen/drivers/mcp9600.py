"""Microchip MCP9600 and MCP9601: a thermocouple and its cold junction, on I2C.

Source: Microchip, MCP9600 data sheet DS20005426 revision F (registers, 5.1 to 5.3).
"""

from limen.core.compat import const
from limen.core.quality import GOOD
from limen.drivers.sensor import Sensor

_HOT_JUNCTION, _COLD_JUNCTION = const(0x00), const(0x02)
_STATUS, _THERMOCOUPLE, _ID = const(0x04), const(0x05), const(0x20)
_MCP9600, _MCP9601 = const(0x40), const(0x41)
_OUT_OF_RANGE = const(0x30)  # input range or open circuit, and the short circuit of the MCP9601
_LINES = {"temperature": (1, 0, 16), "temperature_cold_junction": (1, 0, 16)}


class Device(Sensor):
    """`settings` has `thermocouple`, the type's number: 0 to 7 are K, J, T, N, S, E, B, R."""

    def __init__(self, bus, settings, channels):
        super().__init__(bus, settings, channels, _LINES)
        self._type = bytes((settings["thermocouple"] << 4,))
        self._byte = bytearray(1)
        self._word = bytearray(2)

    async def prepare(self):
        self.bus.read_into(self.select, _ID, self._word)
        if self._word[0] not in (_MCP9600, _MCP9601):
            return False
        self.bus.write(self.select, _THERMOCOUPLE, self._type)
        return True

    async def measure(self):
        self.bus.read_into(self.select, _STATUS, self._byte)
        hot = self._read(_HOT_JUNCTION)
        self.raw["temperature"] = None if self._byte[0] & _OUT_OF_RANGE else hot
        self.raw["temperature_cold_junction"] = self._read(_COLD_JUNCTION)
        # A sensor that was replaced, or has lost its power, measures a thermocouple of type K.
        self.bus.read_into(self.select, _THERMOCOUPLE, self._byte)
        if self._byte[0] != self._type[0]:
            self.bus.write(self.select, _THERMOCOUPLE, self._type)
            self.raw["temperature"] = None
        return GOOD

    def _read(self, register):
        self.bus.read_into(self.select, register, self._word)
        return sixteenths(self._word)


def sixteenths(word):
    """Sixteenths of a degree of a temperature register."""
    return (word[0] ^ 0x80) - 0x80 << 8 | word[1]
