"""Recordings: every value exactly as it stands in the file, every bad row named and counted."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from host_tools.emulation.completed import Completed
from host_tools.emulation.recording import Recording
from recordings import EMPTY, GOOD, SECOND_US, failure

HOUSEHOLD = (
    Path(__file__).parents[2]
    / "../shared/data/household_1phase/household_power_consumption_37k.txt"
)


def test_columns_named_as_quantities_need_no_map(write):
    recording = Recording(write(GOOD))
    assert (recording.rows, recording.skipped, recording.step_s) == (3, 0, 60)
    assert [recording.value("power_active_total", row) for row in range(3)] == [4216, -50, 5360]
    assert recording.value("voltage", 0) == Decimal("234.84")
    assert recording.value("voltage", 2) == 100
    assert recording.times[0] == 1_704_067_200 * SECOND_US


def test_a_row_holds_until_the_next(write):
    signals = Recording(write(GOOD)).signals(start_us=1000)
    volts = [signals.value("voltage", 1000 + second * SECOND_US) for second in (0, 59, 60, 119)]
    assert volts == [Decimal("234.84")] * 2 + [Decimal("233.63")] * 2
    assert signals.value("voltage", 1000 + 60 * SECOND_US - 1) == Decimal("234.84")
    assert signals.value("voltage", 0) == Decimal("234.84")
    assert signals.value("voltage", 10**12) == 100
    assert signals.end_us == 1000 + 120 * SECOND_US


def test_speed_shortens_the_steps(write):
    recording = Recording(write(GOOD))
    assert recording.signals(speed=60).end_us == 2 * SECOND_US
    assert recording.signals(speed=7).end_us == 17_142_858
    assert recording.signals(speed=Fraction(1, 2)).end_us == 240 * SECOND_US


def test_a_meter_integrates_a_recording(write):
    signals = Completed(Recording(write(GOOD)).signals())
    at_end = signals.value("energy_import", 180 * SECOND_US)
    assert at_end == (Fraction(4216) + 5360) / 60_000
    assert signals.value("energy_export", 180 * SECOND_US) == Fraction(50, 60_000)


def test_bad_rows_are_named_by_kind_with_their_first_line(write):
    recording = Recording(
        write(
            "time,voltage,current\n"
            "10,230,1\n"
            "20,2x0,1\n"
            "30,NaN,1\n"
            "30,231,2\n"
            "25,230,1\n"
            "noon,230,1\n"
            "40,,1\n"
            "\n"
            "50,12345678901234567890,1\n"
            "60,232\n"
        )
    )
    assert [recording.value("voltage", row) for row in range(recording.rows)] == [230] * 2 + [231]
    assert {kind: (bad.count, bad.line) for kind, bad in recording.problems.items()} == {
        "no number": (2, 3),
        "late row": (1, 6),
        "no time": (1, 7),
        "empty cell": (1, 8),
        "too many digits": (1, 10),
        "cut row": (1, 11),
    }
    assert recording.skipped == 6
    path = recording.path
    assert recording.summary() == [
        f"{path}:3: column 'voltage' has '2x0', not a number; skipped (the first of 2 like it)",
        f"{path}:6: the row of 25 comes after later ones; it is put in its place",
        f"{path}:7: 'noon' is not a time; skipped",
        f"{path}:8: column 'voltage' {EMPTY}; skipped",
        f"{path}:10: column 'voltage' has too many digits; skipped",
        f"{path}:11: the row has 2 of 3 columns; skipped",
    ]


def test_a_file_without_a_usable_row_is_an_error(write):
    path = write("time,voltage\n1,?\n2,?\n")
    assert failure(path).splitlines() == [
        f"{path}: no row can be used",
        f"{path}:2: column 'voltage' has '?', not a number; skipped (the first of 2 like it)",
    ]
    assert failure(write("")).endswith("the file is empty")


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    assert failure(tmp_path / "none.csv").endswith("none.csv: No such file or directory")
    assert "cannot read column map" in failure(tmp_path / "none.csv", tmp_path / "none.toml")


def test_the_household_plays_as_it_was_recorded():
    if not HOUSEHOLD.exists():
        pytest.skip("no shared recordings")
    recording = Recording(HOUSEHOLD)
    assert recording.column_map.name == "household_1phase.toml"
    assert (recording.rows, recording.skipped, recording.step_s) == (37283, 0, 60)
    signals = recording.signals()
    lines = HOUSEHOLD.read_text().splitlines()[1:]
    for row in range(0, recording.rows, 97):
        time_us = recording.times[row] - recording.times[0]
        kilowatts, kilovars, volts, amperes = map(Decimal, lines[row].split(";")[2:6])
        assert signals.value("power_active_total", time_us) == kilowatts * 1000
        assert signals.value("power_reactive_total", time_us) == kilovars * 1000
        assert signals.value("voltage", time_us) == volts
        assert signals.value("current", time_us + 59_999_999) == amperes


def test_what_a_replay_published_is_a_recording(write):
    text = "time,device,channel,value,quality,kind,seq,boot\n"
    text += "".join(
        f"2026-03-01T10:00:0{at // 2}.000Z,meter,{name},{at},good,data,{at},1\n"
        for at, name in enumerate(["voltage_l1", "current_l1"] * 3)
    )
    recording = Recording(write(text))
    assert [recording.value("voltage_l1", row) for row in range(3)] == [0, 2, 4]
    assert (recording.rows, recording.problems) == (3, {})
