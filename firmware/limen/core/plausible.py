"""Whether a value can be what a register map calls it: how much it speaks for the map, or against.

A frequency of 50.02 Hz hardly comes from a wrong register, 1e9 V cannot come from a right one, and
0 A says nothing: the machine may stand still. So values are weighed, and only several of them
together decide. The limits are wide: mains of all countries, and machines of any size.
"""

from limen.core.compat import const

AGAINST = const(-4)
REFUSED = const(-2)  # what a register weighs that the device does not have
NOTHING = const(0)

# Beginning of the name, weight within the limits, smallest and largest magnitude in the unit. A
# smaller one says nothing: a phase may be dead. The first line that fits a name counts.
_LIMITS = (
    ("frequency", 4, 45, 65),
    ("voltage_dc", 1, 5, 1500),
    ("voltage_input", 1, 1, 1500),
    ("voltage_l1_l2", 1, 150, 520),
    ("voltage_l2_l3", 1, 150, 520),
    ("voltage_l3_l1", 1, 150, 520),
    ("voltage_ll", 1, 150, 520),
    ("voltage", 3, 85, 300),
    ("power_factor", 1, 0, 1),
    ("power", 1, 0, 10000000),
    ("current", 1, 0, 10000),
    ("energy", 1, 0, 1000000000),
    ("temperature", 1, 0, 2000),
)


def potential(name):
    """What a plausible value of this quantity weighs at most; 0: it cannot be judged."""
    limits = _limits(name)
    return limits[1] if limits else NOTHING


def weigh(name, count, places):
    """The weight of a value, `count` steps of 10**-places units; None is no value at all."""
    limits = _limits(name)
    if count is None or limits is None:
        return NOTHING
    _, weight, low, high = limits
    if places < 0:
        count *= 10**-places
    else:
        low *= 10**places
        high *= 10**places
    if name.startswith("voltage") and count < 0:
        return AGAINST
    count = abs(count)
    if count > high:
        return AGAINST
    return weight if count >= low and count else NOTHING


def _limits(name):
    for limits in _LIMITS:
        if name.startswith(limits[0]):
            return limits
    return None
