"""Decoded counts against exact rationals, over any bits, scale and order."""

import math
import struct
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from limen.core import floats
from limen.core.numbers import number

ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
SMALL = range(-(1 << 30), 1 << 30)

numerators = st.one_of(st.integers(1, 131071), st.sampled_from([1, 10, 100, 1000, 100000]))
denominators = st.one_of(st.integers(1, 100000), st.sampled_from([1, 10, 100, 1000]))


def nearest(exact: Fraction) -> int:
    """Round to the nearest integer, ties away from zero."""
    magnitude = math.floor(abs(exact) + Fraction(1, 2))
    return -magnitude if exact < 0 else magnitude


def on_the_wire(big_endian: bytes, order: str) -> bytes:
    words = [big_endian[i : i + 2] for i in range(0, len(big_endian), 2)]
    if order in ("CDAB", "DCBA"):
        words.reverse()
    if order in ("BADC", "DCBA"):
        words = [word[::-1] for word in words]
    return b"".join(words)


@given(st.integers(1, 4), st.booleans(), st.data(), st.sampled_from(ORDERS))
def test_integers(words, signed, data, order):
    bits = data.draw(st.binary(min_size=2 * words, max_size=2 * words))
    numerator, denominator = data.draw(numerators), data.draw(denominators)
    kind = f"{'s' if signed else 'u'}{16 * words}"
    decoder = number(kind, order, numerator, denominator)
    raw = int.from_bytes(bits, "big", signed=signed)
    expected = nearest(Fraction(raw * numerator, denominator))
    assert decoder.decode(b"?" + on_the_wire(bits, order), 1) == expected


def check_float(kind, code, bits, order, numerator, denominator):
    count = number(kind, order, numerator, denominator).decode(on_the_wire(bits, order), 0)
    (value,) = struct.unpack(code, bits)
    if math.isfinite(value):
        assert count == nearest(Fraction(value) * numerator / denominator)
    else:
        assert count is None


@given(st.binary(min_size=4, max_size=4), st.sampled_from(ORDERS), numerators, denominators)
def test_singles_of_any_bits(bits, order, numerator, denominator):
    check_float("f32", ">f", bits, order, numerator, denominator)


@given(st.floats(width=32, min_value=-1e6, max_value=1e6), numerators, denominators)
@example(0.5, 1, 1)
@example(-0.49999997, 1, 1)
def test_singles_as_meters_send_them(value, numerator, denominator):
    check_float("f32", ">f", struct.pack(">f", value), "ABCD", numerator, denominator)


@given(st.integers(-(1 << 20), 1 << 20), st.integers(0, 12), st.integers(1, 1000))
def test_ties_of_singles(odd, shift, denominator):
    bits = struct.pack(">f", math.ldexp(2 * odd + 1, -shift))
    check_float("f32", ">f", bits, "ABCD", 1, denominator)


@given(st.binary(min_size=8, max_size=8), st.sampled_from(ORDERS), numerators, denominators)
def test_doubles_of_any_bits(bits, order, numerator, denominator):
    check_float("f64", ">d", bits, order, numerator, denominator)


@given(st.floats(min_value=-1e12, max_value=1e12), numerators, denominators)
def test_doubles_as_meters_send_them(value, numerator, denominator):
    check_float("f64", ">d", struct.pack(">d", value), "ABCD", numerator, denominator)


class Watched(int):
    """An integer that cannot leave the 31 bits of a small integer on the chip."""

    def __new__(cls, value):
        assert value in SMALL, f"{value} is no small integer"
        return super().__new__(cls, value)


def _watch(name):
    operation = getattr(int, name)
    setattr(Watched, name, lambda self, *others: Watched(operation(self, *others)))


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "floordiv", "lshift", "rshift"):
    _watch(f"__{_name}__")
for _name in ("and", "rand", "or", "ror", "rlshift", "rrshift", "neg", "rfloordiv"):
    _watch(f"__{_name}__")


