"""The rule of a counter's ledger, derived from its register and unit. Only the validator loads it.

The largest rate is a bound on what is physically possible, not on what is usual: a count that
runs faster is never believed. Where nobody says it, it is that of a large industrial connection.
"""

from limen.core.numbers import nearest
from limen.core.units import Mistake

_RATES = {
    "kWh": ("kW", 1000),
    "kvarh": ("kvar", 1000),
    "kVAh": ("kVA", 1000),
    "GJ": ("GJ/h", 4),
    "m³": ("m³/h", 1000),
    "h": ("", 1),
    "": ("1/h", 3600000),
}
_LONGEST_BITS = 48  # a wider counter outlives every meter
_DIP_PART = 100
_DIGITS = 6


def rate_unit(unit):
    """The unit in which people say how fast a counter of that unit may run: kW for kWh."""
    return _RATES[unit][0]


def counter_rule(unit, places, register=None, largest_rate=None, modulus=None):
    """[largest rate in counts per hour, modulus in counts or 0, dip, sentinels...] of a counter.

    `register` is [address, type, order, numerator, denominator, ...] with its scale in counts;
    None for a counter that comes as text. `largest_rate` in counts per hour and `modulus` in counts
    override what follows from unit and register. Mistake if the register's range is not a whole
    number of counts: then a rollover would not be exact.
    """
    kind, numerator, denominator = "", 1, 1
    if register:
        _, kind, _, numerator, denominator = register[:5]
    bits = int(kind[1:]) if kind[:1] in ("u", "s") and kind[-1] != "*" else 0
    if largest_rate is None:
        largest_rate = _RATES[unit][1] * 10 ** max(0, places)
    if modulus is None and register:
        modulus = _wrap(_raw_range(register), abs(numerator), denominator)
    elif modulus is None:
        modulus = _of_digits(unit, places)
    patterns = _no_value(bits, kind[:1] == "s")
    sentinels = [_scaled(pattern * numerator, denominator) for pattern in patterns]
    return [largest_rate, modulus, max(2, largest_rate // _DIP_PART)] + sentinels


def _raw_range(register):
    """How many numbers the register can hold; 0: it is not known, or outlives every meter."""
    kind = register[1]
    coding, size = kind[:1], kind.strip("abcdefnpsu*")
    if coding not in ("u", "s", "b") or not size:
        return 0
    bits = int(size)
    if kind[-1] == "*":
        _, _, _, exponent_at, _, own_bits = register[5:11]
        if exponent_at >= 0:
            return 0
        bits = own_bits or bits
    if bits > _LONGEST_BITS:
        return 0
    return 10 ** (bits // 4) if coding == "b" else 1 << bits


def _wrap(raw_range, numerator, denominator):
    if raw_range * numerator % denominator:
        raise Mistake("must not be coarser than the register, or rollovers would not be exact")
    return raw_range * numerator // denominator


def _of_digits(unit, places):
    """Smart meters tell energies with six digits before the point (DSMR 5.0.2, 6.12: F9(3,3))."""
    return 10 ** max(0, _DIGITS + places) if unit in ("kWh", "kvarh") else 0


def _scaled(product, denominator):
    """As the register's decoder rounds."""
    return nearest(product, 0, denominator) if product >= 0 else -nearest(-product, 0, denominator)


def _no_value(bits, signed):
    """What devices show in an integer register for "no value"."""
    if not bits:
        return []
    high = 1 << bits - 1
    return [high - 1, -high, -1] if signed else [2 * high - 1, high - 1, high]
