"""The promise of the report filter, over any walk of values."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from limen.core.quality import GOOD
from limen.core.report import Report

counts = st.one_of(st.integers(-200, 200), st.integers(-(1 << 40), 1 << 40))


@given(st.lists(counts, min_size=1), st.integers(0, 300), st.integers(0, 12000))
def test_a_subscriber_is_never_off_by_more_than_the_deadband(values, deadband, basis_points):
    report = Report((deadband, basis_points, 0, 0))
    held = None
    for s, value in enumerate(values):
        allowed = None if held is None else max(deadband, Fraction(abs(held) * basis_points, 10000))
        passes = report.passes(value, GOOD, s, 0)
        assert passes == (held is None or abs(value - held) > allowed)
        if passes:
            held = value


steps = st.lists(st.tuples(st.integers(1, 5000), counts), min_size=1)


@given(steps, st.integers(0, 3000), st.integers(1, 60000))
def test_the_times_between_published_values(steps, at_most_ms, at_least_ms):
    report = Report((0, 0, at_most_ms, at_least_ms))
    now = published = None
    held = None
    for pause_ms, value in steps:
        now = 0 if now is None else now + pause_ms
        if report.passes(value, GOOD, now // 1000, now % 1000):
            if published is not None:
                heartbeat = now - published >= at_least_ms
                assert heartbeat or (now - published >= at_most_ms and value != held)
            published, held = now, value
        else:
            assert now - published < at_least_ms
            assert value == held or now - published < at_most_ms
