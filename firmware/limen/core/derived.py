"""Numbers that one register alone does not give: a part of its bits, an offset, and a decimal
exponent that the device keeps in another register.

count = (bits of raw * 10**exponent * numerator + offset) / denominator, rounded once. A number
and its exponent are one run of registers, read by one request, because a device may change both
between two. Only such channels pay for this module.
"""

from limen.core.compat import const
from limen.core.numbers import Integer, number, rounded

_LARGEST_EXPONENT = const(12)


def derived(kind, order, numerator, denominator, rest):
    """Return the decoder for a run of `words` registers, in which the number is `at` words from
    its beginning and the exponent at `exponent_at`, -1 for none.

    `rest`: offset, words, at, exponent_at, lowest bit, number of bits or 0 for all, sentinels...
    """
    plain = number(kind, order, 1, 1, rest[6:])
    derived_class = DerivedFloat if kind[0] == "f" else Derived
    return derived_class(plain, numerator, denominator, *rest[:6])


class Derived:
    """An integer, or BCD; `plain` decodes it as it stands there."""

    def __init__(self, plain, numerator, denominator, offset, words, at, exponent_at, low, bits):
        self.words = words
        self._plain = plain
        self._numerator = numerator
        self._denominator = denominator
        self._offset = offset
        self._at = 2 * at
        self._exponent = Integer(1, "ABCD", 1, 1, (), True) if exponent_at >= 0 else None
        self._exponent_at = 2 * exponent_at
        self._low = low
        self._mask = (1 << bits) - 1
        self._parts = 1  # what `_raw` returns counts this part of one

    def decode(self, buffer, offset):
        """Return the count of the run that begins at `offset`, or None: there is no value."""
        value = self._raw(buffer, offset + self._at)
        if value is None:
            return None
        parts = self._parts
        if self._exponent:
            exponent = self._exponent.raw(buffer, offset + self._exponent_at)
            if not -_LARGEST_EXPONENT <= exponent <= _LARGEST_EXPONENT:
                return None
            if exponent < 0:
                parts *= 10**-exponent
            else:
                value *= 10**exponent
        return rounded(value * self._numerator + self._offset * parts, self._denominator * parts)

    def _raw(self, buffer, offset):
        value = self._plain.raw(buffer, offset)
        if self._mask and value is not None:
            return value >> self._low & self._mask
        return value


class DerivedFloat(Derived):
    """A single or a double, taken as an exact fraction: rare enough to leave the small integers."""

    def _raw(self, buffer, offset):
        plain = self._plain
        pattern = plain.extend(plain.word(buffer, offset, 0), buffer, offset)
        size, largest = (23, 0xFF) if plain.words == 2 else (52, 0x7FF)
        exponent = pattern >> size & largest
        if exponent == largest or pattern in plain.sentinels:
            return None
        mantissa = pattern & (1 << size) - 1
        if exponent:
            mantissa |= 1 << size
        else:
            exponent = 1
        exponent -= size + (largest >> 1)
        self._parts = 1 << max(0, -exponent)
        mantissa <<= max(0, exponent)
        return -mantissa if pattern >> 16 * plain.words - 1 else mantissa
