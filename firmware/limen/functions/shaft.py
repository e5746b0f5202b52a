"""The speed of shafts, from channels: what the orders of vibrations are looked for at.

The speed is the newest one when a burst has been taken. While it has no value, or nothing turns,
orders are bad, and nothing else is.
"""

from limen.core.quality import BAD
from limen.core.scaling import Line


class Function:
    """`settings["shafts"]` are [[device, index of the speed], device of the sensor, line from the
    speed's count to mHz] each."""

    def __init__(self, gateway, number, device, settings):
        devices = gateway.devices
        self._shafts = [
            (devices[place[0]].channels[place[1]], devices[sensor].reader.signature, Line(*line))
            for place, sensor, line in settings["shafts"]
        ]

    def feed(self, device):
        """A speed has been read."""
        for channel, signature, line in self._shafts:
            is_known = channel.quality < BAD
            signature.millihz = abs(line.count(channel.value)) if is_known else 0
