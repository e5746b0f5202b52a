"""What the gateway said of its troubles, as it stays on the flash."""

import pytest

from host_tools import interpreter
from host_tools.image import firmware_files
from small_board import VirtualRun

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

PROGRAM = """
import os, sys
from machine import RTC

def note(*sentences):
    for sentence in sentences:
        __import__("last_words").note(sentence)
        assert "last_words" not in sys.modules
    print([line[11:] for line in __import__("last_words").read()])

RTC().datetime((2026, 11, 28, 0, 9, 5, 0, 0))
%s
"""


def lines(folder, program):
    files = {"/last_words.mpy": firmware_files()["/last_words.mpy"]}
    with VirtualRun(folder, PROGRAM % program, files=files) as run:
        return run.run_for(1)


def test_a_sentence_is_kept_once_a_day(tmp_path):
    program = """
note("a: lost", "b: lost")
note("a: lost")
RTC().datetime((2026, 11, 29, 0, 7, 30, 0, 0))
note("a: lost", "a: lost")
print(__import__("last_words").read()[0])
"""
    today = ["09:05 a: lost", "09:05 b: lost"]
    kept = [str(today), str(today), str([*today, "07:30 a: lost"])]
    assert lines(tmp_path, program) == [*kept, "2026-11-28 09:05 a: lost"]


def test_the_newest_sixteen_are_kept(tmp_path):
    program = """note(*[str(number) for number in range(20)])"""
    assert lines(tmp_path, program) == [str([f"09:05 {number}" for number in range(4, 20)])]


def test_flash_that_takes_nothing_does_no_harm(tmp_path):
    assert lines(tmp_path, 'os.mkdir("/said.txt.new")\nnote("a: lost")') == ["[]"]
