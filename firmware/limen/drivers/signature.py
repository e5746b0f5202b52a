"""What an accelerometer says of one axis from a burst without a gap: see `limen.core.vibration`."""

from array import array

from limen.core.compat import const
from limen.core.vibration import Vibration

_MM_PER_M = const(1000)
_UM_PER_M = const(1000000)


class Signature:
    """`settings["signature"]` is [axis, lowest frequency in Hz, speed in mHz or 0, zones], and the
    zones are limits of the velocity in µm/s, in rising order. `line` is that from raw to m/s²."""

    def __init__(self, settings, window, line):
        self._axis, self._from_hz, self._millihz, self._zones = settings["signature"]
        self._line = line
        self._samples = array("h", bytes(2 * window * settings["windows"]))
        self._vibration = Vibration(self._samples, settings["rate_hz"])
        self._at = 0

    def clear(self):
        self._at = 0

    def left(self):
        """How many samples are missing."""
        return len(self._samples) - self._at

    def add(self, x, y, z):
        axis = self._axis
        self._samples[self._at] = x if axis == 0 else y if axis == 1 else z
        self._at += 1

    def settle(self):
        """The burst is whole."""
        self._vibration.load(self._at)

    def count(self, name, numerator, denominator):
        """The count of a quantity; the fraction leads from raw, or from 1 if it has no unit."""
        vibration = self._vibration
        if name == "vibration_crest_factor":
            return vibration.crest_factor(numerator)
        if name == "vibration_kurtosis":
            return vibration.kurtosis(numerator)
        if name == "vibration_velocity":
            return vibration.velocity_rms(self._from_hz, numerator * _MM_PER_M, denominator)
        if name == "vibration_zone":
            return self._zone()
        return vibration.amplitude(self._millihz, int(name[-1]), numerator, denominator)

    def _zone(self):
        """0 to 3, which are A to D."""
        numerator, _, denominator = self._line
        scale = numerator * _UM_PER_M, denominator
        velocity = self._vibration.velocity_rms(self._from_hz, *scale)
        zone = 0
        for limit in self._zones:
            zone += velocity > limit
        return zone
