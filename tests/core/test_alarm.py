from limen.core.alarm import CLEARED, NORMAL, PENDING, RAISED, LimitAlarm
from limen.core.quality import BAD, GOOD, STALE, UNCERTAIN


def changes(alarm, samples):
    return [alarm.feed(*sample) for sample in samples]


def good(*pairs):
    return [(value, GOOD, s, 0) for s, value in pairs]


def test_a_high_limit_raises_and_clears():
    alarm = LimitAlarm("high", 450, 10, 0)
    samples = good((0, 450), (1, 451), (2, 500), (3, 441), (4, 440), (5, 451))
    assert changes(alarm, samples) == [0, RAISED, 0, 0, CLEARED, RAISED]


def test_a_low_limit_raises_and_clears():
    alarm = LimitAlarm("low", -20, 5, 0)
    samples = good((0, -20), (1, -21), (2, -16), (3, -15))
    assert changes(alarm, samples) == [0, RAISED, 0, CLEARED]


def test_without_hysteresis_the_limit_itself_clears():
    alarm = LimitAlarm("high", 0, 0, 0)
    assert changes(alarm, good((0, 1), (1, 0), (2, -1))) == [RAISED, CLEARED, 0]


def test_the_delay_must_pass_beyond_the_limit():
    alarm = LimitAlarm("high", 10, 0, 3000)
    assert changes(alarm, good((0, 11), (1, 11), (2, 11))) == [0, 0, 0]
    assert alarm.state == PENDING
    assert alarm.feed(11, GOOD, 2, 999) == 0
    assert alarm.feed(11, GOOD, 3, 0) == RAISED
    assert alarm.state == RAISED


def test_a_value_within_the_limit_starts_the_delay_anew():
    alarm = LimitAlarm("high", 10, 5, 2000)
    samples = good((0, 11), (1, 10), (2, 11), (3, 11), (4, 11))
    assert changes(alarm, samples) == [0, 0, 0, 0, RAISED]


def test_a_bad_sample_neither_raises_nor_clears():
    alarm = LimitAlarm("high", 10, 0, 0)
    assert alarm.feed(None, BAD, 0, 0) == 0
    assert alarm.feed(11, GOOD, 1, 0) == RAISED
    assert alarm.feed(None, BAD, 2, 0) == 0
    assert alarm.feed(None, STALE, 3, 0) == 0
    assert alarm.state == RAISED
    assert alarm.feed(12, GOOD, 4, 0) == 0
    assert alarm.feed(10, GOOD, 5, 0) == CLEARED


def test_a_bad_sample_starts_the_delay_anew():
    alarm = LimitAlarm("high", 10, 0, 2000)
    assert alarm.feed(11, GOOD, 0, 0) == 0
    assert alarm.feed(None, BAD, 1, 0) == 0
    assert alarm.state == NORMAL
    assert alarm.feed(11, GOOD, 2, 0) == 0
    assert alarm.feed(11, GOOD, 4, 0) == RAISED


def test_uncertain_values_count():
    alarm = LimitAlarm("low", 0, 0, 0)
    assert alarm.feed(-1, UNCERTAIN, 0, 0) == RAISED
