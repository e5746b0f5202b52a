"""Registers to be written, against `struct` and against the way back."""

import struct
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from limen.core.modbus_values import encode, float_bits
from limen.core.numbers import number

ORDERS = st.sampled_from(("ABCD", "BADC", "CDAB", "DCBA"))
LIMITS = {"f": (24, 8, ">f", ">I"), "d": (53, 11, ">d", ">Q")}


@given(st.sampled_from("fd"), st.fractions(min_value=-(10**30), max_value=10**30))
def test_the_nearest_float_is_that_of_struct(letter, value):
    mantissa_bits, exponent_bits, form, whole = LIMITS[letter]
    assume(value == 0 or abs(value) > Fraction(1, 10**30))
    nearest = value.numerator / value.denominator  # correctly rounded to a double
    if letter == "f":
        assume(Fraction(nearest) == value)  # else it would be rounded twice
    (expected,) = struct.unpack(whole, struct.pack(form, nearest))
    bits = float_bits(value.numerator, value.denominator, mantissa_bits, exponent_bits)
    assert bits == expected


@given(
    st.sampled_from(("u16", "s16", "u32", "s32", "u48", "s48", "u64", "s64")),
    ORDERS,
    st.integers(1, 1000),
    st.integers(1, 1000),
    st.integers(-(10**22), 10**22),
)
def test_the_way_back_comes_within_half_a_step(kind, order, numerator, denominator, count):
    spec = [7, kind, order, numerator, denominator]
    try:
        _, data = encode(spec, count)
    except ValueError:
        raw = Fraction(count * denominator, numerator)
        bits = int(kind[1:])
        low, high = (0, 1 << bits) if kind[0] == "u" else (-(1 << bits - 1), 1 << bits - 1)
        assert not low <= raw <= high - 1
        return
    back = number(kind, order, numerator, denominator).decode(data, 0)
    assert 2 * abs(back - count) <= numerator / denominator + 1


def test_a_number_beyond_a_float_is_refused():
    with pytest.raises(ValueError, match="too large or too small"):
        float_bits(1 << 128, 1, 24, 8)
    with pytest.raises(ValueError, match="too large or too small"):
        float_bits(1, 1 << 130, 24, 8)
    assert float_bits((1 << 128) - (1 << 104), 1, 24, 8) == 0x7F7FFFFF
