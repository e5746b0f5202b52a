"""What sensors on I2C, SPI and 1-Wire have in common.

A sensor is set up before its first reading, and again after any that failed: it may have lost its
power or been replaced. Whatever it answers or does not, its channels get a value or bad quality,
never an exception.
"""

from limen.core.quality import BAD, GOOD
from limen.core.scaling import Line


class Wires:
    """A bus of sensors; `ok`, `no_answer` and `bad_data` count readings by how they ended."""

    def __init__(self, port, settings, store=None):
        self.port = port
        self.id = settings["id"]
        self.kind = settings["kind"]
        self.ok = self.no_answer = self.bad_data = 0

    def counters(self):
        return {"ok": self.ok, "no_answer": self.no_answer, "bad_data": self.bad_data}


class Sensor:
    """`lines` has (numerator, offset, denominator) from raw to unit for each quantity.

    A sensor of a kind has `measure`, which fills `raw` and returns the quality of the reading, and
    may have `prepare`, which sets the sensor up and returns whether it is the right one. Both
    raise OSError when it does not answer.
    """

    def __init__(self, bus, settings, channels, lines):
        self.bus = bus
        self.select = bus.select(settings)
        self.raw = {}
        self._ready = False
        self._channels = channels
        self._lines = [Line(*lines[channel.name], channel.places) for channel in channels]

    async def read(self):
        """Give the channels that are marked `fresh` their value, a count or None, and quality."""
        quality = await self._try()
        self._ready = quality < BAD
        for index in range(len(self._channels)):
            channel = self._channels[index]
            if channel.fresh:
                value = self.count(channel.name, self._lines[index]) if quality < BAD else None
                channel.value = value
                channel.quality = BAD if value is None else quality

    async def _try(self):
        bus = self.bus
        try:
            quality = BAD
            if self._ready or await self.prepare():
                quality = await self.measure()
        except OSError:
            bus.no_answer += 1
            return BAD
        if quality < BAD:
            bus.ok += 1
        else:
            bus.bad_data += 1
        return quality

    async def prepare(self):
        return True

    def count(self, name, line):
        """The count of a quantity; None if it has no value."""
        raw = self.raw[name]
        return None if raw is None else line.count(raw)

    def keep(self, name, raw, least, most):
        """Keep a raw number that the sensor can have measured; any other is no value."""
        self.raw[name] = raw if raw is not None and least <= raw <= most else None

    def whole(self):
        """GOOD if any quantity has a value, else BAD."""
        for name in self.raw:
            if self.raw[name] is not None:
                return GOOD
        return BAD