@given(st.binary(min_size=4, max_size=4), st.integers(1, 131071))
@example(bytes.fromhex("45FFF000"), 131071)
@example(bytes.fromhex("4E7FFFFF"), 1)
def test_singles_never_leave_the_small_integers(bits, numerator):
    (value,) = struct.unpack(">f", bits)
    if not math.isfinite(value) or nearest(Fraction(value) * numerator) not in SMALL:
        return
    decoder = number("f32", "ABCD", Watched(numerator), Watched(1))
    expected = nearest(Fraction(value) * numerator)
    assert decoder.decode([Watched(byte) for byte in bits], 0) == expected
    assert isinstance(decoder, floats.Float32)


fractions = st.fractions(max_denominator=10000, min_value=-100000, max_value=100000)


@given(st.integers(1, 4), st.data(), fractions, st.integers(-12, 12), st.sampled_from(ORDERS))
def test_offsets_and_exponents_of_integers(words, data, offset, exponent, order):
    bits = data.draw(st.binary(min_size=2 * words, max_size=2 * words))
    numerator, denominator = data.draw(numerators), offset.denominator
    fields = (offset.numerator, words + 1, 1, 0, 0, 0)
    decoder = number(f"s{16 * words}*", order, numerator, denominator, fields)
    assert decoder.words == words + 1
    run = struct.pack(">h", exponent) + on_the_wire(bits, order)
    raw = int.from_bytes(bits, "big", signed=True)
    value = raw * Fraction(10) ** exponent * numerator / denominator + offset
    assert decoder.decode(b"??" + run, 2) == nearest(value)


@given(st.sampled_from(["f32", "f64"]), st.data(), fractions, st.sampled_from(ORDERS), numerators)
def test_offsets_of_floats(kind, data, offset, order, numerator):
    size = int(kind[1:]) // 8
    bits = data.draw(st.binary(min_size=size, max_size=size))
    (value,) = struct.unpack(">f" if size == 4 else ">d", bits)
    fields = (offset.numerator, size // 2, 0, -1, 0, 0)
    decoder = number(kind + "*", order, numerator, offset.denominator, fields)
    count = decoder.decode(on_the_wire(bits, order), 0)
    if math.isfinite(value):
        assert count == nearest(Fraction(value) * numerator / offset.denominator + offset)
    else:
        assert count is None


@given(st.integers(0, (1 << 64) - 1), st.integers(0, 63), st.integers(1, 64))
def test_parts_of_the_bits(pattern, low, width):
    decoder = number("u64*", "ABCD", 1, 1, (0, 4, 0, -1, low, width))
    expected = int(f"{pattern:064b}"[::-1][low : low + width][::-1], 2)
    assert decoder.decode(struct.pack(">Q", pattern), 0) == expected


@given(st.integers(0, 10**16 - 1), st.sampled_from(ORDERS), numerators, denominators)
def test_binary_coded_decimals(value, order, numerator, denominator):
    decoder = number("bcd64", order, numerator, denominator)
    wire = on_the_wire(bytes.fromhex(f"{value:016d}"), order)
    assert decoder.decode(wire, 0) == nearest(Fraction(value * numerator, denominator))


@given(st.binary(min_size=4, max_size=4) | st.floats(-2, 2, width=32), numerators)
@example(1.0625, 1000)
def test_four_quadrant_power_factors(pattern, numerator):
    bits = pattern if isinstance(pattern, bytes) else struct.pack(">f", pattern)
    (held,) = struct.unpack(">f", bits)
    count = number("pf32", "ABCD", numerator, 1).decode(bits, 0)
    if not math.isfinite(held) or abs(held) > 2:
        assert count is None
    else:
        exact = Fraction(held)
        folded = exact if abs(exact) <= 1 else 2 * (1 if exact > 0 else -1) - exact
        assert count == nearest(folded * numerator)
