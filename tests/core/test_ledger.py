"""The ledger of a counter: what became of a meter, and what its total is then."""

from fake_ledger import DIP, DISPLAY, RATE, RULE, U32, WRAPPING, begun, stay

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
from limen.core.quality import BAD, GOOD, UNCERTAIN

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock


def test_a_counter_that_counts():
    ledger = begun(RULE, 812500)
    assert ledger.feed(812501, 10) == ACCEPT
    assert ledger.feed(812501, 20) == ACCEPT
    assert ledger.feed(812504, 30) == ACCEPT
    assert (ledger.total, ledger.quality()) == (812504, GOOD)


def test_the_first_count_is_confirmed():
    ledger = Ledger(RULE)
    assert ledger.quality() == BAD
    assert ledger.state() is None
    assert ledger.feed(77, 0) == REREAD
    assert ledger.feed(812500, 0) == HOLD
    assert ledger.quality() == BAD
    assert ledger.feed(812501, 1) == FIRST
    assert (ledger.total, ledger.quality()) == (812501, GOOD)


def test_a_first_zero_has_to_stay_for_a_minute():
    ledger = Ledger(RULE)
    assert stay(ledger, 0, 0, 50) == [REREAD]
    assert (ledger.total, ledger.quality()) == (0, UNCERTAIN)
    assert ledger.feed(0, 59) == HOLD
    assert ledger.feed(0, 60) == FIRST
    assert (ledger.total, ledger.quality()) == (0, GOOD)


def test_one_zero_makes_no_week_of_81250_kwh():
    ledger = begun(RULE, 812500)
    assert ledger.feed(0, 10) == REREAD
    assert (ledger.total, ledger.quality()) == (812500, UNCERTAIN)
    assert ledger.feed(812501, 10) == GLITCH
    assert (ledger.total, ledger.quality(), ledger.was) == (812501, GOOD, 0)


def test_zeros_of_some_hours_are_a_glitch_too():
    ledger = begun(RULE, 812500)
    assert stay(ledger, 0, 10, 20000) == [REREAD, RESET] + [ACCEPT] * 1993
    assert ledger.total == 812500
    assert ledger.feed(812900, 20010) == REREAD
    assert ledger.feed(812900, 20010) == GLITCH
    assert (ledger.total, ledger.was) == (812900, 0)


def test_zeros_of_more_than_a_day_book_nothing():
    ledger = begun(RULE, 812500)
    stay(ledger, 0, 10, 86500)
    assert ledger.feed(812900, 86510) == REREAD
    assert stay(ledger, 812900, 86510, 86570) == [REPLACEMENT]
    assert ledger.total == 812500


def test_a_dip_of_a_tenth_books_nothing():
    ledger = begun(RULE, 812500)
    assert stay(ledger, 812499, 10, 5000) == [REREAD]
    assert (ledger.total, ledger.quality()) == (812500, UNCERTAIN)
    assert ledger.feed(812500, 5010) == GLITCH
    assert ledger.feed(812501, 5020) == ACCEPT
    assert (ledger.total, ledger.quality()) == (812501, GOOD)


def test_all_ones_are_never_believed():
    ledger = begun([RATE, U32, DIP, U32 - 1], 812500)
    assert stay(ledger, U32 - 1, 10, 5000) == [REREAD]
    assert ledger.feed(812502, 5010) == GLITCH
    assert (ledger.total, ledger.was) == (812502, U32 - 1)


def test_a_counter_passes_all_ones_by_counting():
    ledger = begun([RATE, U32, DIP, U32 - 1], U32 - 2)
    assert ledger.feed(U32 - 1, 10) == ACCEPT
    assert ledger.feed(1, 20) == REREAD
    assert ledger.feed(1, 20) == ROLLOVER
    assert (ledger.total, ledger.was) == (U32 + 1, U32 - 1)


def test_rollover_adds_the_part_across():
    ledger = begun(WRAPPING, 999998)
    assert ledger.feed(1, 10) == REREAD
    assert ledger.feed(1, 10) == ROLLOVER
    assert (ledger.total, ledger.was, ledger.quality()) == (1000001, 999998, GOOD)
    assert ledger.feed(3, 20) == ACCEPT
    assert ledger.total == 1000003


def test_a_meter_that_begins_anew_from_the_lower_half_has_not_rolled_over():
    """Found by the simulation (seeds 2006, 2009): after an hour of standing still, two hours' worth
    may come at once, which is more than all of a small modulus."""
    ledger = begun([100_000, 100_000, DIP], 39_735)
    assert ledger.feed(39_735, 3600) == ACCEPT
    assert ledger.feed(0, 3660) == REREAD
    assert stay(ledger, 0, 3660, 3719) == []
    assert ledger.feed(0, 3720) == RESET
    assert ledger.total == 39_735


