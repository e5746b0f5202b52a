"""Rules for a control chart of single values: Nelson's eight, and those of Western Electric.

Of the last values only is kept, as bits, on which side of the center they lay and how far: what a
rule asks is a question to a mask, whatever the rule. So a value costs no memory.

Source: L. S. Nelson, "The Shewhart Control Chart: Tests for Special Causes", Journal of Quality
Technology 16 (1984); Western Electric, Statistical Quality Control Handbook (1956).
"""

from limen.core.compat import const

RULES = (
    "beyond_3_sigma",
    "run_on_one_side",
    "steady_trend",
    "alternating",
    "two_of_three_beyond_2_sigma",
    "four_of_five_beyond_1_sigma",
    "all_within_1_sigma",
    "none_within_1_sigma",
)
"""The names of the rules, in Nelson's order."""

WESTERN_ELECTRIC = (1, 5, 6, 2)
_KEPT = const(0x7FFF)
_STEPS = const(0x1F)
_SWINGS = const(0x1FFF)
_SWING = const(0x1555)
_OTHER_SWING = const(0x0AAA)
_EIGHT = const(0xFF)


class ControlChart:
    """`sigma` in the unit in which `feed` gets the distance from the center, above 0."""

    def __init__(self, sigma, run=9):
        self._sigma = sigma
        self._run = (1 << run) - 1
        self.clear()

    def clear(self):
        """Forget the last values: what comes next has nothing to do with them."""
        self._last = None
        self._above = self._below = self._up = self._down = 0
        self._above_1 = self._below_1 = self._above_2 = self._below_2 = self._within = 0
        self._far = False

    def feed(self, distance):
        """Take a value, as its distance from the center."""
        sigma, last = self._sigma, self._last
        self._last = distance
        self._above = self._above << 1 & _KEPT | (distance > 0)
        self._below = self._below << 1 & _KEPT | (distance < 0)
        self._above_1 = self._above_1 << 1 & _KEPT | (distance > sigma)
        self._below_1 = self._below_1 << 1 & _KEPT | (distance < -sigma)
        self._above_2 = self._above_2 << 1 & _KEPT | (distance > 2 * sigma)
        self._below_2 = self._below_2 << 1 & _KEPT | (distance < -2 * sigma)
        self._within = self._within << 1 & _KEPT | (-sigma <= distance <= sigma)
        self._up = self._up << 1 & _KEPT | (last is not None and distance > last)
        self._down = self._down << 1 & _KEPT | (last is not None and distance < last)
        self._far = abs(distance) > 3 * sigma

    def holds(self, rule):
        """Whether a rule, by Nelson's number, tells of the newest value."""
        return _HOLDS[rule - 1](self)

    def _is_run(self):
        run = self._run
        return self._above & run == run or self._below & run == run

    def _is_trend(self):
        return self._up & _STEPS == _STEPS or self._down & _STEPS == _STEPS

    def _is_alternating(self):
        up, down = self._up & _SWINGS, self._down & _SWINGS
        return up | down == _SWINGS and up in (_SWING, _OTHER_SWING)

    def _is_far_out(self):
        return _has(self._above_2, 3, 2) or _has(self._below_2, 3, 2)

    def _is_out(self):
        return _has(self._above_1, 5, 4) or _has(self._below_1, 5, 4)

    def _is_spread(self):
        above, below = self._above_1 & _EIGHT, self._below_1 & _EIGHT
        return above | below == _EIGHT and above != 0 and below != 0


def _has(bits, of, wanted):
    """So many of the last values, the newest one among them."""
    if not bits & 1:
        return False
    count = 0
    for at in range(of):
        count += bits >> at & 1
    return count >= wanted


_HOLDS = (
    lambda chart: chart._far,
    ControlChart._is_run,
    ControlChart._is_trend,
    ControlChart._is_alternating,
    ControlChart._is_far_out,
    ControlChart._is_out,
    lambda chart: chart._within == _KEPT,
    ControlChart._is_spread,
)
