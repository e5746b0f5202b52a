"""What a window of samples comes to: least, greatest, mean, root mean square, sum, last, count.

All are exact but mean and root mean square, which are rounded to the nearest count, halves away
from zero. Sums are kept of the differences from the first sample, which are small.
"""

AGGREGATES = ("min", "max", "mean", "rms", "sum", "last", "count")


class Aggregate:
    """Samples since `clear`; the aggregates mean nothing while `count` is 0."""

    def __init__(self):
        self.clear()

    def clear(self):
        self.count = 0

    def feed(self, value):
        if not self.count:
            self._first = self.min = self.max = value
            self._sum = self._squares = 0
        self.count += 1
        self.last = value
        if value < self.min:
            self.min = value
        elif value > self.max:
            self.max = value
        step = value - self._first
        self._sum += step
        self._squares += step * step

    def value(self, name):
        """The aggregate of that name."""
        return _VALUES[name](self)

    def _total(self):
        return self._first * self.count + self._sum

    def _rms(self):
        count = self.count
        first = self._first
        return _root((first * count + 2 * self._sum) * first + self._squares, count)


def _nearest(dividend, divisor):
    half = (2 * abs(dividend) + divisor) // (2 * divisor)
    return half if dividend >= 0 else -half


def _root(dividend, divisor):
    """The square root of a quotient, to the nearest whole number."""
    square = dividend // divisor
    root = square
    step = (root + 1) // 2
    while step < root:
        root = step
        step = (root + square // root) // 2
    return root + 1 if (2 * root + 1) ** 2 * divisor <= 4 * dividend else root


_VALUES = {
    "min": lambda gathered: gathered.min,
    "max": lambda gathered: gathered.max,
    "mean": lambda gathered: _nearest(gathered._total(), gathered.count),
    "rms": Aggregate._rms,
    "sum": Aggregate._total,
    "last": lambda gathered: gathered.last,
    "count": lambda gathered: gathered.count,
}
