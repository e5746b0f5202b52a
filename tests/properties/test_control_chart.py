"""How long a process that has not changed runs until a rule is heard: known figures."""

import random

import pytest

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
