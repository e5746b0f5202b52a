"""The tables of filters and alarms: their arithmetic, and that the docs show what comes out."""

import itertools
import random
from types import SimpleNamespace

import pytest

from host_tools.bench import filters
from host_tools.bench.section import Extent
from host_tools.errors import ToolError
from host_tools.filtering import command
from host_tools.filtering.alarm_trials import trials
from host_tools.filtering.points import (
    count_points,
    fewest_points,
    largest_error,
    line_points,
    swinging_door_points,
)
from host_tools.paths import PROJECT

DATA = PROJECT.parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the recordings are not here")


def walk(seed, length):
    source = random.Random(seed)
    times = list(itertools.accumulate(source.randint(1, 3) for _ in range(length)))
    return [(1000 * ms, source.randint(-6, 6)) for ms in times]


def fewest_by_trying(samples, bound):
    """The same by brute force: all ways to leave samples out, the fewest points first."""
    inner = range(1, len(samples) - 1)
    for count in range(len(samples)):
        for kept in itertools.combinations(inner, count):
            points = [samples[at] for at in (0, *kept, len(samples) - 1)]
            if largest_error(samples, points) <= bound:
                return len(points)
    raise AssertionError("all samples are within any bound")


@pytest.mark.parametrize("seed", range(12))
def test_the_optimum_is_that_of_brute_force(seed):
    samples = walk(seed, 9)
    assert fewest_points(samples, 3) == fewest_by_trying(samples, 3)


@pytest.mark.parametrize("seed", range(6))
def test_the_line_is_near_the_optimum_and_keeps_to_the_bound(seed):
    count = count_points(walk(seed, 400), 4)
    assert count.error <= 4
    assert count.fewest <= count.line <= 1.2 * count.fewest


def test_the_optimum_keeps_to_a_longest_line():
    flat = [(1000 * s, 7) for s in range(31)]
    assert fewest_points(flat, 0) == 2
    assert fewest_points(flat, 0, 10_000) == 4
    assert len(list(line_points(flat, 0, 10_000))) == 4


def test_the_classic_swinging_door_may_be_off_by_more_than_its_bound():
    samples = [(0, -8), (1000, -7), (2000, -7), (3000, 2), (4000, -4)]
    door = list(swinging_door_points(samples, 4))
    assert door == [(0, -8), (4000, -4)]
    assert largest_error(samples, door) == 7


def rows(page, heading):
    """The rows of a table of a page, by their first cell."""
    text = (PROJECT / "docs" / page).read_text()
    return [line for line in text.splitlines() if line.startswith(heading)]


@needs_data
def test_the_docs_show_the_points_of_a_recording():
    args = SimpleNamespace(what="points", data=DATA, only="metropt2", bound="1", jobs=1)
    (row,) = [line for line in command._points(args) if line.startswith("| metropt2")]
    assert row in rows("filters.md", "| metropt2")


@needs_data
def test_the_docs_show_the_alarms_of_a_recording():
    found = [line for line in trials(DATA, "nab_machine") if line.startswith("| nab_machine")]
    assert found == rows("alarms.md", "| nab_machine")
    assert len(found) == 5


def test_without_recordings_it_says_so(tmp_path):
    args = SimpleNamespace(what="points", data=tmp_path / "none")
    with pytest.raises(ToolError, match="is no folder of recordings; write --data FOLDER"):
        command.run(args)


def test_the_bench_counts_blocks_and_instructions():
    first, *others = filters.measure(Extent(filters=1))
    assert (first.what, first.value, first.most) == ("deadband, heap", 0, 0)
    for row in others:
        assert row.what == "deadband, instructions"
        assert 1000 < row.value < 20000
