"""The rules of a control chart as they are defined, under both Pythons; and how long a process that
has not changed runs until one is heard, which are known figures."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limen.core.control_chart import WESTERN_ELECTRIC, ControlChart


@pytest.mark.parametrize(
    ("rules", "run", "known"),
    # 1 / 0.0027; C. W. Champ, W. H. Woodall, "Exact Results for Shewhart Control Charts with
    # Supplementary Runs Rules", Technometrics 29 (1987).
    [((1,), 9, 370.4), (WESTERN_ELECTRIC, 8, 91.75)],
    ids=["beyond-3-sigma", "western-electric"],
)
def test_the_mean_run_length_is_the_known_one(rules, run, known):
    chart, values = ControlChart(10000, run), random.Random(7)
    heard = 0
    for _ in range(200000):
        chart.feed(round(values.gauss(0, 10000)))
        if any(chart.holds(rule) for rule in rules):
            heard += 1
            chart.clear()
    # The standard error of the mean is 2 to 4 %.
    assert 200000 / heard == pytest.approx(known, rel=0.1)


def by_definition(sigma, run, values):
    """Nelson's numbers of the rules that hold at the last of some values."""
    newest, steps = values[-1], [b - a for a, b in pairwise(values)]

    def of_the_last(count, wanted, distance):
        return any(
            sign * newest > distance
            and sum(sign * one > distance for one in values[-count:]) >= wanted
            for sign in (1, -1)
        )

    def all_of(count, seen, test):
        return len(seen) >= count and all(test(one) for one in seen[-count:])

    outside = all_of(8, values, lambda one: abs(one) > sigma)
    rules = [
        abs(newest) > 3 * sigma,
        any(all_of(run, values, lambda one, s=sign: s * one > 0) for sign in (1, -1)),
        any(all_of(5, steps, lambda one, s=sign: s * one > 0) for sign in (1, -1)),
        len(steps) >= 13 and all(a * b < 0 for a, b in pairwise(steps[-13:])),
        of_the_last(3, 2, 2 * sigma),
        of_the_last(5, 4, sigma),
        all_of(15, values, lambda one: abs(one) <= sigma),
        outside and min(values[-8:]) < 0 < max(values[-8:]),
    ]
    return [number for number, holds in enumerate(rules, 1) if holds]


NEAR = st.lists(st.integers(-35, 35), min_size=1, max_size=40)
WITHIN = st.lists(st.integers(-10, 10), min_size=15, max_size=20)
OUTSIDE = st.lists(st.sampled_from([-25, -15, 15, 25]), min_size=8, max_size=16)
RISING = st.lists(st.integers(-35, 35), min_size=6, max_size=9, unique=True).map(sorted)
SWINGING = st.lists(st.integers(1, 30), min_size=14, max_size=16).map(
    lambda sizes: [size if at % 2 else -size for at, size in enumerate(sizes)]
)


@given(
    st.lists(st.one_of(NEAR, WITHIN, OUTSIDE, RISING, SWINGING), min_size=1, max_size=3),
    st.sampled_from([8, 9]),
)
def test_the_rules_are_those_of_their_definition(play, parts, run):
    values = sum(parts, [])
    held = play("rules", 10, run, values)
    assert held == [by_definition(10, run, values[: end + 1]) for end in range(len(values))]
