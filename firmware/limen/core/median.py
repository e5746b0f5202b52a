"""The median of the last few samples: a spike shorter than half of them leaves no trace.

It is exact: what comes out is one of the values that went in. It is late by half of its samples,
as every median is. Before there are so many it is the median of what there is, of two the smaller.
"""


class Median:
    """Of `size` samples, an odd number."""

    def __init__(self, size):
        self._last = [0] * size  # a ring in the order of time
        self._sorted = [0] * size
        self._count = self._at = 0

    def clear(self):
        """Forget all samples: what comes next has nothing to do with them."""
        self._count = self._at = 0

    def feed(self, value):
        """Take a sample; return the median of the last ones."""
        last = self._last
        ordered = self._sorted
        place = self._count
        if place < len(last):
            self._count += 1
        else:
            place = ordered.index(last[self._at])
        while place and ordered[place - 1] > value:
            ordered[place] = ordered[place - 1]
            place -= 1
        while place < self._count - 1 and ordered[place + 1] < value:
            ordered[place] = ordered[place + 1]
            place += 1
        ordered[place] = last[self._at] = value
        self._at = (self._at + 1) % len(last)
        return ordered[(self._count - 1) // 2]
