"""The sliding demand: the mean power over the time before now, as long as an interval."""

from limen.core.demand import mean_power


class Sliding:
    """The mean power over the last interval's length, moved on in `steps` steps.

    `feed` is given each reading; True when a step has been made: then `power` is the demand, None
    until a whole length has been seen. A gap begins anew.
    """

    def __init__(self, length_s, steps):
        self._length_s = length_s
        self._step_s = length_s // steps
        self._counts = [None] * (steps + 1)
        self._at = 0
        self._number = None
        self._last = None
        self.power = None

    def feed(self, s, ms, count):
        """Take the counter read at a UTC."""
        number = (s - (0 if ms else 1)) // self._step_s
        has_moved = self._number is not None and number != self._number
        if has_moved:
            self._move(number == self._number + 1)
        self._number = number
        self._last = count
        return has_moved

    def _move(self, is_next):
        """The count at the step's end is the last one before it."""
        counts = self._counts
        if not is_next:
            for i in range(len(counts)):
                counts[i] = None
        self._at = (self._at + 1) % len(counts)
        counts[self._at] = self._last if is_next else None
        before = counts[(self._at + 1) % len(counts)]
        self.power = None
        if before is not None and is_next:
            self.power = mean_power(self._last - before, self._length_s)
