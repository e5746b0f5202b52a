"""What accelerometers have in common: bursts of samples, and what they say of a vibration.

A burst is some windows of 32 samples, each filled by the sensor's own FIFO at its exact rate. So
nobody has to keep pace with the sensor, whatever the rate; between windows it may miss samples,
which neither mean nor RMS minds.
"""

import asyncio

from limen.core.burst import Burst, total_rms
from limen.core.compat import const
from limen.core.quality import BAD, GOOD, UNCERTAIN
from limen.drivers.sensor import Sensor

WINDOW = const(32)
_LOOKS = const(5)
_LOOK_MS = const(2)
_AXES = "xyz"
# In hundred-thousandths of a m/s², by definition (CGPM 1901).
GRAVITY = const(980665)


class Accelerometer(Sensor):
    """`settings` has `rate_hz`, `range_g` and the number of `windows` of a burst.

    A sensor of a kind has `start_window`, `window_size` and `take_window`, which calls `add` for
    each sample; `limit` is the largest raw number, and `denominator` how many make 1 g.
    """

    def __init__(self, bus, settings, channels, limit, denominator):
        line = GRAVITY, 0, denominator * 100000
        super().__init__(bus, settings, channels, {c.name: line for c in channels})
        self._limit = limit
        self._windows = settings["windows"]
        self._window_ms = WINDOW * 1000 // settings["rate_hz"] + 1
        self._axes = Burst(), Burst(), Burst()

    async def measure(self):
        for axis in self._axes:
            axis.clear()
        for _ in range(self._windows):
            self.start_window()
            await asyncio.sleep_ms(self._window_ms)
            if not await self._is_full():
                return BAD
            self.take_window()
        for axis in self._axes:
            if axis.most >= self._limit or axis.least <= -self._limit:
                return UNCERTAIN  # beyond its range the sensor shows the end of it
        return GOOD

    async def _is_full(self):
        for _ in range(_LOOKS):
            if self.window_size() >= WINDOW:
                return True
            await asyncio.sleep_ms(_LOOK_MS)
        return False

    def add(self, x, y, z):
        axes = self._axes
        axes[0].add(x)
        axes[1].add(y)
        axes[2].add(z)

    def count(self, name, line):
        numerator, denominator = line.numerator, line.denominator
        if name == "vibration_acceleration":
            return total_rms(self._axes, numerator, denominator)
        if name == "vibration_acceleration_peak":
            return max([axis.peak(numerator, denominator) for axis in self._axes])
        axis = self._axes[_AXES.index(name[-1])]
        if name.startswith("vibration"):
            return axis.rms(numerator, denominator)
        return axis.mean(numerator, denominator)


def signed(low, high):
    """The 16 bits of two registers as a signed number."""
    return (high ^ 0x80) - 0x80 << 8 | low
