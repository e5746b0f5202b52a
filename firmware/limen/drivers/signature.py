"""What an accelerometer says of one axis from a burst without a gap: see `limen.core.vibration`."""

from array import array

from limen.core.compat import const
from limen.core.vibration import MILLI, Vibration

_MM_PER_M = const(1000)
_UM_PER_M = const(1000000)
_PURE_NUMBER = (1, 0, 1)
PURE_NUMBERS = {
    "vibration_crest_factor": _PURE_NUMBER,
    "vibration_kurtosis": _PURE_NUMBER,
    "vibration_zone": _PURE_NUMBER,
}
"""Their line, as they have no unit."""


class Signature:
    """Of `size` samples; `settings["signature"]` is [lowest and highest frequency in Hz, speed of
    the shaft in mHz, zones], and the zones are limits of the velocity in µm/s, in rising order.
    `line` is that from raw to m/s²; who knows the speed may set `millihz`, 0 while it is unknown.
    """

    def __init__(self, settings, size, line):
        self._from_hz, self._top_hz, self.millihz, self._zones = settings["signature"]
        self._line = line
        self.samples = array("h", bytes(2 * size))
        self._vibration = Vibration(self.samples, settings["rate_hz"])
        self._at = 0

    def clear(self):
        self._at = 0

    def left(self):
        """How many samples are missing."""
        return len(self.samples) - self._at

    def add(self, raw):
        self.samples[self._at] = raw
        self._at += 1

    def settle(self):
        """The burst is whole."""
        self._vibration.load(len(self.samples))

    def count(self, name, numerator, denominator):
        """The count of a quantity; the fraction leads from raw, or from 1 if it has no unit."""
        vibration = self._vibration
        if name == "vibration_acceleration":
            return vibration.rms(numerator, denominator)
        if name == "vibration_acceleration_peak":
            return vibration.peak(numerator, denominator)
        if name == "vibration_crest_factor":
            return vibration.crest_factor(numerator)
        if name == "vibration_kurtosis":
            return vibration.kurtosis(numerator)
        if name == "vibration_velocity":
            return vibration.velocity_rms(self._from_hz, numerator * _MM_PER_M, denominator)
        if name == "vibration_zone":
            return self._zone()
        order = int(name[-1])
        if order * self.millihz > self._top_hz * MILLI:
            return None
        return vibration.amplitude(self.millihz, order, numerator, denominator)

    def _zone(self):
        """0 to 3, which are A to D."""
        numerator, _, denominator = self._line
        scale = numerator * _UM_PER_M, denominator
        velocity = self._vibration.velocity_rms(self._from_hz, *scale)
        zone = 0
        for limit in self._zones:
            zone += velocity > limit
        return zone
