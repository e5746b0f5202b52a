from limen.core.breaker import Breaker


def test_a_device_that_answers_is_asked_as_often_as_wanted():
    breaker = Breaker()
    for s in range(100):
        assert not breaker.note(True, s)
        assert not breaker.is_open


def test_it_opens_after_three_failures_in_a_row():
    breaker = Breaker()
    outcomes = (False, False, True, False, False)
    assert [breaker.note(answered, 0) for answered in outcomes] == [False] * 5
    assert breaker.note(False, 7)
    assert breaker.is_open
    assert breaker.due_s == 9


def test_the_pauses_between_probes_double_up_to_a_minute():
    breaker = Breaker()
    s, pauses = 1000, []
    for _ in range(10):
        breaker.note(False, s)
        if breaker.is_open:
            pauses.append(breaker.due_s - s)
            s = breaker.due_s
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_an_answer_closes_it_and_all_begins_anew():
    breaker = Breaker()
    for s in range(5):
        breaker.note(False, s)
    assert breaker.note(True, 20)
    assert not breaker.is_open
    assert not breaker.note(False, 21)
    breaker.note(False, 22)
    assert breaker.note(False, 23)
    assert breaker.due_s == 25


def test_without_a_link_it_opens_at_once_and_the_pauses_do_not_grow():
    breaker = Breaker()
    assert breaker.note(None, 10)
    assert (breaker.is_open, breaker.due_s) == (True, 12)
    for s in (12, 14, 16):
        assert not breaker.note(None, s)
        assert breaker.due_s == s + 2
    assert breaker.note(True, 18)
    assert not breaker.is_open


def test_a_hurried_probe_begins_with_short_pauses_again():
    breaker = Breaker()
    for s in range(8):
        breaker.note(False, s)
    breaker.hurry(100)
    assert breaker.due_s == 100
    breaker.note(False, 100)
    assert breaker.due_s == 102
