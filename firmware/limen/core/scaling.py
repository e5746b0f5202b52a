"""Straight lines from a raw number to a count, exactly: scale and offset are rationals.

count = (raw * numerator + offset) / denominator, rounded once, to the nearest integer, ties away
from zero. The three integers have no common factor, so that products stay small where they can.
"""


class Line:
    """From raw to counts of 10**-places units, given the same line from raw to units."""

    def __init__(self, numerator, offset, denominator, places=0):
        if places < 0:
            denominator *= 10**-places
        else:
            numerator *= 10**places
            offset *= 10**places
        divisor = gcd(gcd(numerator, offset), denominator)
        self.numerator = numerator // divisor
        self.offset = offset // divisor
        self.denominator = denominator // divisor

    def count(self, raw):
        return rounded(raw * self.numerator + self.offset, self.denominator)


def through(x0, y0, x1, y1):
    """(numerator, offset, denominator) of the line through two points; x0 and x1 differ."""
    if x1 < x0:
        x0, y0, x1, y1 = x1, y1, x0, y0
    line = Line(y1 - y0, y0 * (x1 - x0) - x0 * (y1 - y0), x1 - x0)
    return line.numerator, line.offset, line.denominator


def rounded(value, denominator):
    """The integer nearest to value / denominator; ties go away from zero."""
    half = denominator // 2
    if value < 0:
        return -((half - value) // denominator)
    return (value + half) // denominator


def gcd(a, b):
    """The greatest common divisor, never negative; that of 0 and 0 is 0."""
    while b:
        a, b = b, a % b
    return abs(a)
