"""An alternating current through a current transformer: RMS over whole periods of the mains.

Some bursts of one period each, with room for others between them: a burst keeps the chip busy, and
20 ms are no longer than a frame on a serial line. Its signal swings around half of the supply,
which need not be known: the mean is taken out.
"""

import asyncio
import time

from limen.core.burst import Burst
from limen.core.compat import const
from limen.core.quality import BAD, GOOD, UNCERTAIN
from limen.core.scaling import Line

_STEP_UV = const(100)
_MIDDLE = const(16500)  # about half of 3.3 V, so that squares stay small
_FEWEST_SAMPLES = const(20)
_LINEAR_FROM = const(1500 - _MIDDLE)
_LINEAR_TO = const(24500 - _MIDDLE)


class Device:
    """`settings` has `pin`, `period_us` of the mains, the number of `bursts`, and `line` from
    steps of 0.1 mV at the pin to the current."""

    def __init__(self, bus, settings, channels):
        self.bus = bus
        self._channel = channels[0]
        self._converter = bus.port.analog(settings["pin"])
        self._line = Line(*settings["line"])
        self._period_us = settings["period_us"]
        self._bursts = settings["bursts"]
        self._burst = Burst()

    async def read(self):
        """Give the channel the RMS of the current."""
        channel, burst = self._channel, self._burst
        self.bus.readings += 1
        burst.clear()
        for _ in range(self._bursts):
            self._take_period()
            await asyncio.sleep_ms(1)
        if burst.samples < _FEWEST_SAMPLES * self._bursts:
            channel.value = None
            channel.quality = BAD
            return
        channel.value = burst.rms(self._line.numerator, self._line.denominator)
        linear = burst.least >= _LINEAR_FROM and burst.most <= _LINEAR_TO
        channel.quality = GOOD if linear else UNCERTAIN

    def _take_period(self):
        began_us = time.ticks_us()
        while time.ticks_diff(time.ticks_us(), began_us) < self._period_us:
            self._burst.add(self._converter.read_uv() // _STEP_UV - _MIDDLE)
