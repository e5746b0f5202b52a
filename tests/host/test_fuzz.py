"""Every parser takes mutated input for a moment, and all that ever crashed one."""

import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[1] / "fuzz"
sys.path.insert(0, str(FUZZ))

from mutations import mutations  # noqa: E402
from targets import TARGETS  # noqa: E402

SLOW = {"site": 60, "profile": 100, "configuration": 100, "fault-plan": 200, "column-map": 200}
COUNT = 1500
CRASHES = sorted((FUZZ / "crashes").glob("*/*"))


@pytest.mark.parametrize("name", TARGETS)
def test_mutated_input_is_understood_or_refused(name):
    target = TARGETS[name]
    for data in mutations(target.seeds(), SLOW.get(name, COUNT), seed=1):
        target.take(data)


@pytest.mark.parametrize("name", TARGETS)
def test_right_input_is_not_refused(name):
    for seed in TARGETS[name].seeds():
        TARGETS[name].run(seed)


@pytest.mark.parametrize("path", CRASHES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_crashed_a_parser_does_so_no_more(path):
    TARGETS[path.parent.name].take(path.read_bytes())
