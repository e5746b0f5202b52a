"""The promises of the filters and the alarms, over any walk of values, under both Pythons."""

from fractions import Fraction
from math import isqrt
from statistics import median_low

from hypothesis import given
from hypothesis import strategies as st

GOOD, UNCERTAIN, BAD, STALE = range(4)
counts = st.one_of(st.integers(-200, 200), st.integers(-(1 << 40), 1 << 40))
steps_ms = st.one_of(st.just(1000), st.integers(1, 5000), st.integers(1, 10**9))
short_steps_ms = st.integers(1, 5000)
walks = st.lists(st.tuples(steps_ms, st.one_of(st.integers(-9, 9), counts)), min_size=2)
short_walks = st.lists(st.tuples(short_steps_ms, st.integers(-60, 60)), min_size=1)
qualities = st.sampled_from([GOOD, GOOD, GOOD, UNCERTAIN, BAD, STALE])
mixed_walks = st.lists(st.tuples(short_steps_ms, st.integers(-60, 60), qualities), min_size=1)
delays = st.one_of(st.just(0), st.integers(0, 9000))
close_walks = st.lists(st.tuples(short_steps_ms, st.integers(-5, 5), qualities), min_size=1)
SPECS = (
    {"change": [5, 300, 0, 7000]},
    {"bands": [7000, 3, -20, 20]},
    {"rate": [7000, 10, 1000]},
    {"line": [5, 6000]},
    {"median": 3, "change": [5, 0, 0, 7000]},
    {"smooth": 4, "median": 3, "bands": [7000, 3, -20, 20]},
    {"median": 5, "line": [5, 6000]},
)


def run_of(walk):
    """[ms, value, quality] of a walk of (step, value) or (step, value, quality)."""
    now, run = 0, []
    for step_ms, value, *quality in walk:
        now += step_ms
        run.append([now, value, quality[0] if quality else GOOD])
    return run


def with_end(run):
    """A bad sample behind a run, which ends every line."""
    return [*run, [run[-1][0] + 1000, None, BAD]]


@given(walks, st.one_of(st.integers(0, 20), st.integers(0, 1 << 40)), st.integers(10, 10**8))
def test_straight_lines_are_never_off_by_more_than_the_bound(play, walk, bound, delay_ms):
    run = run_of(walk)
    told = sum(play("report", {"line": [bound, delay_ms]}, with_end(run)), [])
    points = [(now, value) for now, value, quality in told if quality < BAD]
    times = [now for now, _ in points]
    assert times == sorted(set(times))
    assert points[0] == tuple(run[0][:2])
    assert points[-1] == tuple(run[-1][:2])
    ends = iter(points)
    start = end = next(ends)
    for now, value, _ in run:
        if now > end[0]:
            start, end = end, next(ends)
        if now == end[0]:
            assert value == end[1]
            continue
        share = Fraction(now - start[0], end[0] - start[0])
        assert abs(start[1] + share * (end[1] - start[1]) - value) <= bound


@given(walks, st.integers(0, 300), st.integers(10, 10**8))
def test_no_sample_waits_longer_than_the_longest_delay(play, walk, bound, delay_ms):
    run, published = run_of(walk), None
    told = play("report", {"line": [bound, delay_ms]}, run)
    for (now, *_), points in zip(run, told, strict=True):
        if points:
            published = points[-1][0]
        assert now - published < delay_ms


@given(st.lists(counts, min_size=1), st.integers(0, 300), st.integers(0, 12000))
def test_a_subscriber_is_never_off_by_more_than_the_deadband(play, values, deadband, basis_points):
    held = None
    run = [[s * 1000, value, GOOD] for s, value in enumerate(values)]
    told = play("report", {"change": [deadband, basis_points, 0, 0]}, run)
    for value, points in zip(values, told, strict=True):
        allowed = None if held is None else max(deadband, Fraction(abs(held) * basis_points, 10000))
        assert bool(points) == (held is None or abs(value - held) > allowed)
        if points:
            held = value


@given(
    st.lists(st.tuples(short_steps_ms, counts), min_size=1),
    st.integers(0, 3000),
    st.integers(1, 60000),
)
def test_the_times_between_published_values(play, walk, at_most_ms, at_least_ms):
    run, published, held = run_of(walk), None, None
    told = play("report", {"change": [0, 0, at_most_ms, at_least_ms]}, run)
    for (now, value, _), points in zip(run, told, strict=True):
        if points:
            if published is not None:
                heartbeat = now - published >= at_least_ms
                assert heartbeat or (now - published >= at_most_ms and value != held)
            published, held = now, value
        else:
            assert now - published < at_least_ms
            assert value == held or now - published < at_most_ms


