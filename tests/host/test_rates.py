"""Turns among reads, shares of a rate, and coming back from a fault."""

from host_tools.rates import Turns, Window, attend

SECOND_US = 1_000_000


def turns_of(*seconds):
    turns = Turns(SECOND_US, SECOND_US // 2)
    for second in seconds:
        turns.take(int(second * SECOND_US))
    return turns


def share(turns, begin_s, end_s):
    return turns.share_permille(begin_s * SECOND_US, end_s * SECOND_US)


def test_what_comes_more_often_than_it_is_due_is_no_turn():
    turns = Turns(5 * SECOND_US, SECOND_US // 2)
    taken = [second for second in range(12) if turns.take(second * SECOND_US)]
    assert taken == [0, 5, 10]
    assert turns.take(int(14.6 * SECOND_US))


def test_a_rate_that_is_kept_is_a_thousand_permille_whatever_the_phase():
    assert share(turns_of(*range(20)), 0, 20) == 1000
    assert share(turns_of(*range(20)), 3, 9) == 1000
    assert share(turns_of(*[n + 0.3 for n in range(20)]), 3, 9) == 1000
    assert share(turns_of(4), 0, 5) == 1000


def test_turns_that_fail_are_missed():
    assert share(turns_of(0, 1, 2, 3, 6, 7, 8, 9, 10), 0, 10) == 800
    assert share(turns_of(0, 1, 2, 3, 6, 7, 8, 9, 10), 3, 6) == 333
    assert share(turns_of(0, 1, 2, 3), 0, 10) == 300
    assert share(turns_of(), 0, 10) is None
    assert share(turns_of(12), 0, 10) is None


def attend_to(turns, values=(), windows=(), until_s=20):
    values = [(int(second * SECOND_US), is_good) for second, is_good in values]
    return attend("press", "abb-b23-b24", turns, values, list(windows), until_s * SECOND_US)


def window(device, begin_s, end_s, ended=True):
    return Window(device, begin_s * SECOND_US, end_s * SECOND_US, ended)


def test_a_device_without_faults_around_has_only_its_rate():
    attendance = attend_to(turns_of(*range(20)), [(1, True)])
    assert (attendance.polls, attendance.permille, attendance.bad) == (20, 1000, 0)
    assert (attendance.beside_permille, attendance.back_us) == (None, [])
    assert attendance.is_good


def test_the_time_to_come_back_ends_with_the_first_good_value():
    own = [window("press", 4, 9)]
    values = [(3, True), (4.5, False), (9.5, False), (11.25, True), (12, True)]
    attendance = attend_to(turns_of(*range(4), *range(11, 20)), values, own)
    assert attendance.back_us == [2_250_000]
    assert (attendance.bad, attendance.permille) == (2, 631)
    assert attendance.is_good


def test_a_device_that_does_not_come_back_is_not_good_once_its_fault_is_over():
    values = [(3, True), (4.5, False)]
    assert not attend_to(turns_of(0, 1), values, [window("press", 4, 9)]).is_good
    assert attend_to(turns_of(0, 1), values, [window("press", 4, 30, ended=False)]).is_good


def test_beside_the_faults_of_others_the_least_share_counts():
    others = [window("saw", 2, 5), window("lathe", 10, 15)]
    attendance = attend_to(turns_of(*range(11), *range(13, 20)), windows=others)
    assert attendance.beside_permille == 600
    assert not attendance.is_good


def test_a_device_that_is_never_read_keeps_nothing():
    attendance = attend_to(turns_of(), windows=[window("saw", 2, 5)])
    assert (attendance.polls, attendance.permille, attendance.beside_permille) == (0, 0, 0)
    assert not attend_to(turns_of()).is_good
