"""Registers that hold IEEE 754 numbers, turned into counts by integer arithmetic.

A float is sign, mantissa and exponent: mantissa * numerator * 2**exponent is split into its whole
part and its first fractional bit, which is all that one correct rounding needs. A 24-bit mantissa
times a numerator below 2**17 is computed in halves of 12 bits, so that on the chip a value whose
count is a small integer never leaves them; a 53-bit mantissa cannot avoid it.
"""

from limen.core.compat import const
from limen.core.numbers import Number, nearest

_HALF_BITS = const(12)
_HALF_MASK = const(0xFFF)


def _rounded(high, low, low_bits, exponent, denominator):
    """Round (high * 2**low_bits + low) * 2**exponent / denominator."""
    half = 0
    if exponent >= 0:
        whole = (high << low_bits + exponent) + (low << exponent)
    elif exponent >= -low_bits:
        whole = (high << low_bits + exponent) + (low >> -exponent)
        half = low >> -exponent - 1 & 1
    else:
        whole = high >> -exponent - low_bits
        half = high >> -exponent - low_bits - 1 & 1
    return nearest(whole, half, denominator)


class Float(Number):
    """What both widths share; `_magnitude` gives the count without its sign."""

    def decode(self, buffer, offset):
        """Return the count of the number that begins at `offset`, or None: there is no value."""
        first = self.word(buffer, offset, 0)
        # The whole pattern leaves the small integers: only registers with a sentinel pay for it.
        if self.sentinels and self.extend(first, buffer, offset) in self.sentinels:
            return None
        count = self._magnitude(first & 0x7FFF, buffer, offset)
        return -count if count and first & 0x8000 else count


class Float32(Float):
    """Single precision, two registers."""

    def _magnitude(self, high, buffer, offset):
        exponent = high >> 7
        if exponent == 0xFF:
            return None
        low = self.word(buffer, offset, 1)
        high = (high & 0x7F) << 4 | low >> _HALF_BITS
        if exponent:
            high |= 0x800
            exponent -= 150
        else:
            exponent = -149
        return self._count(high, low & _HALF_MASK, exponent)

    def _count(self, high, low, exponent):
        low *= self.numerator
        high = high * self.numerator + (low >> _HALF_BITS)
        return _rounded(high, low & _HALF_MASK, _HALF_BITS, exponent, self.denominator)


class Float64(Float):
    """Double precision, four registers."""

    def _magnitude(self, first, buffer, offset):
        exponent = first >> 4
        if exponent == 0x7FF:
            return None
        first &= 0xF
        if exponent:
            first |= 0x10
        else:
            exponent = 1
        mantissa = self.extend(first, buffer, offset)
        return _rounded(mantissa * self.numerator, 0, 0, exponent - 1075, self.denominator)
