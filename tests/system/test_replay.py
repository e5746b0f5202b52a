"""`limen replay`: a recording comes out as it went in, the same every time."""

import csv

import pytest

from host_tools import cli
from host_tools.replay import Program
from host_tools.run_csv import COLUMNS, iso_time

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


HOUSE = """\
time,grid.power_active_total [kW],boiler.temperature
2006-12-16T17:24:00Z,1.5,55
2006-12-16T17:25:00Z,1.5,56.5
2006-12-16T17:26:00Z,2.25,56.5
"""


def test_an_old_recording_of_several_devices_plays_through_a_drafted_site(tmp_path, capsys):
    recording, site = tmp_path / "house.csv", tmp_path / "site.toml"
    recording.write_text(HOUSE)
    (tmp_path / "secrets.toml").write_text('[wifi]\nssid = "h"\npassword = "12345678"\n')
    assert cli.main(["draft", "--recording", str(recording), "--out", str(site)]) == 0
    status, published = replay(recording, tmp_path / "one.csv", "--site", str(site))
    told = " ".join(capsys.readouterr().out.split())
    assert status == 0, told
    assert "weeks later, as it believes no time before 2026" in told
    assert "Peak heap" in told and " of 224 KB" in told
    rows = list(csv.DictReader(published.decode().splitlines()))
    values = [(row["time"][:16], row["device"], float(row["value"])) for row in rows
              if row["kind"] == "data"]  # fmt: skip
    assert [values.index(one) > 0 for one in (
        ("2006-12-16T17:26", "grid", 2250), ("2006-12-16T17:25", "boiler", 56.5),
    )] == [True, True]  # fmt: skip
    assert values[0][:2] == ("2006-12-16T17:24", "grid") and values[0][2] == 1500


def test_a_time_is_put_off_by_whole_weeks_until_it_is_believed():
    for begin_s in (0, 1_166_289_840, 1_767_225_599, 1_767_225_600, 1_900_000_000):
        program = Program.since(None, begin_s, 1)
        assert program.start_utc_s - begin_s == program.later_s
        assert program.later_s % (7 * 86_400) == 0
        assert program.start_utc_s >= 1_767_225_600
        assert program.later_s == 0 or program.start_utc_s < 1_767_225_600 + 370 * 86_400


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


@pytest.mark.parametrize(
    ("every", "told"),
    [
        ("soon", '"soon" does not begin with a number'),
        ("0s", "must be 10ms to 6d, not 0s"),
        ("-5s", "must be 10ms to 6d, not -5s"),
        ("7d", "must be 10ms to 6d, not 7d"),
        ("", '"" does not begin with a number'),
    ],
)
def test_a_wrong_period_is_one_sentence(recording, capsys, every, told):
    assert cli.main(["replay", "--recording", str(recording), f"--every={every}"]) == 2
    assert capsys.readouterr().err == f"limen replay: --every: {told}\n"
    assert cli.main(["replay", "--world", "press-shop", f"--every={every}"]) == 2
    assert capsys.readouterr().err == f"limen replay: --every: {told}\n"


def test_a_world_of_no_time_is_none(capsys):
    assert cli.main(["replay", "--world", "press-shop", "--for", "0s"]) == 2
    assert capsys.readouterr().err == "limen replay: --for: must be more than 0, not 0s\n"


def test_times_are_written_to_the_millisecond():
    assert iso_time(1_767_225_600_007) == "2026-01-01T00:00:00.007Z"
    assert iso_time(None) == ""
