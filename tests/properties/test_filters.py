"""The promises of the filters, over any walk of values."""

from fractions import Fraction
from statistics import median_low

from hypothesis import given
from hypothesis import strategies as st

from limen.core.line import EARLIER, Line
from limen.core.median import Median
from limen.core.quality import BAD, GOOD
from limen.core.smooth import Smooth

counts = st.one_of(st.integers(-200, 200), st.integers(-(1 << 40), 1 << 40))
steps_ms = st.one_of(st.just(1000), st.integers(1, 5000), st.integers(1, 10**9))
walks = st.lists(st.tuples(steps_ms, st.one_of(st.integers(-9, 9), counts)), min_size=2)


def samples_of(walk):
    now = 0
    for step_ms, value in walk:
        now += step_ms
        yield now, value


def line_points(line, samples):
    """What a line publishes of samples (ms, value), up to the last one."""
    for now, value in samples:
        told = line.passes(value, GOOD, now // 1000, now % 1000)
        yield from earlier_points(line, told)
        if told & 1:
            yield now, value
        yield now, None
    yield from earlier_points(line, line.passes(None, BAD, now // 1000 + 1, 0))


def earlier_points(line, told):
    while told & EARLIER and line.next():
        yield line.s * 1000 + line.ms, line.value


@given(walks, st.one_of(st.integers(0, 20), st.integers(0, 1 << 40)), st.integers(10, 10**8))
def test_straight_lines_are_never_off_by_more_than_the_bound(walk, bound, delay_ms):
    samples = list(samples_of(walk))
    told = line_points(Line((bound, delay_ms)), samples)
    points = [(now, value) for now, value in told if value is not None]
    assert points[0] == samples[0]
    assert points[-1] == samples[-1]
    ends = iter(points)
    start = end = next(ends)
    for now, value in samples:
        if now > end[0]:
            start, end = end, next(ends)
        if now == end[0]:
            assert value == end[1]
            continue
        share = Fraction(now - start[0], end[0] - start[0])
        assert abs(start[1] + share * (end[1] - start[1]) - value) <= bound


@given(walks, st.integers(0, 300), st.integers(10, 10**8))
def test_no_sample_waits_longer_than_the_longest_delay(walk, bound, delay_ms):
    published = None
    for now, value in line_points(Line((bound, delay_ms)), samples_of(walk)):
        if value is not None:
            published = now
        else:
            assert now - published < delay_ms


@given(st.lists(counts, min_size=1), st.sampled_from([3, 5, 7, 9]))
def test_the_median_is_that_of_the_last_samples(values, size):
    stage = Median(size)
    for end, value in enumerate(values, 1):
        assert stage.feed(value) == median_low(values[max(0, end - size) : end])


@given(st.lists(counts, min_size=1), st.integers(1, 64))
def test_the_exponential_mean_is_within_a_count_of_the_exact_one(values, weight):
    stage = Smooth(weight)
    exact = Fraction(values[0])
    for value in values:
        exact += (value - exact) / weight
        assert abs(stage.feed(value) - exact) <= 1
