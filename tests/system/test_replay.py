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


def test_a_wrong_period_is_one_sentence(recording, capsys):
    assert cli.main(["replay", "--recording", str(recording), "--every", "soon"]) == 2
    assert capsys.readouterr().err == 'limen replay: --every: "soon" does not begin with a number\n'


def test_times_are_written_to_the_millisecond():
    assert iso_time(1_767_225_600_007) == "2026-01-01T00:00:00.007Z"
    assert iso_time(None) == ""
