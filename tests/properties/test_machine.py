"""Times and energies by state sum to what has passed and what was counted, whatever is shown, under
both Pythons."""

from hypothesis import given
from hypothesis import strategies as st

from limen.core.machine import COUNT, UNKNOWN

DWELLS = st.lists(st.integers(0, 20_000), min_size=COUNT, max_size=COUNT)
STEP = st.tuples(
    st.integers(0, COUNT - 1), st.integers(0, 30_000), st.integers(0, 500), st.booleans()
)


@given(DWELLS, st.lists(STEP, max_size=80))
def test_states_sum_to_the_time_that_passed_and_the_energy_counted(play, dwell_ms, steps):
    _, ms, used, seconds, busy_ms = play("dwell", dwell_ms, steps)
    assert sum(ms) == busy_ms == sum(step[1] for step in steps)
    assert sum(used) == sum(step[2] for step in steps)
    assert sum(seconds) == sum(ms) // 1000


@given(DWELLS, st.lists(STEP, min_size=1, max_size=80))
def test_a_state_is_left_only_for_what_is_shown_for_its_dwell(play, dwell_ms, steps):
    shown_ms, before, was = 0, None, UNKNOWN
    unsettled = [(*step[:3], False) for step in steps]
    told, *_ = play("dwell", dwell_ms, unsettled)
    for (shown, passed_ms, *_), (changed, state) in zip(steps, told, strict=True):
        shown_ms += passed_ms
        if changed and UNKNOWN not in (was, state):
            assert shown_ms >= dwell_ms[state]
            assert state in (before, shown)
        assert changed or state == was
        was = state
        if shown != before:
            before, shown_ms = shown, 0


@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(-(10**6), 2 * 10**6), min_size=1),
)
def test_a_band_that_is_shown_has_the_power_within_the_hysteresis(play, limits, powers):
    limits.sort()
    widths = [b - a for a, b in zip([0, *limits], limits, strict=False)]
    hysteresis = min(widths) - 1
    shown = play("bands", limits, hysteresis, powers)
    for power, band in zip(powers, shown, strict=True):
        assert band == len(limits) or power < limits[band]
        assert band == 0 or power >= limits[band - 1] - hysteresis
