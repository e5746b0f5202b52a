"""Registers that hold decimal digits, four to a word: 0x1234 is 1234.

A pattern with a digit above 9 is no number, and gives None as a sentinel does.
"""

from limen.core.numbers import Integer


class Bcd(Integer):
    """Binary-coded decimals without a sign."""

    def __init__(self, words, order, numerator, denominator, sentinels):
        super().__init__(words, order, numerator, denominator, sentinels, False)

    def raw(self, buffer, offset):
        """Return the integer that the digits write, or None: there is no value."""
        # The pattern leaves the small integers before its value does.
        if self.sentinels and super().raw(buffer, offset) is None:
            return None
        value = 0
        for index in range(self.words):
            word = self.word(buffer, offset, index)
            for shift in (12, 8, 4, 0):
                digit = word >> shift & 0xF
                if digit > 9:
                    return None
                value = value * 10 + digit
        return value
