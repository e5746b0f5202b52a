from limen.core.machine import (
    FAULT,
    IDLE,
    OFF,
    RUNNING,
    UNKNOWN,
    Bands,
    Dwell,
    Tally,
)

DWELL_MS = [0, 5000, 0, 0, 3000, 0]


def booked(dwell, shown, passed_ms, used=0):
    """(changed, state, what is booked) after what is shown now."""
    changed = dwell.feed(shown, passed_ms, used)
    return changed, dwell.state, (dwell.booked, dwell.ms, dwell.used)


def test_power_shows_a_state():
    bands = Bands([5000, 80000], [OFF, IDLE, RUNNING], 1000)
    assert [bands.show(p) for p in (0, 4999, 5000, 79999, 80000)] == [OFF, OFF, IDLE, IDLE, RUNNING]


def test_down_a_band_ends_lower_than_it_began():
    bands = Bands([5000, 80000], [OFF, IDLE, RUNNING], 1000)
    assert [bands.show(p) for p in (90000, 79000, 78999, 4000, 3999, -5)] == [
        RUNNING,
        RUNNING,
        IDLE,
        IDLE,
        OFF,
        OFF,
    ]
    assert bands.show(None) == UNKNOWN


def test_time_and_energy_belong_to_what_was_shown_before():
    dwell = Dwell(DWELL_MS)
    assert booked(dwell, RUNNING, 0) == (True, RUNNING, (UNKNOWN, 0, 0))
    assert booked(dwell, RUNNING, 1000, 7) == (False, RUNNING, (RUNNING, 1000, 7))
    assert booked(dwell, OFF, 1000, 8) == (True, OFF, (RUNNING, 1000, 8))
    assert booked(dwell, OFF, 500, 1)[2] == (OFF, 500, 1)


def test_a_short_stop_is_none():
    dwell = Dwell(DWELL_MS)
    dwell.feed(RUNNING, 0, 0)
    assert booked(dwell, IDLE, 1000, 5)[2] == (RUNNING, 1000, 5)
    assert booked(dwell, IDLE, 2000, 1)[2][0] is None
    assert booked(dwell, RUNNING, 2000, 1) == (False, RUNNING, (RUNNING, 4000, 2))


def test_a_long_stop_was_one_from_its_beginning():
    dwell = Dwell(DWELL_MS)
    dwell.feed(RUNNING, 0, 0)
    dwell.feed(IDLE, 1000, 5)
    assert booked(dwell, IDLE, 4000, 1)[2][0] is None
    assert booked(dwell, IDLE, 1000, 2) == (True, IDLE, (IDLE, 5000, 3))
    assert dwell.since_ms == 5000


def test_another_state_shown_meanwhile_begins_anew():
    dwell = Dwell(DWELL_MS)
    dwell.feed(RUNNING, 0, 0)
    dwell.feed(IDLE, 1000, 0)
    assert booked(dwell, FAULT, 4000, 9) == (False, RUNNING, (RUNNING, 4000, 9))
    assert booked(dwell, FAULT, 3000, 1) == (True, FAULT, (FAULT, 3000, 1))


def test_an_account_that_is_closed_takes_what_is_undecided():
    dwell = Dwell(DWELL_MS)
    dwell.feed(RUNNING, 0, 0)
    dwell.feed(IDLE, 1000, 0)
    dwell.feed(IDLE, 3000, 4)
    dwell.settle()
    assert (dwell.booked, dwell.ms, dwell.used) == (RUNNING, 3000, 4)
    assert booked(dwell, IDLE, 2000, 1) == (True, IDLE, (IDLE, 2000, 1))


def test_unknown_is_entered_and_left_at_once():
    dwell = Dwell(DWELL_MS)
    dwell.feed(IDLE, 0, 0)
    assert booked(dwell, UNKNOWN, 700, 1) == (True, UNKNOWN, (IDLE, 700, 1))
    assert booked(dwell, IDLE, 9000, 0) == (True, IDLE, (UNKNOWN, 9000, 0))


def test_oee_as_iso_22400_2_defines_it():
    tally = Tally()
    tally.book(RUNNING, 370 * 60000, 0, True)
    tally.book(FAULT, 50 * 60000, 0, True)
    tally.book(IDLE, 30 * 60000, 0, False)
    tally.parts, tally.rejects = 19000, 400
    # 8 h less 1 h of breaks, 1 s a part: the usual textbook shift.
    assert tally.ratios(1000) == [881, 856, 979, 738, 822]
    assert tally.ratios(None) == [881, None, 979, None, 822]
    assert Tally().ratios(1000) == [None] * 5


def test_seconds_of_a_tally_sum_to_the_whole():
    tally = Tally()
    for state in range(6):
        tally.book(state, 999, 0, True)
    assert tally.seconds() == [0, 1, 1, 1, 1, 1]
    assert Tally(tally.state()).seconds() == tally.seconds()
