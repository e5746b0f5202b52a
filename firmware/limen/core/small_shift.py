"""EWMA and CUSUM: they find shifts that are too small for a control chart of single values.

Both get the distance of each value from the center and tell by `is_out` that the process has moved.
Their limits are those of a process that has long been running.

Source: NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.3 (CUSUM) and 6.3.2.4 (EWMA).
"""

from limen.core.burst import isqrt
from limen.core.smooth import Smooth


class Ewma:
    """Each value has a `weight`th of the say; the limit is so many tenths of its sigma."""

    def __init__(self, sigma, weight, tenths):
        self._weight = weight
        self._limit = isqrt(tenths * tenths * sigma * sigma // (100 * (2 * weight - 1)))
        self.clear()

    def clear(self):
        self._mean = Smooth(self._weight)
        self._mean.feed(0)
        self.is_out = False

    def feed(self, distance):
        self.is_out = abs(self._mean.feed(distance)) > self._limit


class Cusum:
    """Sums what is beyond `slack` tenths of sigma, on either side, up to `limit` tenths.

    A sum is held at twice its limit, so that it comes back when the process does.
    """

    def __init__(self, sigma, slack, limit):
        self._slack = sigma * slack
        self._limit = sigma * limit
        self.clear()

    def clear(self):
        self._high = self._low = 0
        self.is_out = False

    def feed(self, distance):
        most = 2 * self._limit
        self._high = min(max(0, self._high + 10 * distance - self._slack), most)
        self._low = min(max(0, self._low - 10 * distance - self._slack), most)
        self.is_out = max(self._high, self._low) > self._limit
