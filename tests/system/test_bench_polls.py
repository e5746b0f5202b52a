"""The figures of polls, as `limen bench` takes them."""

import pytest

from host_tools import interpreter
from host_tools.bench import polls
from host_tools.bench.section import Extent


@pytest.fixture(scope="module")
def rows():
    found = interpreter.find_or_none()
    if not found or not found.is_chip_like:
        pytest.skip("needs the 32-bit MicroPython")
    return {row.what.strip(): row for row in polls.measure(Extent(readings=200))}


def test_the_planner_needs_the_fewest_requests(rows):
    planned, adjacent, single = [row.value for row in rows.values()][:3]
    assert planned < adjacent < single == 60


def test_a_reading_leaves_nothing_on_the_heap(rows):
    assert rows["left on the heap by a reading"].is_met


def test_channels_and_devices_take_what_they_took(rows):
    assert rows["heap of each of its channels"].value <= 160
    assert rows["heap of a device on a line"].value <= 900
