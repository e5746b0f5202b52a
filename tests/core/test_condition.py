from limen.core.condition import make_condition
from limen.core.quality import BAD, GOOD
from limen.core.trend import Trend


class Channel:
    def __init__(self, value=0, quality=GOOD):
        self.value = value
        self.quality = quality
        self.fresh = True


def excesses(settings, values, setpoint=None, step_s=1):
    """Of values that are read one after the other; None is a bad one."""
    condition = make_condition(settings, setpoint)
    channels = [Channel(v, GOOD if v is not None else BAD) for v in values]
    return [condition.excess(one, s * step_s, 0) for s, one in enumerate(channels)]


def test_limits():
    assert excesses({"kind": "high", "limit": 10}, [9, 10, 12, None]) == [-1, 0, 2, None]
    assert excesses({"kind": "low", "limit": -10}, [-9, -12, None]) == [-1, 2, None]


def test_a_state_and_bad_quality():
    assert excesses({"kind": "state", "limit": 2}, [1, 2, None]) == [0, 1, None]
    assert excesses({"kind": "bad", "limit": None}, [1, None, 1]) == [0, 1, 0]


def test_a_rate_over_the_time_that_passed():
    settings = {"kind": "rate", "limit": 10, "span_ms": 2000}
    found = excesses(settings, [0, 6, 0, None, 50, 55])
    assert found == [None, 2000, 2000, None, None, 0]
    assert excesses(settings, [0, 15], step_s=3) == [None, 0]


def test_a_deviation_from_the_setpoint():
    settings = {"kind": "deviation", "limit": 5}
    assert excesses(settings, [94, 95, 107, None], Channel(100)) == [1, 0, 2, None]
    assert excesses(settings, [94], Channel(100, BAD)) == [None]


def test_stale_counts_from_the_last_value():
    condition = make_condition({"kind": "stale", "limit": None, "longest_ms": 5000}, None)
    channel = Channel(7)
    assert condition.excess(channel, 0, 0) == -5000
    channel.fresh = False
    assert condition.excess(channel, 5, 1) == 1
    channel.fresh, channel.quality = True, BAD
    assert condition.excess(channel, 6, 0) == 1000
    channel.quality = GOOD
    assert condition.excess(channel, 7, 0) == -5000


def ramp(values, step_s=60):
    """A trend of such points."""
    trend = Trend(len(values), step_s, 2)
    for number, value in enumerate(values):
        trend.feed(value, number * step_s)
    return trend


def test_a_ramp_tells_when_it_is_at_the_limit():
    trend = ramp([10 * n for n in range(12)])
    assert trend.seconds_to(200, True) == 9 * 60
    assert trend.seconds_to(100, True) == 0
    assert trend.seconds_to(200, False) is None
    assert ramp([-10 * n for n in range(12)]).seconds_to(-200, False) == 539


def test_outliers_do_not_bend_the_line():
    values = [10 * n for n in range(12)]
    values[3], values[8] = 5000, -5000
    assert ramp(values).seconds_to(200, True) == 9 * 60


def test_noise_and_a_step_are_no_trend():
    assert ramp([0, 3, 1, 4, 0, 2, 3, 1, 4, 0, 2, 3]).seconds_to(200, True) is None
    assert ramp([0] * 6 + [100] * 6).seconds_to(200, True) is None


def test_points_are_a_step_apart_and_the_first_ones_say_nothing():
    trend = Trend(4, 60, 2)
    told = [trend.feed(s, s) for s in range(0, 300, 20)]
    assert told == [False] * 9 + [True, False, False, True, False, False]
    trend.clear()
    assert not trend.feed(0, 400)


def test_an_early_warning():
    settings = {"kind": "rising", "limit": 300, "trend": [4, 60, 2, 600]}
    found = excesses(settings, [0, 10, 20, 30, 200, 210, 220, 230, None, 240], step_s=60)
    assert found == [None, None, None, -1019, -600, -600, -600, 181, None, None]
