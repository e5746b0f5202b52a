"""Times and energies by state sum to what has passed and what was counted, whatever is shown."""

from hypothesis import given
from hypothesis import strategies as st

from limen.core.machine import COUNT, Bands, Dwell, Tally

DWELLS = st.lists(st.integers(0, 20_000), min_size=COUNT, max_size=COUNT)
STEP = st.tuples(
    st.integers(0, COUNT - 1), st.integers(0, 30_000), st.integers(0, 500), st.booleans()
)


@given(DWELLS, st.lists(STEP, max_size=80))
def test_states_sum_to_the_time_that_passed_and_the_energy_counted(dwell_ms, steps):
    dwell, tally = Dwell(dwell_ms), Tally()
    for shown, passed_ms, used, settles in steps:
        dwell.feed(shown, passed_ms, used)
        if dwell.booked is not None:
            tally.book(dwell.booked, dwell.ms, dwell.used, True)
        if settles:
            dwell.settle()
            tally.book(dwell.booked, dwell.ms, dwell.used, True)
    dwell.settle()
    tally.book(dwell.booked, dwell.ms, dwell.used, True)
    assert sum(tally.ms) == tally.busy_ms == sum(step[1] for step in steps)
    assert sum(tally.used) == sum(step[2] for step in steps)
    assert sum(tally.seconds()) == sum(tally.ms) // 1000


@given(DWELLS, st.lists(STEP, min_size=1, max_size=80))
def test_a_state_is_left_only_for_what_is_shown_for_its_dwell(dwell_ms, steps):
    dwell, shown_ms, before = Dwell(dwell_ms), 0, None
    for shown, passed_ms, used, _ in steps:
        shown_ms += passed_ms
        was = dwell.state
        if dwell.feed(shown, passed_ms, used) and 5 not in (was, dwell.state):
            assert shown_ms >= dwell_ms[dwell.state]
            assert dwell.state in (before, shown)
        if shown != before:
            before, shown_ms = shown, 0


@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(-(10**6), 2 * 10**6), min_size=1),
)
def test_a_band_that_is_shown_has_the_power_within_the_hysteresis(limits, powers):
    limits.sort()
    widths = [b - a for a, b in zip([0, *limits], limits, strict=False)]
    hysteresis = min(widths) - 1
    bands = Bands(limits, list(range(len(limits) + 1)), hysteresis)
    for power in powers:
        band = bands.show(power)
        assert band == len(limits) or power < limits[band]
        assert band == 0 or power >= limits[band - 1] - hysteresis
