"""An SPI bus of sensors whose first byte is a register, a bit for reading and one for several.

Nobody acknowledges on SPI: a sensor that is absent is found by its identity register.
"""

from limen.core.compat import const
from limen.drivers.sensor import Wires

_READ_SEVERAL = const(0xC0)
_WRITE_SEVERAL = const(0x40)


class Bus(Wires):
    """`port` has `spi`, a `machine.SPI`, and `output(pin, level)`, which makes a chip select."""

    def __init__(self, port, settings, store=None):
        super().__init__(port, settings)
        self._head = bytearray(1)

    def select(self, settings):
        return self.port.output(settings["cs"], 1)

    def write(self, chip, register, data):
        self._head[0] = register | _WRITE_SEVERAL
        chip.value(0)
        self.port.spi.write(self._head)
        self.port.spi.write(data)
        chip.value(1)

    def read_into(self, chip, register, buffer):
        self._head[0] = register | _READ_SEVERAL
        chip.value(0)
        self.port.spi.write(self._head)
        self.port.spi.readinto(buffer)
        chip.value(1)
