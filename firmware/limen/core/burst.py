"""What a burst of samples of one signal amounts to: its mean, the RMS around it, its peak.

The sums are exact and, up to 32,768 samples of less than 2**15, small integers: a square is split
into two halves of 15 bits, each with a sum of its own. So taking a sample allocates nothing.
"""

from limen.core.compat import const
from limen.core.scaling import rounded

_HALF_BITS = const(15)
_LOW = const(0x7FFF)
LIMIT = const(0x8000)


class Burst:
    """Sums over the samples since `clear`."""

    def __init__(self):
        self.clear()

    def clear(self):
        self.samples = self.sum = self._high = self._low = 0
        self.least = LIMIT
        self.most = -LIMIT

    def add(self, x):
        """Take a sample, -32767 to 32767."""
        square = x * x
        self.samples += 1
        self.sum += x
        self._high += square >> _HALF_BITS
        self._low += square & _LOW
        if x < self.least:
            self.least = x
        if x > self.most:
            self.most = x

    def spread(self):
        """The variance times the square of the number of samples."""
        squares = (self._high << _HALF_BITS) + self._low
        return squares * self.samples - self.sum * self.sum

    def mean(self, numerator, denominator):
        """The mean times numerator / denominator, rounded; None without samples."""
        if not self.samples:
            return None
        return rounded(self.sum * numerator, self.samples * denominator)

    def peak(self, numerator, denominator):
        """The farthest from the mean that a sample lies, scaled and rounded; None without any."""
        if not self.samples:
            return None
        above = self.most * self.samples - self.sum
        below = self.sum - self.least * self.samples
        return rounded(max(above, below) * numerator, self.samples * denominator)

    def rms(self, numerator, denominator):
        """The RMS around the mean, scaled and rounded; None without samples."""
        return total_rms((self,), numerator, denominator)


def total_rms(bursts, numerator, denominator):
    """The root of the summed squares of several signals, each around its own mean."""
    samples = bursts[0].samples
    if not samples:
        return None
    spread = 0
    for burst in bursts:
        spread += burst.spread()
    divisor = samples * denominator
    # Twice the root, rounded down, tells on which side of a half the root itself lies.
    return (isqrt(4 * spread * numerator * numerator // (divisor * divisor)) + 1) // 2


def isqrt(n):
    """The largest integer whose square is not above n."""
    if n <= 0:
        return 0
    root = 1
    while root * root <= n:
        root <<= 1
    while True:
        better = (root + n // root) // 2
        if better >= root:
            return root
        root = better
