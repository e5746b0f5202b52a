"""How far rows are apart: the usual step, and the pauses."""

import random

import pytest

from host_tools.emulation.row_steps import RowSteps


def taken(steps_us):
    steps = RowSteps()
    for line, step_us in enumerate(steps_us, start=3):
        steps.take(step_us, line)
    return steps


def test_rows_that_are_the_same_time_apart_have_that_step():
    steps = taken([1_000_000] * 20 + [3_000_000] + [1_000_000] * 5 + [3_000_000])
    assert steps.usual_us == 1_000_000
    assert (steps.pause().line, steps.pause().count) == (23, 2)
    assert "3 s without a row, where one usually comes each 1 s" in steps.pause().detail
    assert (taken([]).usual_us, taken([]).pause()) == (0, None)


@pytest.mark.parametrize(
    "middle_us, usual_us", [(1_000_000, 1_000_000), (7_300_000, 5_000_000), (9_825, 10_000), (7, 7)]
)
def test_rows_at_any_time_have_a_round_step(middle_us, usual_us):
    lots = random.Random(1)
    spread = max(middle_us // 50, 3)
    steps = taken([middle_us + lots.randint(-spread, spread) for _ in range(5001)])
    assert steps.usual_us == usual_us
    assert steps.pause() is None


def test_a_pause_is_told_also_behind_thousands_of_different_steps():
    steps = taken([1_000_000 + at for at in range(5000)] + [60_123_456])
    assert (steps.usual_us, steps.pause().line) == (1_000_000, 5003)
    assert "60 s without a row" in steps.pause().detail
