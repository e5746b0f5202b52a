"""Whatever happens, the sum of the intervals is what the counter has counted."""

from hypothesis import given
from hypothesis import strategies as st

from limen.core.intervals import Intervals

LENGTHS = st.sampled_from([60, 300, 600, 900, 1200, 1800, 3600])
STEP = st.tuples(
    st.sampled_from(["read", "read", "read", "bad", "reboot", "clock"]),
    st.integers(0, 5000),
    st.integers(0, 10**9),
)


def run(length_s, steps):
    """[(end, used)] and what was counted from the first reading to the last."""
    cut = Intervals(length_s, 1, 30)
    s, count, told, first = 10_000_000, 123, [], None
    for what, passed_s, counted in steps:
        s += passed_s
        if what == "clock":
            s -= 3 * passed_s
        if what == "reboot":
            state, cut = cut.state(), Intervals(length_s, 1, 30)
            if state[0] is not None:
                cut.restore(state)
        count += counted
        if cut.feed(s, 0, [None if what == "bad" else count]):
            told.append((cut.end_s, cut.used[0]))
        if what != "bad":
            first = count if first is None else first
            last = count
    return cut, told, 0 if first is None else last - first


@given(LENGTHS, st.lists(STEP, max_size=60))
def test_the_sum_of_the_intervals_is_the_difference_of_the_counter(length_s, steps):
    cut, told, counted = run(length_s, steps)
    assert sum(used for _, used in told if used is not None) + cut.used_so_far(0) == counted


@given(LENGTHS, st.lists(STEP, max_size=60))
def test_every_end_is_on_the_clock_and_nothing_is_negative(length_s, steps):
    _, told, _ = run(length_s, steps)
    assert all(end_s % length_s == 0 and (used or 0) >= 0 for end_s, used in told)


@given(LENGTHS, st.lists(STEP, max_size=60))
def test_while_the_clock_runs_forward_no_interval_is_told_twice(length_s, steps):
    _, told, _ = run(length_s, [step for step in steps if step[0] != "clock"])
    ends = [end_s for end_s, _ in told]
    assert ends == sorted(set(ends))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10**6)), max_size=60))
def test_a_counter_that_goes_back_adds_nothing(steps):
    cut, s, count, told, grown = Intervals(900, 1, 30), 0, 10**8, 0, 0
    cut.feed(s, 0, [count])
    for goes_back, change in steps:
        s += 100
        count += -change if goes_back else change
        grown += 0 if goes_back else change
        if cut.feed(s, 0, [count]):
            told += cut.used[0]
    assert told + cut.used_so_far(0) == grown
