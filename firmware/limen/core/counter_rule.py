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


def rate_unit(unit):
    """The unit in which people say how fast a counter of that unit may run: kW for kWh."""
    return _RATES[unit][0]


def counter_rule(unit, places, register=None, largest_rate=None, modulus=None):
    """[largest rate in counts per hour, modulus in counts or 0, dip, sentinels...] of a counter.

    `register` is [address, type, order, numerator, denominator, ...] with its scale in counts;
    None for a counter that comes as text. A derived number (its kind ends in *) has no range that
    is known here. `largest_rate` in counts per hour and `modulus` in
    counts override what follows from unit and register. Mistake if the register's range is not a
    whole number of counts: then a rollover would not be exact.
    """
    kind, numerator, denominator = "", 1, 1
    if register:
        _, kind, _, numerator, denominator = register[:5]
    bits = int(kind[1:]) if kind[:1] in ("u", "s") and kind[-1] != "*" else 0
    if largest_rate is None:
        largest_rate = _RATES[unit][1] * 10 ** max(0, places)
    if modulus is None:
        modulus = _wrap(bits, abs(numerator), denominator)
    patterns = _no_value(bits, kind[:1] == "s")
    sentinels = [_scaled(pattern * numerator, denominator) for pattern in patterns]
    return [largest_rate, modulus, max(2, largest_rate // _DIP_PART)] + sentinels


def _wrap(bits, numerator, denominator):
    if not 0 < bits <= _LONGEST_BITS:
        return 0
    if (1 << bits) * numerator % denominator:
        raise Mistake("must not be coarser than the register, or rollovers would not be exact")
    return (1 << bits) * numerator // denominator


def _scaled(product, denominator):
    """As the register's decoder rounds."""
    return nearest(product, 0, denominator) if product >= 0 else -nearest(-product, 0, denominator)


def _no_value(bits, signed):
    """What devices show in an integer register for "no value"."""
    if not bits:
        return []
    high = 1 << bits - 1
    return [high - 1, -high, -1] if signed else [2 * high - 1, high - 1, high]
