"""An analog signal: from what a converter counts to the quantity that a transmitter sends.

The configuration has all of it as integers, so that nothing is decided here: a line through two
points, and four limits of the raw number. Outside of the outer two there is no value (for 4-20 mA
a wire break below 3.6 mA and a failure above 21 mA, as NAMUR NE 43 has it); between the outer and
the inner ones the signal is saturated or the converter not linear, and the value is uncertain.
"""

from limen.core.quality import BAD, GOOD, UNCERTAIN
from limen.core.scaling import Line


class Scale:
    """`line` is [numerator, offset, denominator], `limits` [bad below, good from, to, bad above];
    raw numbers are means of `samples`, which are summed up."""

    def __init__(self, line, limits, samples=1):
        numerator, offset, denominator = line
        self._line = Line(numerator, offset * samples, denominator * samples)
        self._limits = tuple(limit * samples for limit in limits)

    def read(self, raw, channel):
        """Give the channel its value and quality."""
        bad_below, good_from, good_to, bad_above = self._limits
        if raw < bad_below or raw > bad_above:
            channel.value = None
            channel.quality = BAD
            return
        channel.value = self._line.count(raw)
        channel.quality = GOOD if good_from <= raw <= good_to else UNCERTAIN