@given(short_walks, st.integers(0, 9), st.integers(1, 20), st.integers(0, 20000))
def test_each_limit_is_crossed_upwards_there_and_downwards_behind_the_hysteresis(
    play, walk, hysteresis, more, least_ms
):
    limits = [-more, hysteresis + 1]
    run, above, published = run_of(walk), None, 0
    told = play("report", {"bands": [least_ms, hysteresis, *limits]}, run)
    for (now, value, _), points in zip(run, told, strict=True):
        if above is None:
            crossed, above = True, [value >= limit for limit in limits]
        else:
            is_above = [
                value >= (limit - hysteresis if was else limit)
                for limit, was in zip(limits, above, strict=True)
            ]
            crossed, above = is_above != above, is_above
        is_due = crossed or 0 < least_ms <= now - published
        assert points == ([[now, value, GOOD]] if is_due else [])
        published = now if is_due else published


@given(short_walks, st.integers(0, 50))
def test_while_a_value_changes_fast_and_once_behind_it_is_told(play, walk, count):
    run, was_fast = run_of(walk), True
    told = play("report", {"rate": [0, count, 1000]}, run)
    for at, points in enumerate(told):
        is_fast = False
        if at:
            step_ms, step = run[at][0] - run[at - 1][0], abs(run[at][1] - run[at - 1][1])
            is_fast = step * 1000 > count * step_ms
        assert bool(points) == (is_fast or was_fast)
        was_fast = is_fast


@given(mixed_walks, st.sampled_from(SPECS))
def test_bad_quality_passes_every_filter_at_once_and_once(play, walk, spec):
    run, before, published = run_of(walk), None, 0
    told = play("report", spec, run)
    for (now, _, quality), points in zip(run, told, strict=True):
        own = [point for point in points if point[0] == now]
        if quality == before:
            assert quality < BAD or not own
        elif (before, quality) != (BAD, STALE):
            assert own
        elif "line" not in spec:  # stale is told where the heartbeat would be
            assert bool(own) == (now - published >= 7000)
        if own:
            published = now
            assert own == [[now, own[0][1], quality]]
            before = quality
        assert all(point[0] <= now for point in points)


@given(st.lists(counts, min_size=1), st.sampled_from([3, 5, 7, 9]))
def test_the_median_is_that_of_the_last_samples(play, values, size):
    medians = play("median", size, values)
    for end in range(1, len(values) + 1):
        assert medians[end - 1] == median_low(values[max(0, end - size) : end])


@given(st.lists(counts, min_size=1), st.integers(1, 64))
def test_the_exponential_mean_is_within_a_count_of_the_exact_one(play, values, weight):
    exact = Fraction(values[0])
    for value, mean in zip(values, play("smooth", weight, values), strict=True):
        exact += (value - exact) / weight
        assert abs(mean - exact) <= 1


@given(st.one_of(st.lists(st.integers(-9, 9), min_size=1), st.lists(counts, min_size=1)))
def test_the_aggregates_of_a_window_are_exact(play, values):
    least, most, mean, rms, total, last, count = play("aggregate", values)
    assert (least, most, total) == (min(values), max(values), sum(values))
    assert (last, count) == (values[-1], len(values))
    assert abs(Fraction(sum(values), count) - mean) <= Fraction(1, 2)
    square = Fraction(sum(value * value for value in values), count)
    assert max(0, 2 * rms - 1) ** 2 <= 4 * square <= (2 * rms + 1) ** 2
    assert abs(rms - isqrt(int(square))) <= 1


@given(close_walks, st.integers(0, 4), delays, st.sampled_from(["high", "low"]))
def test_an_alarm_stands_from_the_delay_to_the_hysteresis(play, walk, hysteresis, delay_ms, name):
    run, since_ms, expected = run_of(walk), None, False
    stands = play("limit_alarm", name, 1, hysteresis, delay_ms, run)
    for (now, value, quality), stands_now in zip(run, stands, strict=True):
        beyond = value - 1 if name == "high" else 1 - value
        if quality >= BAD or beyond <= 0:
            since_ms = None
        elif since_ms is None:
            since_ms = now
        if quality < BAD:
            if expected:
                expected = beyond > -hysteresis
            else:
                expected = since_ms is not None and now - since_ms >= delay_ms
        assert stands_now == expected


@given(
    st.lists(st.tuples(short_steps_ms, st.one_of(st.none(), st.integers(-5, 5))), min_size=1),
    st.integers(0, 4),
    delays,
    delays,
)
def test_an_isa_alarm_turns_only_for_what_lasts(play, walk, deadband, on_ms, off_ms):
    now, run = 0, []
    for step_ms, excess in walk:
        now += step_ms
        run.append([now, excess])
    stands, since_ms = False, None
    states = play("isa_alarm", deadband, on_ms, off_ms, run)
    for (now, excess), state in zip(run, states, strict=True):
        turns = excess is not None and (excess <= -deadband if stands else excess > 0)
        since_ms = (now if since_ms is None else since_ms) if turns else None
        if turns and now - since_ms >= (off_ms if stands else on_ms):
            stands, since_ms = not stands, None
        assert state == ("unack" if stands else "normal")
