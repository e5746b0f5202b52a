"""The ledger's limits to the count and to the second: what is believed at once and what is not."""

from fake_ledger import DIP, RATE, RULE, begun, stay

from limen.core.ledger import (
    ACCEPT,
    FIRST,
    GLITCH,
    HOLD,
    REPLACEMENT,
    REREAD,
    RESET,
    ROLLOVER,
    Ledger,
)


def most_in(rate, seconds):
    """The rate's counts in that time; a second and a count more for when it was read."""
    return rate * (seconds + 1) // 3600 + 1


def answer_to(rate, step, s):
    """Of a meter that stood at 812500."""
    return begun([rate, 0, DIP], 812500).feed(812500 + step, s)


def test_the_largest_rate_is_the_limit():
    for rate in (10, 1000, 3600, 36000, 123456):
        for s in (1, 10, 59, 360, 899, 900):
            assert answer_to(rate, most_in(rate, s), s) == ACCEPT
            assert answer_to(rate, most_in(rate, s) + 1, s) == REREAD


def test_what_only_more_than_a_quarter_of_an_hour_explains_is_confirmed():
    for s in (901, 5000, 90000):
        assert answer_to(36000, most_in(36000, 900), s) == ACCEPT
        assert answer_to(36000, most_in(36000, 900) + 1, s) == REREAD
        for more, answer in ((0, ACCEPT), (1, HOLD)):
            ledger = begun([36000, 0, DIP], 812500)
            count = 812500 + most_in(36000, s) + more
            assert [ledger.feed(count, s), ledger.feed(count, s)] == [REREAD, answer]


def test_a_burst_is_of_two_hours_at_most():
    for stood_s, counted_s in ((3000, 3000), (7200, 7200), (50000, 7200)):
        for more, answer in ((0, ACCEPT), (1, HOLD)):
            ledger = begun(RULE, 812500)
            assert ledger.feed(812500, stood_s) == ACCEPT
            count = 812500 + most_in(RATE, counted_s + 10) + more
            answers = [ledger.feed(count, stood_s + 10) for _ in range(2)]
            assert answers == [REREAD, answer]


def test_a_dip_is_waited_out_up_to_its_size():
    ledger = begun(RULE, 812500)
    assert stay(ledger, 812500 - DIP, 10, 500) == [REREAD]
    assert ledger.feed(812500, 510) == GLITCH
    assert stay(ledger, 812499 - DIP, 520, 580) == [REREAD, REPLACEMENT]
    assert ledger.total == 812500


def test_a_dip_is_none_of_a_count_that_went_on():
    """What is shown goes on counting from below: the old count is passed, and nothing is added."""
    ledger = begun(RULE, 812500)
    assert ledger.feed(812495, 10) == REREAD
    for count in (812496, 812497, 812498, 812499):
        assert ledger.feed(count, 20 + 10 * (count - 812496)) == HOLD
    assert ledger.feed(812501, 60) == GLITCH
    assert ledger.total == 812501


def test_the_line_before_is_remembered_for_a_day():
    day_s = 86400
    for s, answer in ((day_s - 1, GLITCH), (day_s, HOLD)):
        ledger = begun(RULE, 812500)
        assert stay(ledger, 433000, 10, 70) == [REREAD, REPLACEMENT]
        assert ledger.feed(433000, s) == ACCEPT
        assert [ledger.feed(812500, s), ledger.feed(812500, s)] == [REREAD, answer]


def test_the_line_before_goes_on_by_its_rate():
    for more, answer in ((0, GLITCH), (1, HOLD)):
        ledger = begun(RULE, 812500)
        assert stay(ledger, 433000, 10, 70) == [REREAD, REPLACEMENT]
        count = 812500 + most_in(RATE, 80 + 7200) + more
        assert [ledger.feed(count, 80), ledger.feed(count, 80)] == [REREAD, answer]


def test_a_reset_begins_no_higher_than_what_may_have_been_counted():
    for down_s, base, answer in (
        (100, most_in(RATE, 100), RESET),
        (100, most_in(RATE, 100) + 1, REPLACEMENT),
        (86400, most_in(RATE, 86400), RESET),
        (200000, most_in(RATE, 86400), RESET),
        (200000, most_in(RATE, 86400) + 1, REPLACEMENT),
    ):
        ledger = begun(RULE, 812500)
        assert stay(ledger, base, down_s, down_s + 60) == [REREAD, answer]
        assert ledger.total == 812500 + (base if answer == RESET else 0)


