"""Whatever happens, intervals sum to what the counter has counted, under both Pythons."""

from hypothesis import given
from hypothesis import strategies as st

LENGTHS = st.sampled_from([60, 300, 600, 900, 1200, 1800, 3600])
STEP = st.tuples(
    st.sampled_from(["read", "read", "read", "bad", "reboot", "clock"]),
    st.integers(0, 5000),
    st.integers(0, 10**9),
)


def placed(steps):
    """[what, seconds since 2000, count] of steps of (what, seconds, counted); a step of the clock
    goes back by twice as much."""
    s, count, found = 10_000_000, 123, []
    for what, passed_s, counted in steps:
        s += -2 * passed_s if what == "clock" else passed_s
        count += counted
        found.append([what, s, count])
    return found


def counted(steps):
    """From the first good reading to the last."""
    counts = [count for what, _, count in steps if what != "bad"]
    return counts[-1] - counts[0] if counts else 0


@given(LENGTHS, st.lists(STEP, max_size=60))
def test_the_sum_of_the_intervals_is_the_difference_of_the_counter(play, length_s, steps):
    steps = placed(steps)
    told, used_so_far = play("intervals", length_s, steps)
    assert sum(used for _, used in told if used is not None) + used_so_far == counted(steps)


@given(LENGTHS, st.lists(STEP, max_size=60))
def test_every_end_is_on_the_clock_and_nothing_is_negative(play, length_s, steps):
    told, _ = play("intervals", length_s, placed(steps))
    assert all(end_s % length_s == 0 and (used or 0) >= 0 for end_s, used in told)


@given(LENGTHS, st.lists(STEP, max_size=60))
def test_while_the_clock_runs_forward_no_interval_is_told_twice(play, length_s, steps):
    steps = placed([step for step in steps if step[0] != "clock"])
    ends = [end_s for end_s, _ in play("intervals", length_s, steps)[0]]
    assert ends == sorted(set(ends))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10**6)), max_size=60))
def test_a_counter_that_goes_back_adds_nothing(play, steps):
    s, count, grown, run = 0, 10**8, 0, [["read", 0, 10**8]]
    for goes_back, change in steps:
        s += 100
        count += -change if goes_back else change
        grown += 0 if goes_back else change
        run.append(["read", s, count])
    told, used_so_far = play("intervals", 900, run)
    assert sum(used for _, used in told) + used_so_far == grown
