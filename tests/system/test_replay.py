"""`limen replay`: a recording comes out as it went in, the same every time."""

import csv

import pytest

from host_tools import cli
from host_tools.replay import COLUMNS, iso_time

ROWS = ["230.10", "230.12", "229.5", "229.5", "-1.25", "231"]


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "recording.csv"
    lines = [f"2026-03-01T23:5{minute}:00Z,{row}\n" for minute, row in enumerate(ROWS)]
    path.write_text("time,voltage [V]\n" + "".join(lines))
    return path


def replay(recording, out, *options):
    status = cli.main(["replay", "--recording", str(recording), "--out", str(out), *options])
    return status, out.read_bytes()


def test_every_change_beyond_the_deadband_comes_out_exactly_and_again(recording, tmp_path, capsys):
    status, published = replay(recording, tmp_path / "one.csv")
    assert status == 0
    rows = list(csv.DictReader(published.decode().splitlines()))
    assert tuple(rows[0]) == COLUMNS
    voltages = [(row["time"][:16], row["value"]) for row in rows if row["channel"] == "voltage"]
    assert voltages == [
        ("2026-03-01T23:50", "230.10"),
        ("2026-03-01T23:52", "229.50"),
        ("2026-03-01T23:54", "-1.25"),
        ("2026-03-01T23:55", "231.00"),
    ]
    assert {row["quality"] for row in rows} <= {"good", "uncertain"}
    assert "Lost 0 of " in capsys.readouterr().out
    assert replay(recording, tmp_path / "two.csv") == (0, published)


GAPPED = """
gap = "90s"
[time]
columns = ["time"]
[columns]
"voltage [V]" = { quantity = "voltage" }
"""


def test_where_the_recording_has_nothing_meters_are_silent(recording, tmp_path, capsys):
    column_map = tmp_path / "map.toml"
    column_map.write_text(GAPPED)
    text = recording.read_text()
    late = "2026-03-02T00:05:00Z,232\n2026-03-02T00:06:00Z,233\n2026-03-02T00:07:00Z,234\n"
    recording.write_text(text + late)
    status, published = replay(recording, tmp_path / "one.csv", "--map", str(column_map))
    assert status == 0, capsys.readouterr().out
    rows = list(csv.DictReader(published.decode().splitlines()))
    voltages = [(row["time"][:16], row["value"], row["quality"]) for row in rows
                if row["channel"] == "voltage"]  # fmt: skip
    gone = [when for when, value, quality in voltages if quality == "bad" and not value]
    assert gone and "2026-03-01T23:56" <= gone[0] < "2026-03-02T00:05"
    back = voltages[voltages.index((gone[-1], "", "bad")) + 1]
    assert "2026-03-02T00:05" <= back[0] and back[1:] == ("232.00", "good")


def test_strict_stops_at_anything_odd(recording, capsys):
    recording.write_text(recording.read_text() + "2026-03-01T23:56:00Z,NaN\n")
    assert cli.main(["replay", "--recording", str(recording), "--strict"]) == 2
    told = capsys.readouterr().err
    assert told == (
        f"limen replay: {recording}:8: column 'voltage [V]' has 'NaN', not a number; skipped\n"
    )


def test_a_wrong_period_is_one_sentence(recording, capsys):
    assert cli.main(["replay", "--recording", str(recording), "--every", "soon"]) == 2
    assert capsys.readouterr().err == 'limen replay: --every: "soon" does not begin with a number\n'


def test_times_are_written_to_the_millisecond():
    assert iso_time(1_767_225_600_007) == "2026-01-01T00:00:00.007Z"
    assert iso_time(None) == ""