def test_the_line_before_is_not_back_across_the_modulus():
    """Found by the simulation (seed 4005): a day is long enough for all of a small modulus."""
    ledger = begun([15_000, 100_000, DIP], 80_000)
    assert stay(ledger, 0, 10, 70) == [REREAD, RESET]
    assert stay(ledger, 20_000, 7200, 7210) == [REREAD, ACCEPT]
    assert stay(ledger, 0, 7220, 7280) == [REREAD, RESET]
    assert ledger.total == 100_000


def test_reset_adds_the_new_count():
    ledger = begun(WRAPPING, 812500)
    assert ledger.feed(1, 10) == REREAD
    assert stay(ledger, 1, 10, 60) == []
    assert ledger.feed(4, 70) == RESET
    assert (ledger.total, ledger.was) == (812504, 812500)
    assert ledger.feed(5, 80) == ACCEPT
    assert ledger.total == 812505


def test_a_rollover_while_a_reset_is_in_question_is_counted():
    ledger = begun([3600, 1000, 10], 400)
    assert ledger.feed(30, 40) == REREAD
    assert ledger.feed(15, 1040) == RESET
    assert ledger.total == 400 + 1015


def test_a_replacement_that_comes_to_its_base_again_adds_nothing():
    ledger = begun([36000, 1000, 10], 400)
    assert ledger.feed(300, 10) == REREAD
    assert ledger.feed(320, 15) == HOLD
    assert ledger.feed(295, 120) == REPLACEMENT
    assert ledger.total == 400


def test_replacement_adds_nothing_but_what_it_counts_on():
    ledger = begun(WRAPPING, 812500)
    assert ledger.feed(433000, 10) == REREAD
    assert stay(ledger, 433000, 10, 60) == []
    assert ledger.feed(433002, 70) == REPLACEMENT
    assert (ledger.total, ledger.was) == (812502, 812500)
    assert ledger.feed(433003, 80) == ACCEPT
    assert ledger.total == 812503


def test_replacement_by_a_higher_count():
    ledger = begun(WRAPPING, 433000)
    assert stay(ledger, 812500, 10, 70) == [REREAD, REPLACEMENT]
    assert (ledger.total, ledger.was) == (433000, 433000)


def test_the_old_meter_comes_back():
    ledger = begun(RULE, 812500)
    assert stay(ledger, 433000, 10, 70) == [REREAD, REPLACEMENT]
    assert ledger.feed(433003, 80) == ACCEPT
    assert ledger.feed(812500, 90) == REREAD
    assert ledger.feed(812500, 90) == GLITCH
    assert (ledger.total, ledger.was) == (812503, 433003)
    assert ledger.feed(812502, 100) == ACCEPT
    assert ledger.total == 812505


def test_random_values_are_never_believed():
    ledger = begun(RULE, 812500)
    assert ledger.feed(5, 10) == REREAD
    for s, count in enumerate((99999999, 3, 812400, 44444, 7, 1, 0)):
        assert ledger.feed(count, 100 * s + 110) == HOLD
    assert ledger.feed(812501, 900) == GLITCH
    assert ledger.total == 812501


def test_a_gap_of_days_is_added_when_confirmed():
    ledger = begun(RULE, 812500)
    assert ledger.feed(823400, 10 * 86400) == REREAD
    assert ledger.quality() == UNCERTAIN
    assert ledger.feed(823400, 10 * 86400) == ACCEPT
    assert (ledger.total, ledger.quality()) == (823400, GOOD)


def test_a_gap_does_not_explain_everything():
    ledger = begun(RULE, 812500)
    noon = 43200
    assert stay(ledger, 812500 + 12 * RATE + 100, noon, noon + 60) == [REREAD, REPLACEMENT]
    assert ledger.total == 812500


def test_a_reset_within_a_gap():
    ledger = begun(RULE, 812500)
    assert stay(ledger, 9000, 43200, 43260) == [REREAD, RESET]
    assert ledger.total == 821500


def test_a_counter_may_stand_still_and_count_in_bursts():
    ledger = begun(RULE, 812500)
    for s in range(1, 3600):
        assert ledger.feed(812500, s) == ACCEPT
    assert ledger.feed(812740, 3600) == ACCEPT
    for s in range(3601, 7200):
        assert ledger.feed(812740, s) == ACCEPT
    assert ledger.feed(813700, 7200) == REREAD
    assert ledger.feed(813700, 7200) == ACCEPT
    assert ledger.total == 813700


