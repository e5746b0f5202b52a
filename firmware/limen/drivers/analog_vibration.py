"""An accelerometer with an analog output, at a pin of the chip: bursts at an exact rate.

The chip's converter takes one sample when it is asked, so it is asked in time: nothing else runs
while a burst is taken, and no sample costs memory, or the collector would come in between. A burst
with a sample that is late by half a period begins anew.
"""

import asyncio
import time

from limen.core.compat import const
from limen.core.quality import BAD, GOOD, UNCERTAIN
from limen.core.scaling import Line
from limen.drivers.signature import PURE_NUMBERS, Signature

_STEP_UV = const(100)
_MIDDLE = const(13000)
_LINEAR_FROM = const(1500 - _MIDDLE)
_LINEAR_TO = const(24500 - _MIDDLE)
_TRIES = const(3)
_PAUSE_MS = const(1)


class Device:
    """`settings` has `pin`, `rate_hz` and `samples` of a burst, `signature`, and `line` from steps
    of 0.1 mV at the pin to m/s²."""

    def __init__(self, bus, settings, channels):
        self.bus = bus
        self._channels = channels
        self._converter = bus.port.analog(settings["pin"])
        self._period_us = 1000000 // settings["rate_hz"]
        line = settings["line"]
        self.signature = Signature(settings, settings["samples"], line)
        self._lines = [Line(*PURE_NUMBERS.get(c.name, line), c.places) for c in channels]

    async def read(self):
        """Take a burst; give the channels that are marked `fresh` value and quality."""
        self.bus.readings += 1
        quality = await self._measure()
        for channel, line in zip(self._channels, self._lines):
            if channel.fresh:
                value = None
                if quality < BAD:
                    value = self.signature.count(channel.name, line.numerator, line.denominator)
                channel.value = value
                channel.quality = BAD if value is None else quality

    async def _measure(self):
        samples = self.signature.samples
        for _ in range(_TRIES):
            if self._fill(samples):
                is_linear = min(samples) >= _LINEAR_FROM and max(samples) <= _LINEAR_TO
                self.signature.settle()
                return GOOD if is_linear else UNCERTAIN
            await asyncio.sleep_ms(_PAUSE_MS)
        return BAD

    def _fill(self, samples):
        """A sample each period; False if one is late."""
        read_uv, period_us = self._converter.read_uv, self._period_us
        due_us = time.ticks_us()
        for at in range(len(samples)):
            due_us = time.ticks_add(due_us, period_us)
            rest_us = time.ticks_diff(due_us, time.ticks_us())
            if rest_us > 0:
                time.sleep_us(rest_us)
            elif rest_us < -(period_us >> 1):
                return False
            samples[at] = read_uv() // _STEP_UV - _MIDDLE
        return True
