"""The exponential mean: each sample moves it by one part in `weight` of the way.

It is kept `weight` times as fine as the samples are, so it is never further than one count from
the mean without rounding, and comes to rest on a value that stands still, exactly.
"""


class Smooth:
    """`weight` of 8: a step has gone two thirds of its way after 8 samples."""

    def __init__(self, weight):
        self._weight = weight
        self._sum = None

    def clear(self):
        """Forget all samples: what comes next has nothing to do with them."""
        self._sum = None

    def feed(self, value):
        """Take a sample; return the mean, rounded to the nearest count."""
        if self._sum is None:
            self._sum = value * self._weight
        else:
            self._sum += value - self._mean()
        return self._mean()

    def _mean(self):
        return (2 * self._sum + self._weight) // (2 * self._weight)
