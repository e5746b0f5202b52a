"""Turns counts of a channel's resolution into registers, to be written: the way back of `numbers`.

raw = (count * denominator - offset) / numerator, rounded once, to the nearest raw number. Nothing
becomes a float on the way. Loaded when the first value is written.
"""

from limen.core.compat import const
from limen.core.numbers import rounded

_DERIVED_FIELDS = const(6)


def encode(register, count):
    """Return (address, bytes) of the registers that hold a count.

    `register` is as in the configuration. ValueError says in words what does not go.
    """
    address, kind, order, numerator, denominator = register[:5]
    offset = 0
    if kind[-1] == "*":
        offset, _, at, exponent_at, _, bits = register[5 : 5 + _DERIVED_FIELDS]
        if exponent_at >= 0 or bits:
            raise ValueError("a part of a register, or one with an exponent, cannot be written")
        address += at
        kind = kind[:-1]
    top = count * denominator - offset
    return address, _ordered(_pattern(kind, top, numerator), int(kind[-2:]) // 16, order)


def _pattern(kind, numerator, denominator):
    """The bits, as a positive number, of numerator / denominator in a kind of registers."""
    coding, bits = kind[:-2], int(kind[-2:])
    if coding == "f":
        return float_bits(numerator, denominator, *((24, 8) if bits == 32 else (53, 11)))
    raw = rounded(numerator, denominator)
    if coding == "bcd":
        return _bcd(raw, bits // 4)
    low, high = (-(1 << bits - 1), 1 << bits - 1) if coding == "s" else (0, 1 << bits)
    if coding not in ("u", "s") or not low <= raw < high:
        raise ValueError("%d does not fit into %s" % (raw, kind))
    return raw % (1 << bits)


def _bcd(value, digits):
    if not 0 <= value < 10**digits:
        raise ValueError("%d does not fit into %d digits" % (value, digits))
    return int(str(value), 16)


def float_bits(numerator, denominator, mantissa_bits, exponent_bits):
    """The bits of the IEEE 754 number nearest to numerator / denominator, ties to even."""
    sign = numerator < 0
    numerator = abs(numerator)
    if not numerator:
        return 0
    exponent = 0
    while numerator >= denominator << mantissa_bits:
        denominator <<= 1
        exponent += 1
    while numerator < denominator << mantissa_bits - 1:
        numerator <<= 1
        exponent -= 1
    mantissa, rest = numerator // denominator, numerator % denominator
    mantissa += 2 * rest + (mantissa & 1) > denominator
    if mantissa >> mantissa_bits:
        mantissa >>= 1
        exponent += 1
    bias = (1 << exponent_bits - 1) - 1
    biased = exponent + mantissa_bits - 1 + bias
    if not 0 < biased <= 2 * bias:
        raise ValueError("the value is too large or too small for the register")
    fraction = mantissa - (1 << mantissa_bits - 1)
    return (sign << exponent_bits | biased) << mantissa_bits - 1 | fraction


def _ordered(pattern, words, order):
    """The bytes of the registers, in the order in which the device wants them."""
    data = bytearray(2 * words)
    for index in range(words):
        place = index if order in ("CDAB", "DCBA") else words - 1 - index
        word = pattern >> 16 * index & 0xFFFF
        if order in ("BADC", "DCBA"):
            word = word >> 8 | (word & 0xFF) << 8
        data[2 * place] = word >> 8
        data[2 * place + 1] = word & 0xFF
    return data
