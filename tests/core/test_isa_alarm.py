from limen.core.isa_alarm import (
    ACK,
    NORMAL,
    RTN_UNACK,
    SHELVED,
    SUPPRESSED,
    UNACK,
    IsaAlarm,
)


def states(alarm, excesses):
    """The state after each sample, one a second; None where it did not change."""
    return [alarm.state if alarm.feed(one, s, 0) else None for s, one in enumerate(excesses)]


def test_an_alarm_is_raised_and_returns():
    alarm = IsaAlarm(2, 0, 0, False)
    assert states(alarm, [0, 1, 5, -1, -2, -3]) == [None, UNACK, None, None, NORMAL, None]


def test_delays_ask_for_the_whole_time_without_a_break():
    alarm = IsaAlarm(0, 2000, 3000, False)
    assert states(alarm, [1, 1, 0, 1, 1, 1]) == [None] * 5 + [UNACK]
    alarm.feed(0, 6, 0)
    alarm.feed(1, 7, 0)
    for s in (8, 9, 10):
        assert not alarm.feed(0, s, 0)
    assert alarm.feed(0, 11, 0)
    assert alarm.state == NORMAL


def test_what_is_not_known_starts_the_delay_anew_and_clears_nothing():
    alarm = IsaAlarm(0, 2000, 0, False)
    assert states(alarm, [1, 1, None, 1, 1, 1, None, None]) == [None] * 5 + [UNACK, None, None]
    assert alarm.state == UNACK


def test_an_acknowledged_alarm_returns_to_normal():
    alarm = IsaAlarm(0, 0, 0, False)
    alarm.feed(1, 0, 0)
    assert alarm.acknowledge()
    assert alarm.state == ACK
    assert not alarm.acknowledge()
    assert alarm.feed(0, 1, 0)
    assert alarm.state == NORMAL
    assert alarm.feed(1, 2, 0)
    assert alarm.state == UNACK


def test_a_latched_alarm_stands_until_it_is_acknowledged():
    alarm = IsaAlarm(0, 0, 0, True)
    assert states(alarm, [1, 0, 0]) == [UNACK, RTN_UNACK, None]
    assert alarm.acknowledge()
    assert alarm.state == NORMAL
    assert states(alarm, [1, 0, 1]) == [UNACK, RTN_UNACK, UNACK]
    alarm.acknowledge()
    assert alarm.feed(0, 9, 0)
    assert alarm.state == NORMAL


def test_a_shelved_alarm_shows_what_it_is_when_it_comes_off_the_shelf():
    alarm = IsaAlarm(0, 0, 0, False)
    assert alarm.shelve(100)
    assert (alarm.state, alarm.until_s) == (SHELVED, 100)
    assert not alarm.feed(1, 1, 0)
    assert alarm.unshelve()
    assert alarm.state == UNACK
    assert not alarm.unshelve()


def test_a_suppressed_alarm_begins_anew():
    alarm = IsaAlarm(0, 2000, 0, True)
    states(alarm, [1, 1, 1])
    assert alarm.suppress(True)
    assert alarm.state == SUPPRESSED
    assert not alarm.feed(1, 3, 0)
    assert not alarm.suppress(True)
    assert alarm.suppress(False)
    assert alarm.state == NORMAL
    assert not alarm.feed(1, 4, 0)
    assert not alarm.feed(1, 5, 0)
    assert alarm.feed(1, 6, 0)
