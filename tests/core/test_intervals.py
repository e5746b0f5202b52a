from limen.core.intervals import Intervals

GAP_S = 30


def intervals(size=1, shift_s=0):
    return Intervals(900, size, GAP_S, shift_s)


def ended(cut, s, *counts, ms=0, doubt=False):
    """(end, used, doubt) of the interval that this reading has ended; None: none."""
    if not cut.feed(s, ms, list(counts), doubt):
        return None
    return cut.end_s, cut.used[:], cut.doubt


def counting(cut, begin_s, end_s, begin):
    """What ends while a counter counts one each ten seconds."""
    told = [ended(cut, s, begin + (s - begin_s) // 10) for s in range(begin_s, end_s, 10)]
    return [one for one in told if one]


def test_a_counter_is_cut_at_the_quarter_of_an_hour():
    cut = intervals()
    assert counting(cut, 890, 2710, 5000) == [(900, [1], True), (1800, [90], False)]
    assert cut.totals == [5091]
    assert cut.used_so_far(0) == 90


def test_a_reading_on_the_boundary_is_the_value_of_the_boundary():
    cut = intervals()
    assert ended(cut, 880, 5) is None
    assert ended(cut, 900, 7) is None
    assert ended(cut, 900, 8, ms=1) == (900, [2], True)
    assert cut.used_so_far(0) == 1


def test_what_is_counted_between_last_reading_and_boundary_goes_on():
    cut = intervals()
    for s, count in ((10, 0), (890, 100), (910, 104), (1790, 200)):
        told = ended(cut, s, count)
    assert ended(cut, 1810, 202) == (1800, [100], False)
    assert told is None and cut.used_so_far(0) == 2


def test_intervals_follow_the_clock_of_a_zone_that_is_half_an_hour_off():
    cut = Intervals(3600, 1, GAP_S, 19800)
    assert ended(cut, 100, 1) is None
    assert ended(cut, 1801, 3) == (1800, [0], True)


def test_an_interval_without_a_reading_is_not_told_and_its_energy_is():
    cut = intervals()
    counting(cut, 890, 2000, 0)
    assert ended(cut, 7000, 900) == (2700, [19], True)
    assert ended(cut, 7200, 910) is None
    assert ended(cut, 7210, 911) == (7200, [800], True)
    assert sum((1, 90, 19, 800)) == 910


def test_a_gap_within_an_interval_leaves_it_whole():
    cut = intervals()
    counting(cut, 890, 920, 0)
    ended(cut, 1795, 500)
    assert ended(cut, 1805, 501) == (1800, [499], False)


def test_a_counter_that_goes_back_adds_nothing():
    cut = intervals()
    counting(cut, 890, 1000, 1000)
    ended(cut, 1000, 400)
    ended(cut, 1795, 450)
    assert ended(cut, 1805, 451) == (1800, [9 + 50], True)


def test_a_small_step_back_of_the_clock_ends_nothing_twice():
    cut = intervals()
    counting(cut, 890, 1000, 0)
    assert ended(cut, 899, 20) is None
    assert ended(cut, 1799, 30) is None
    assert ended(cut, 1801, 31) == (1800, [29], False)


def test_a_long_step_back_ends_the_interval_where_it_is():
    cut = intervals()
    counting(cut, 9000, 9110, 0)
    assert ended(cut, 1000, 20) == (9900, [10], True)
    assert ended(cut, 1799, 30) is None
    assert ended(cut, 1801, 31) == (1800, [20], True)


def test_a_step_forward_is_a_gap():
    cut = intervals()
    counting(cut, 890, 1000, 0)
    assert ended(cut, 5000, 12) == (1800, [9], True)


def test_bad_readings_leave_the_count_and_doubt_the_boundary():
    cut = intervals()
    counting(cut, 890, 1770, 0)
    for s in range(1770, 1830, 10):
        told = ended(cut, s, None)
        assert told is None or told == (1800, [86], True)
    assert ended(cut, 2695, 190) is None
    assert ended(cut, 2705, 191) == (2700, [103], True)


def test_a_questioned_count_at_the_boundary_is_in_doubt():
    cut = intervals()
    counting(cut, 890, 1760, 0)
    told = [ended(cut, s, 86, doubt=True) for s in range(1760, 1840, 10)]
    assert [one for one in told if one] == [(1800, [85], True)]


def test_each_counter_by_itself_and_one_that_comes_later():
    cut = intervals(2)
    ended(cut, 895, 10, None)
    assert ended(cut, 905, 11, None) == (900, [0, None], True)
    ended(cut, 1795, 20, 500)
    assert ended(cut, 1805, 21, 502) == (1800, [10, 0], True)
    assert cut.totals == [20, 500]


def test_a_reboot_goes_on_within_the_interval_and_beyond():
    cut = intervals()
    counting(cut, 890, 1000, 0)
    state = cut.state()
    assert state == [1800, 0, 990, [1, 10]]
    soon = intervals()
    soon.restore(state)
    ended(soon, 1795, 90)
    assert ended(soon, 1805, 91) == (1800, [89], False)
    late = intervals()
    late.restore(state)
    assert ended(late, 9000, 500) == (1800, [9], True)


def test_a_counter_that_is_new_after_a_reboot_begins_anew():
    cut = intervals(2)
    cut.restore([1800, 0, 990, [1, 10], None])
    ended(cut, 1795, 90, 7)
    assert ended(cut, 1805, 91, 9) == (1800, [89, 0], True)


def test_readings_before_the_clock_was_set_are_placed_later():
    cut = intervals()
    for s in range(0, 4000, 5):
        cut.hold(s, 0, [s])
    held = cut.release()
    assert held[0] == (0, 0, [0]) and len(held) <= 32
    assert cut.release() == []
    told = [ended(cut, 860 + s, *counts) for s, _, counts in held]
    told = [one for one in told if one]
    assert sum(used[0] for _, used, _ in told) + cut.used_so_far(0) == held[-1][2][0]
    assert [end_s for end_s, _, _ in told] == [900, 1800, 2700, 3600, 4500]
