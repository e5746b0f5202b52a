"""Demand: the mean power over an interval, so far, sliding, and as it will be at the end.

Energy counts are Wh times ten to `places` - 3, power counts W times ten to the same: an interval
divides the hour, so the power of a count is a whole number of counts, and nothing is rounded.
"""

from limen.core.compat import const

_HOUR_S = const(3600)
_THOUSAND = const(1000)


def mean_power(energy, length_s):
    """The power that gives this energy in a part of an hour."""
    return energy * (_HOUR_S // length_s)


def predicted_power(used, power, left_s, length_s):
    """The mean power of the whole interval if it goes on with `power` to its end, rounded down."""
    return (used * _HOUR_S + power * left_s) // length_s


def power_factor(active, reactive):
    """1000 times the power factor of an interval's energies, rounded; None without energy.

    active / sqrt(active**2 + reactive**2): that of the sums, which is what is billed.
    """
    square = active * active + reactive * reactive
    if not square:
        return None
    twice = _root(4 * _THOUSAND * _THOUSAND * active * active // square)
    return (twice + 1) // 2


def _root(square):
    """The integer square root (Newton)."""
    root = square
    step = (root + 1) // 2
    while step < root:
        root = step
        step = (root + square // root) // 2
    return root


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


class Integral:
    """Energy from power where there is no counter: each value holds until the next one.

    It holds for `gap_ms` at most; after that the power is not known, and nothing is added. `power`
    in counts of 10**-places W gives `energy` in whole Wh; the remainder is kept.
    """

    def __init__(self, places, gap_ms):
        # In steps of 128 counts times a millisecond the product stays a small integer.
        self._per_wh = 28125 * 10 ** max(places, 0)
        self._factor = 10 ** max(-places, 0)
        self._gap_ms = gap_ms
        self._power = 0
        self._high = self._low = 0
        self.energy = 0

    def feed(self, power, passed_ms):
        """Add what the power before has given since; from now on it is `power`, None: unknown."""
        before = self._power
        if before > 0 and 0 < passed_ms <= self._gap_ms:
            self._low += (before & 127) * passed_ms
            self._high += (before >> 7) * passed_ms + (self._low >> 7)
            self._low &= 127
            if self._high >= self._per_wh:
                self.energy += self._high // self._per_wh
                self._high %= self._per_wh
        self._power = power * self._factor if power is not None and power > 0 else 0
        return self.energy
