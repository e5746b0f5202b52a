"""A few of the cuts of `make flash-cuts` and `make update-cuts`."""

import pytest

import flash_cuts
import update_cuts
from host_tools import interpreter


def test_flashing_that_was_cut_off_is_made_good_by_the_next_run(tmp_path):
    assert sum(flash_cuts.play(tmp_path, 2, 3).values()) == 2


@pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")
def test_an_update_that_was_cut_off_is_made_good_by_the_next_run(tmp_path):
    assert sum(update_cuts.play(tmp_path, 1, 1).values()) == 1