def test_a_reset_begins_no_higher_than_half_the_old_count():
    for base, answer in ((20, RESET), (21, REPLACEMENT)):
        ledger = begun(RULE, 41)
        assert stay(ledger, base, 3600, 3660) == [REREAD, answer]


def test_a_question_is_open_for_a_minute_to_the_second():
    for count, answer in ((0, RESET), (433000, REPLACEMENT)):
        ledger = begun(RULE, 812500)
        assert [ledger.feed(count, s) for s in (10, 69, 70)] == [REREAD, HOLD, answer]


def test_what_was_first_seen_decides_when_the_minute_is_over():
    ledger = begun(RULE, 812500)
    assert ledger.feed(433000, 10) == REREAD
    assert ledger.feed(433001, 40) == HOLD
    assert ledger.feed(500000, 60) == REREAD, "it is another question now"
    assert [ledger.feed(500000, s) for s in (119, 120)] == [HOLD, REPLACEMENT]
    assert (ledger.total, ledger.was) == (812500, 812500)


def test_a_glitch_tells_the_wrong_count():
    ledger = begun(RULE, 812500)
    assert ledger.feed(17, 10) == REREAD
    assert ledger.feed(812500, 10) == GLITCH
    assert ledger.was == 17
    assert ledger.feed(820000, 90000) == REREAD
    assert ledger.feed(820000, 90000) == ACCEPT, "a gap is no glitch"


def test_an_old_state_ages():
    ledger = begun(RULE, 812500)
    stay(ledger, 4, 10, 70)
    for s, age_s in ((100, 100), (86399, 86399), (86400, 86400), (200000, 86400)):
        assert ledger.feed(4, s) == ACCEPT
        assert ledger.state() == [4, 812504, 812500, 812500, age_s]
    for age_s, gap_s, answer in ((80000, 6399, GLITCH), (80000, 6400, HOLD)):
        state = [4, 812504, 812500, 812500, age_s]
        again = Ledger(RULE, state, 3, gap_s)
        assert [again.feed(812500, 3), again.feed(812500, 3)] == [REREAD, answer]
        again = Ledger(RULE, state)
        again.set_gap(gap_s)
        assert [again.feed(812500, 0), again.feed(812500, 0)] == [REREAD, answer]


def test_a_dip_is_no_rollover_however_long_the_gap():
    """In a week the meter might have counted through its 65536, and nobody knows the gap."""
    for back, answers in ((DIP, [REREAD]), (DIP + 1, [REREAD, ROLLOVER])):
        ledger = Ledger([RATE, 65536, DIP], [50000, 50000, 0, 0, 86400], 5)
        assert stay(ledger, 50000 - back, 6, 906) == answers


def test_a_gap_that_becomes_known_late_still_tells_when_the_old_line_was_left():
    """The meter is read before the clock is set; seed 6150."""
    state = [50000000, 812600, 812500, 812500, 600]
    for gap_s, answer in ((80000, GLITCH), (86400 - 600, HOLD)):
        ledger = Ledger(RULE, state)
        assert ledger.feed(50000000, 1) == ACCEPT
        ledger.set_gap(gap_s)
        assert [ledger.feed(812900, s) for s in (10, 10)] == [REREAD, answer]
        assert ledger.total == (812900 if answer == GLITCH else 812600)


def test_the_line_that_was_left_before_the_gap_was_known_is_placed_by_it():
    for gap_s, answer in ((600, GLITCH), (86400, HOLD)):
        ledger = Ledger(RULE, [812500, 812500, 0, 0, 86400])
        assert stay(ledger, 433000, 0, 60) == [REREAD, REPLACEMENT]
        ledger.set_gap(gap_s)
        assert [ledger.feed(812501, s) for s in (70, 70)] == [REREAD, answer]


def test_a_line_that_was_left_since_the_gap_is_not_moved_by_it():
    ledger = Ledger(RULE, [812500, 812500, 0, 0, 86400])
    assert ledger.feed(812500, 0) == ACCEPT
    assert stay(ledger, 433000, 10, 70) == [REREAD, REPLACEMENT]
    ledger.set_gap(600)
    assert [ledger.feed(812501, s) for s in (80, 80)] == [REREAD, GLITCH]


def test_a_gap_that_becomes_known_too_late_is_idle():
    ledger = Ledger(RULE)
    ledger.set_gap(600)
    assert [ledger.feed(812500, 0), ledger.feed(812500, 0)] == [REREAD, FIRST]
    ledger = Ledger(RULE, [812500, 812500, 0, 0, 86400], 5)
    assert stay(ledger, 433000, 6, 66) == [REREAD, REPLACEMENT]
    ledger.set_gap(600)
    assert ledger.feed(433001, 76) == ACCEPT
