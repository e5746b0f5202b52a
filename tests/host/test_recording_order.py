"""Rows of a recording that do not follow one another: late, twice, far ahead, the newest first."""

import pytest

from host_tools.emulation.recording import Recording
from host_tools.errors import ToolError
from recordings import SECOND_US


def test_a_clock_that_was_ahead_for_some_rows_takes_nothing_from_the_others(write):
    days = [0, 60, 120, 900_000_000, 900_000_060, 180, 240]
    recording = Recording(write("time,voltage\n" + "".join(f"{day},1\n" for day in days)))
    assert list(recording.times) == [60 * SECOND_US * row for row in range(5)]
    assert recording.summary() == [
        f"{recording.path}:5: the time lies far ahead of rows that follow; skipped"
        " (the first of 2 like it)"
    ]


def test_a_file_with_the_newest_row_first_is_played_from_its_last(write):
    rows = [
        f"2024-10-27 0{hour}:{minute:02}:00,{minute}\n"
        for hour in (1, 2, 2, 3)
        for minute in range(60)
    ]
    recording = Recording(write("time [Europe/Berlin],voltage\n" + "".join(reversed(rows))))
    assert (recording.rows, recording.skipped, recording.step_s) == (240, 0, 60)
    assert recording.length_us == 239 * 60 * SECOND_US
    assert [recording.value("voltage", row) for row in range(240)] == list(range(60)) * 4
    told = f"{recording.path}:2: the newest row comes first; played from the last"
    assert recording.summary() == [told]
    with pytest.raises(ToolError, match="the newest row comes first"):
        recording.require_no_problem()


def test_what_is_odd_in_a_file_that_is_turned_bears_its_first_line(write):
    rows = ["300,1", "240,x", "180,1", "120,", "60,y", "60,2", "0,3"]
    recording = Recording(write("time,voltage\n" + "\n".join(rows)))
    assert list(recording.times) == [at * SECOND_US for at in (0, 60, 180, 300)]
    assert {kind: (bad.count, bad.line) for kind, bad in recording.problems.items()} == {
        "newest first": (1, 2),
        "no number": (2, 3),
        "empty cell": (1, 5),
    }


def test_long_files_with_the_newest_row_first_are_the_same(write):
    rows = "".join(f"{second},{second % 7}\n" for second in range(20_000, 0, -1))
    recording = Recording(write("time,voltage\n" + rows))
    assert list(recording.times) == [second * SECOND_US for second in range(1, 20_001)]
    assert recording.value("voltage", 9_999) == 10_000 % 7


def test_late_rows_come_to_their_places(write):
    seconds = [0, 1, 4, 2, 3, 5, 9, 6, 7, 8, *range(10, 30), 12, 30]
    recording = Recording(write("time,voltage\n" + "".join(f"{at},{at}\n" for at in seconds)))
    assert list(recording.times) == [at * SECOND_US for at in range(31)]
    assert [recording.value("voltage", row) for row in range(31)] == list(range(31))
    assert [one.split(":", 1)[1] for one in recording.summary()] == [
        "5: the row of 2 comes after later ones; it is put in its place (the first of 5 like it)",
        "32: the time 12 lies behind those of rows before; if clocks were put back here, name the"
        " zone, as `time [Europe/Berlin]`; else sort the file by its times; skipped",
    ]


def test_rows_of_one_time_that_do_not_gainsay_each_other_are_one(write):
    head = "time,grid.voltage,grid.current,boiler.temperature\n"
    recording = Recording(write(head + "0,230,,\n0,,5,\n0,,,60\n1,231,6,61\n1,,7,\n"))
    assert list(recording.times) == [0, SECOND_US]
    assert recording.value("current", 0, "grid") == 5
    assert recording.value("temperature", 0, "boiler") == 60
    assert list(recording.problems) == ["time twice"]
