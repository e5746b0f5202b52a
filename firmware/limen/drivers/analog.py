"""An analog input of the chip: 0 to 10 V through a divider, 4 to 20 mA through a shunt."""

from limen.core.analog import Scale
from limen.core.compat import const

_SAMPLES = const(16)  # the mean of so many takes most of the converter's noise out


class Device:
    """`settings` has `pin`, and `line` and `limits` of `core.analog`, in microvolts at the pin."""

    def __init__(self, bus, settings, channels):
        self.bus = bus
        self._channel = channels[0]
        self._converter = bus.port.analog(settings["pin"])
        self._scale = Scale(settings["line"], settings["limits"], _SAMPLES)

    async def read(self):
        """Convert some times; give the channel the mean, and its quality."""
        self.bus.readings += 1
        total = 0
        for _ in range(_SAMPLES):
            total += self._converter.read_uv()
        self._scale.read(total, self._channel)
