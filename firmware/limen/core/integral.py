"""Energy from power, where there is no counter."""


class Integral:
    """Each value holds until the next one.

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
