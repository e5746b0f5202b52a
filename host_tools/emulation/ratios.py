"""Exact numbers as ratios of integers: what is needed to reckon one quantity from others."""

import math
from decimal import Decimal
from fractions import Fraction

Value = int | Decimal | Fraction
Ratio = tuple[int, int]
"""A numerator and a positive denominator, not always in lowest terms: a meter reckons with these,
as integers are many times as fast as a Fraction, and just as exact."""


def ratio_of(value: Value | None) -> Ratio | None:
    return None if value is None else value.as_integer_ratio()


def sum_of(first: Ratio, *others: Ratio) -> Ratio:
    """Its denominator is the least that all have in common, so that long sums stay short."""
    numerator, denominator = first
    for more, scale in others:
        if scale != denominator:
            common = math.lcm(scale, denominator)
            numerator *= common // denominator
            more *= common // scale
            denominator = common
        numerator += more
    return numerator, denominator


def product(one: Ratio, other: Ratio) -> Ratio:
    return one[0] * other[0], one[1] * other[1]


def quotient(one: Ratio, other: Ratio) -> Ratio | None:
    """None where it is divided by zero."""
    numerator, denominator = one[0] * other[1], one[1] * other[0]
    if denominator < 0:
        return -numerator, -denominator
    return (numerator, denominator) if denominator else None


def part_of(whole: Ratio, parts: int) -> Ratio:
    return whole[0], whole[1] * parts


def root(square: Ratio) -> Ratio:
    """The square root to a thousandth, rounded down; that of less than nothing is 0."""
    numerator, denominator = square
    return math.isqrt(max(numerator, 0) * 1_000_000 // denominator), 1000


def nearest(numerator: int, denominator: int) -> int:
    """The whole number next to a fraction, ties away from zero; the denominator is positive."""
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -magnitude if numerator < 0 else magnitude
