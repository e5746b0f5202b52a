"""A digital output: in its safe state from the start, and again whenever it is closed.

The safe states also lie outside of the configuration (`hal.pins`), so that a board which has lost
its configuration still puts its outputs there.
"""

from limen.core.quality import GOOD


class Device:
    """`settings` has `pin`, `invert` and `safe`, the level that does no harm."""

    def __init__(self, bus, settings, channels):
        self.bus = bus
        self._channel = channels[0]
        self._invert = 1 if settings["invert"] else 0
        self._safe = settings["safe"]
        self._pin = bus.port.output(settings["pin"], self._safe ^ self._invert)

    async def read(self):
        """Give the channel the level that the output has."""
        self.bus.readings += 1
        self._channel.value = self._pin.value() ^ self._invert
        self._channel.quality = GOOD

    def write(self, level):
        """Switch the output: 0 or 1."""
        self._pin.value(level ^ self._invert)

    def close(self):
        """Go to the safe state."""
        self.write(self._safe)
