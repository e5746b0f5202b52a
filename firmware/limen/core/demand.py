"""Demand: the mean power over an interval, so far, and as it will be at the end.

Energy counts are Wh times ten to `places` - 3, power counts W times ten to the same: an interval
divides the hour, so the power of a count is a whole number of counts, and nothing is rounded.
"""

from limen.core.compat import const

_HOUR_S = const(3600)


def mean_power(energy, length_s):
    """The power that gives this energy in a part of an hour."""
    return energy * (_HOUR_S // length_s)


def predicted_power(used, power, left_s, length_s):
    """The mean power of the whole interval if it goes on with `power` to its end, rounded down."""
    return (used * _HOUR_S + power * left_s) // length_s
