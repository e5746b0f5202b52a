"""What accelerometers have in common: bursts of samples, and what they say of a vibration.

A burst is some windows of 32 samples, each filled by the sensor's own FIFO at its exact rate. So
nobody has to keep pace with the sensor, whatever the rate; between windows it may miss samples,
which neither mean nor RMS minds.

What asks how the vibration goes on, its velocity and orders, needs a burst without a gap: there the
FIFO streams and is emptied before it is full. One that is found full may have lost samples, and the
burst begins anew.
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
_TRIES = const(3)
# Modes of the FIFO, the same for both makes.
_BYPASS, _FILL, _STREAM = b"\x00", b"\x40", b"\x80"
# In hundred-thousandths of a m/s², by definition (CGPM 1901).
GRAVITY = const(980665)


class Accelerometer(Sensor):
    """`settings` has `rate_hz`, `range_g` and the number of `windows` of a burst; `signature`, and
    the `axis` it is of, where a channel asks for what needs a burst without a gap.

    A sensor of a kind has `window_size`, and `take`, which calls `add` for each of so many samples;
    `fifo` is the register that sets its FIFO's mode, `limit` the largest raw number, and
    `denominator` how many make 1 g.
    """

    def __init__(self, bus, settings, channels, fifo, limit, denominator):
        line = GRAVITY, 0, denominator * 100000
        lines = {channel.name: line for channel in channels}
        self.signature = None
        if "signature" in settings:
            from limen.drivers.signature import PURE_NUMBERS, Signature

            self._axis = settings["axis"]
            self.signature = Signature(settings, WINDOW * settings["windows"], line)
            lines.update(PURE_NUMBERS)
        super().__init__(bus, settings, channels, lines)
        self._fifo = fifo
        self._limit = limit
        self._windows = settings["windows"]
        self._window_ms = WINDOW * 1000 // settings["rate_hz"] + 1
        self._axes = Burst(), Burst(), Burst()

    async def measure(self):
        is_whole = await (self._stream() if self.signature else self._fill())
        if not is_whole:
            return BAD
        if self.signature:
            self.signature.settle()
        for axis in self._axes:
            if axis.most >= self._limit or axis.least <= -self._limit:
                return UNCERTAIN  # beyond its range the sensor shows the end of it
        return GOOD

    async def _fill(self):
        """A burst of windows; False if one does not fill."""
        self._clear()
        for _ in range(self._windows):
            self._start(_FILL)
            await asyncio.sleep_ms(self._window_ms)
            if not await self._is_full():
                return False
            self.take(WINDOW)
        return True

    def _start(self, mode):
        """Let the FIFO begin anew: it is emptied by being passed by."""
        self.bus.write(self.select, self._fifo, _BYPASS)
        self.bus.write(self.select, self._fifo, mode)

    async def _stream(self):
        """A burst without a gap; False if there was one each time, or nothing came."""
        for _ in range(_TRIES):
            self._clear()
            self._start(_STREAM)
            if await self._keep_up():
                return True
        return False

    async def _keep_up(self):
        signature = self.signature
        looks = _LOOKS
        while looks:
            await asyncio.sleep_ms(max(1, self._window_ms // 4))
            size = self.window_size()
            if size >= WINDOW:
                return False
            looks = _LOOKS if size else looks - 1
            self.take(min(size, signature.left()))
            if not signature.left():
                return True
        return False

    def _clear(self):
        for axis in self._axes:
            axis.clear()
        if self.signature:
            self.signature.clear()

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
        if self.signature:
            axis = self._axis
            self.signature.add(x if axis == 0 else y if axis == 1 else z)

    def count(self, name, line):
        numerator, denominator = line.numerator, line.denominator
        if name == "vibration_acceleration":
            return total_rms(self._axes, numerator, denominator)
        if name == "vibration_acceleration_peak":
            return max([axis.peak(numerator, denominator) for axis in self._axes])
        if name[-2] != "_" or name[-1] not in _AXES:
            return self.signature.count(name, numerator, denominator)
        axis = self._axes[_AXES.index(name[-1])]
        if name.startswith("vibration"):
            return axis.rms(numerator, denominator)
        return axis.mean(numerator, denominator)


def signed(low, high):
    """The 16 bits of two registers as a signed number."""
    return (high ^ 0x80) - 0x80 << 8 | low
