"""`limen diff`: two runs point by point, and golden runs as a regression test."""

import pytest

from host_tools import cli
from host_tools.comparison import compare
from host_tools.run_csv import Run

HEAD = "time,device,channel,value,quality,kind,seq,boot\n"
NIGHT = "2026-03-01T23:5"


def run_of(*rows: str) -> Run:
    return Run.of_text(HEAD + "".join(f"{row},1,1\n" for row in rows))


def comparison(before: Run, after: Run, within_ms: int = 1000):
    (one,) = compare(before, after, within_ms)
    return one


def voltage(time: str, value: str, quality: str = "good", kind: str = "data") -> str:
    return f"{NIGHT}{time}Z,meter,voltage,{value},{quality},{kind}"


def test_a_reading_some_milliseconds_later_is_the_same():
    one = comparison(run_of(voltage("0:00.000", "230.1")), run_of(voltage("0:00.007", "230.1")))
    assert one.is_same
    assert one.sentences() == []


def test_a_point_that_only_one_side_has_moves_no_other():
    before = run_of(voltage("0:00", "230"), voltage("1:00", "231"), voltage("2:00", "-4"))
    after = run_of(voltage("0:00", "230"), voltage("2:00", "-4"))
    one = comparison(before, after)
    assert (len(one.only_before), len(one.only_after), one.changed) == (1, 0, [])
    assert one.furthest_apart == 1
    assert one.sentences() == [
        "meter.voltage: only before: 231 (good, data) at 2026-03-01T23:51:00.000Z"
    ]


def test_another_value_another_quality_and_another_event_are_changes():
    before = run_of(
        voltage("0:00", "230"), voltage("1:00", "231"), voltage("2:00", "9", kind="reset")
    )
    after = run_of(voltage("0:00", "229.5"), voltage("1:00", "", "bad"), voltage("2:00", "9"))
    one = comparison(before, after)
    assert [(a.value, b.value) for a, b in one.changed] == [("230", "229.5"), ("231", "")]
    assert [point.kind for point in one.only_before] == ["reset"]
    assert one.furthest_apart == 222  # 231, still held before, and 9


def test_a_file_that_is_no_run_is_one_sentence(tmp_path, capsys):
    path = tmp_path / "golden.csv"
    path.write_text("time,voltage\n")
    assert cli.main(["diff", str(path), str(path)]) == 2
    assert f"{path} is not what `limen replay --out` writes" in capsys.readouterr().err


def test_a_site_needs_a_recording(capsys):
    assert cli.main(["diff", "examples/press", "examples/press"]) == 2
    assert "name a recording with --recording" in capsys.readouterr().err


def test_a_version_that_is_none_is_one_sentence(recording, tmp_path, capsys):
    words = ["examples/household", "--recording", str(recording)]
    assert cli.main(["diff", *words, "--firmware", "no-such-revision"]) == 2
    assert "'no-such-revision' is no folder, and no revision that git has" in (
        capsys.readouterr().err
    )
    assert cli.main(["diff", *words, "--firmware", str(tmp_path)]) == 2
    assert "is no folder of this project" in capsys.readouterr().err
    assert cli.main(["diff", *words]) == 2
    assert "Name AFTER" in capsys.readouterr().err
    assert cli.main(["diff", str(recording), *words[1:], "--firmware", "HEAD"]) == 2
    assert "is published already" in capsys.readouterr().err


OTHER = """
import pathlib, sys
words = dict(zip(sys.argv[2::2], sys.argv[3::2]))
rows = pathlib.Path(words["--recording"]).read_text().splitlines()[1:]
points = [row.replace(",", ",meter,voltage,") + "0,good,data,1,1" for row in rows[:3]]
head = "time,device,channel,value,quality,kind,seq,boot"
pathlib.Path(words["--out"]).write_text("\\n".join([head, *points]) + "\\n")
if words["--seed"] == "3":
    print("no more", file=sys.stderr)
    sys.exit(2)
"""
"""A version that publishes three rows as they are, with a zero more."""


def test_another_version_replays_by_itself(recording, tmp_path, capsys):
    tools = tmp_path / "other" / "host_tools"
    tools.mkdir(parents=True)
    for name, text in {"__init__": "", "replay": "", "__main__": OTHER}.items():
        (tools / f"{name}.py").write_text(text)
    golden = tmp_path / "golden.csv"
    golden.write_text(HEAD + f"{NIGHT}0:00Z,meter,voltage,230.100,good,data,1,1\n")
    words = ["diff", "examples/household", str(golden), "--recording", str(recording)]
    words += ["--firmware", str(tools.parent)]
    assert cli.main(words) == 1
    assert "meter.voltage: only before: 230.120 (good, data)" in capsys.readouterr().out
    assert cli.main([*words, "--seed", "3"]) == 2
    assert "other cannot replay this: no more" in capsys.readouterr().err


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "recording.csv"
    rows = ("230.10", "230.12", "229.5", "231", "-1.25")
    lines = [f"{NIGHT}{minute}:00Z,{row}\n" for minute, row in enumerate(rows)]
    path.write_text("time,voltage [V]\n" + "".join(lines))
    return path


def test_a_golden_run_is_met_again_and_another_filter_shows(recording, tmp_path, capsys):
    golden = tmp_path / "golden.csv"
    site = "examples/household/site.toml"
    words = ["--recording", str(recording)]
    assert cli.main(["replay", "--site", site, *words, "--out", str(golden)]) == 0
    assert cli.main(["diff", str(golden), site, *words]) == 0
    wider = tmp_path / "wider.toml"
    with open(site) as text:
        wider.write_text(text.read().replace('"0.5 V"', '"1 V"'))
    (tmp_path / "secrets.toml").write_text('[wifi]\nssid = "a"\npassword = ""\n')
    capsys.readouterr()
    assert cli.main(["diff", str(golden), str(wider), *words]) == 1
    out = capsys.readouterr().out
    assert "meter.voltage: only before: 229.50 (good, data)" in out
    assert "4 of 5 channels and alarms publish the same." in out