def test_standing_still_for_weeks_does_not_excuse_a_jump():
    ledger = begun(RULE, 812500)
    for day in range(30):
        for second in (0, 10):
            assert ledger.feed(812500, day * 86400 + second) == ACCEPT
    s = 29 * 86400 + 20
    assert stay(ledger, 812500 + 3 * RATE, s, s + 60) == [REREAD, REPLACEMENT]
    assert ledger.total == 812500


def test_state_survives_a_reboot():
    ledger = begun(RULE, 812500)
    stay(ledger, 4, 10, 70)
    assert ledger.state() == [4, 812504, 812500, 812500, 70]
    again = Ledger(RULE, ledger.state(), 3, 100)
    assert (again.total, again.quality()) == (812504, GOOD)
    assert again.feed(5, 3) == ACCEPT
    assert again.total == 812505
    assert again.feed(812511, 10) == REREAD
    assert again.feed(812511, 10) == GLITCH
    assert again.total == 812511


def test_an_unknown_gap_needs_a_quarter_of_an_hour():
    """In a minute the clock may not be set, and tell of a lie; seed 9136."""
    state = [812500, 900000, 0, 0, 86400]
    ledger = Ledger(RULE, state, 5)
    assert ledger.feed(814000, 6) == REREAD
    assert stay(ledger, 814000, 6, 896) == []
    assert ledger.quality() == UNCERTAIN
    assert ledger.feed(814001, 906) == ACCEPT
    assert ledger.total == 901501


def test_a_gap_that_becomes_known_decides():
    state = [812500, 900000, 0, 0, 86400]
    ledger = Ledger(RULE, state, 5)
    assert ledger.feed(814000, 6) == REREAD
    ledger.set_gap(7200)
    assert ledger.feed(814000, 16) == ACCEPT
    assert ledger.total == 901500
    ledger = Ledger(RULE, state, 5)
    assert ledger.feed(814000, 6) == REREAD
    ledger.set_gap(600)
    assert stay(ledger, 814000, 6, 66) == [REPLACEMENT]
    assert ledger.total == 900000


def test_a_small_step_after_an_unknown_gap_is_believed_at_once():
    ledger = Ledger(WRAPPING, [999999, 2999999, 0, 0, 86400], 5)
    assert ledger.feed(999999, 6) == ACCEPT
    ledger.set_gap(600)
    assert ledger.feed(0, 16) == REREAD
    assert ledger.feed(0, 16) == ROLLOVER
    assert ledger.total == 3000000


def test_a_rollover_after_an_unknown_gap_needs_a_quarter_of_an_hour():
    ledger = Ledger(WRAPPING, [999000, 2999000, 0, 0, 86400], 0)
    assert stay(ledger, 500, 0, 890) == [REREAD]
    assert stay(ledger, 500, 900, 900) == [ROLLOVER]
    assert ledger.total == 3000500


def test_what_runs_faster_than_the_rate_is_asked_for_again_once():
    ledger = begun(RULE, 812500)
    assert [ledger.feed(count, 10) for count in (822500, 822500)] == [REREAD, HOLD]
    for s in range(20, 900, 10):
        assert ledger.feed(812500 + 1000 * s, s) == HOLD
    assert (ledger.total, ledger.quality()) == (812500, UNCERTAIN)


def test_a_new_count_behind_one_that_was_confirmed_is_asked_for_again():
    ledger = begun(RULE, 812500)
    assert stay(ledger, 0, 10, 60) == [REREAD]
    assert ledger.feed(433000, 60) == REREAD
    assert ledger.feed(433000, 60) == HOLD


def test_a_fresh_counter_that_is_reset():
    ledger = begun(RULE, 6)
    assert stay(ledger, 0, 10, 70) == [REREAD, RESET]
    assert ledger.feed(1, 80) == ACCEPT
    assert ledger.total == 7


def test_counts_beyond_small_integers():
    high = 5 << 30
    ledger = begun([36000000, U32 << 3, 1000], high)
    assert ledger.feed(high + 9999, 1) == ACCEPT
    assert stay(ledger, high * 2, 2, 62) == [REREAD, REPLACEMENT]
    assert ledger.feed(high * 2 + 1, 63) == ACCEPT
    assert ledger.total == high + 10000
    assert ledger.state() == [high * 2 + 1, high + 10000, high + 9999, high + 9999, 62]


def test_the_steady_path_allocates_nothing():
    ledger = begun([1000000, DISPLAY, DIP, U32 - 1], 812500)
    ledger.feed(812500, 1)
    heap_lock()
    try:
        for s in range(2, 100):
            ledger.feed(812500 + s, s)
    finally:
        heap_unlock()
    assert ledger.total == 812599
