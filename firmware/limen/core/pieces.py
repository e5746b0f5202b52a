"""Pieces that a machine has made, from a counter or from the rising edges of an input.

A counter that goes back, and one that is bad, has counted nothing.
"""

from limen.core.quality import BAD


class Pieces:
    """`settings` are [device, channel, pieces of a pulse, whether edges count]."""

    def __init__(self, devices, settings):
        device, index, self._each, self._is_edge = settings
        self._channel = devices[device].channels[index]
        self.last = None

    def new(self):
        """Pieces since the last call."""
        channel, last = self._channel, self.last
        if channel.quality >= BAD:
            return 0
        self.last = channel.value
        if last is None or channel.value <= last:
            return 0
        return self._each * (1 if self._is_edge else channel.value - last)
