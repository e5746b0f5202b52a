"""Analog signals: values, and what is none."""

from limen.core.analog import Scale
from limen.core.quality import BAD, GOOD, UNCERTAIN

# 4 to 20 mA are 0 to 10 bar, in hundredths, in microvolts at 100 ohms; the limits of NE 43.
LOOP = [1, -400000, 1600]
LIMITS = [360000, 380000, 2050000, 2100000]


class Channel:
    value = quality = -1


def read(raw, samples=1):
    channel = Channel()
    Scale(LOOP, LIMITS, samples).read(raw, channel)
    return channel.value, channel.quality


def test_a_current_loop_within_its_range():
    assert read(400000) == (0, GOOD)
    assert read(1200000) == (500, GOOD)
    assert read(2000000) == (1000, GOOD)
    assert read(380000) == (-13, GOOD)  # 3.8 mA: -12.5, and ties go away from zero


def test_a_saturated_loop_is_uncertain():
    assert read(379999)[1] == UNCERTAIN
    assert read(360000) == (-25, UNCERTAIN)
    assert read(2050001)[1] == UNCERTAIN
    assert read(2100000) == (1063, UNCERTAIN)


def test_a_broken_wire_and_a_failing_transmitter_have_no_value():
    assert read(359999) == (None, BAD)
    assert read(0) == (None, BAD)
    assert read(2100001) == (None, BAD)


def test_the_sum_of_samples():
    assert read(16 * 1200000, 16) == (500, GOOD)
    assert read(16 * 360000 - 1, 16) == (None, BAD)
    assert read(16 * 400000 + 8 * 1600, 16) == (1, GOOD)  # half a count
