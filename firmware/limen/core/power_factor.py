"""The power factor of an interval, from its active and its reactive energy."""

from limen.core.compat import const

_THOUSAND = const(1000)


def power_factor(active, reactive):
    """1000 times the power factor of an interval's energies, rounded; None without energy.

    active / sqrt(active**2 + reactive**2): that of the sums, which is what is billed.
    """
    square = active * active + reactive * reactive
    if not square:
        return None
    twice = _root(4 * _THOUSAND * _THOUSAND * active * active // square)
    return (twice + 1) // 2


def _root(square):
    """The integer square root (Newton)."""
    root = square
    step = (root + 1) // 2
    while step < root:
        root = step
        step = (root + square // root) // 2
    return root
