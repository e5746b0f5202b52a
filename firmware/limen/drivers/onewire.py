"""A 1-Wire bus of temperature sensors; one conversion serves all of them.

Source: Analog Devices (Maxim), DS18B20 data sheet, revision 6 (commands, conversion times).
"""

import asyncio
import time

from limen.core.compat import const
from limen.drivers.sensor import Wires

_SKIP_ROM, _MATCH_ROM, _CONVERT = const(0xCC), const(0x55), const(0x44)
_CONVERT_MS = const(750)
_FRESH_MS = const(1000)


class Bus(Wires):
    """`port` is a `onewire.OneWire`."""

    def __init__(self, port, settings, store=None):
        super().__init__(port, settings)
        self._conversions = 0
        self._converted_ms = 0

    def select(self, settings):
        return settings["rom"]

    def address(self, rom):
        """Reset the bus and speak to the sensor of this ROM, 8 bytes, or to all if it is None.

        Raises OSError when nobody is there.
        """
        if not self.port.reset():
            raise OSError(19)
        if rom is None:
            self.port.writebyte(_SKIP_ROM)
        else:
            self.port.writebyte(_MATCH_ROM)
            self.port.write(rom)

    async def convert(self, used):
        """Have all sensors measure, which takes 750 ms and blocks nobody; return its number.

        `used` is the number of the conversion that the caller has read already: another one that
        is still fresh will do.
        """
        age_ms = time.ticks_diff(time.ticks_ms(), self._converted_ms)
        if used == self._conversions or not 0 <= age_ms < _FRESH_MS:
            self.address(None)
            self.port.writebyte(_CONVERT)
            await asyncio.sleep_ms(_CONVERT_MS)
            self._conversions += 1
            self._converted_ms = time.ticks_ms()
        return self._conversions
