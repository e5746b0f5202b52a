"""Mean and standard deviation of some values, in hundredths of their counts.

Sums are kept of the differences from the first value, which are small. The deviation is that of a
sample, with one value less than there are in its divisor.
"""

from limen.core.burst import isqrt
from limen.core.compat import const
from limen.core.scaling import rounded

FINE = const(100)
FINE_PLACES = const(2)


class Spread:
    """Values since `clear`."""

    def __init__(self):
        self.clear()

    def clear(self):
        self.count = self._sum = self._squares = 0

    def feed(self, value):
        if not self.count:
            self._first = value
        step = value - self._first
        self.count += 1
        self._sum += step
        self._squares += step * step

    def mean(self):
        """In hundredths, rounded to the nearest."""
        return self._first * FINE + rounded(self._sum * FINE, self.count)

    def deviation(self):
        """In hundredths, rounded to the nearest; 0 of one value."""
        count = self.count
        if count < 2:
            return 0
        spread = (self._squares * count - self._sum * self._sum) * FINE * FINE
        # Twice the root, rounded down, tells on which side of a half the root itself lies.
        return (isqrt(4 * spread // (count * (count - 1))) + 1) // 2


def capability(mean, deviation, lower, upper):
    """(Cp, Cpk) in thousandths, from hundredths of counts; None where a limit is missing.

    ISO 22514-2 calls them so where the process is stable, and Pp, Ppk where nobody knows.
    """
    if not deviation:
        return None, None
    cp = None
    nearest = None
    if lower is not None and upper is not None:
        cp = rounded((upper - lower) * FINE * 1000, 6 * deviation)
    if upper is not None:
        nearest = upper * FINE - mean
    if lower is not None and (nearest is None or mean - lower * FINE < nearest):
        nearest = mean - lower * FINE
    return cp, None if nearest is None else rounded(nearest * 1000, 3 * deviation)
