"""`limen tune`: thresholds that give what they promise when the gateway itself is replayed."""

import dataclasses
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from host_tools import cli, tuning
from host_tools.paths import PROJECT
from host_tools.tune import tuned
from host_tools.tuning import Column, Trial, try_deadbands, try_share

SITE = PROJECT / "examples/household/site.toml"


def column(counts, rule=(0, 0, 0, 0), name="voltage", fixed=False):
    times_ms = [60_000 * row for row in range(len(counts))]
    return Column("meter", name, "V", 1, rule, times_ms, counts, fixed)


def test_a_trial_publishes_what_the_firmwares_filter_would():
    trial = try_deadbands([column([2300, 2304, 2306, 2301, 2300])], [5])
    (outcome,) = trial.outcomes
    assert outcome.published_ms == [0, 120_000, 240_000]
    assert outcome.largest_error == 5
    assert trial.messages == 3
    assert trial.reduction == Decimal("40.0")


def test_what_is_read_together_is_one_message():
    trial = try_deadbands([column([0, 9, 0]), column([0, 9, 9], name="current")], [1, 1])
    assert trial.messages == 3


def test_the_last_row_holds_as_long_as_others():
    assert try_share([column([1, 2, 3])], Decimal("0.01")).messages_a_day == 1440


def test_a_deadband_is_written_with_two_digits_and_never_wider_than_asked():
    wide = column([0, 51_221])
    assert wide.deadband(Decimal("0.01")) == 510
    assert wide.deadband(Decimal("0.0001")) == 5
    assert wide.text(510) == "51 V"
    assert column([-7, -3]).deadband(Decimal(1)) == 4


def test_a_share_of_a_counter_is_of_what_it_counts_in_a_day():
    minutes = 10 * 1440
    counting = dataclasses.replace(column(range(minutes + 1)), kind="counter")
    assert counting.scope == 1440 and counting.deadband(Decimal("0.01")) == 14
    short = dataclasses.replace(column(range(60)), kind="counter")
    assert short.scope == 59


def test_each_change_of_a_state_is_published():
    switched = dataclasses.replace(column([0, 1, 1, 0]), kind="state")
    assert try_share([switched], Decimal(1)).messages == 3


def test_a_fixed_column_keeps_its_rule_with_its_percentage():
    (outcome,) = try_share([column([1000, 1050, 1120], (2, 1000, 0, 0), fixed=True)], 1).outcomes
    assert outcome.published_ms == [0, 120_000]


def test_the_smallest_share_that_keeps_to_a_budget_is_found():
    counts = [row % 7 * 10 for row in range(1440)]
    columns = [column(counts)]
    share = tuning.share_for(columns, 500)
    assert try_share(columns, share).messages_a_day <= 500
    assert try_share(columns, share - Decimal("0.0001")).messages_a_day > 500


def test_a_budget_below_the_heartbeat_cannot_be_kept_to():
    assert tuning.share_for([column([1] * 1440, (0, 0, 0, 600_000))], 100) is None


def test_the_site_file_gets_the_thresholds_and_keeps_all_else():
    text = SITE.read_text()
    outcome = tuning.Outcome(column([2300, 2310]), 7, [0], 0)
    changed = tuned(text, {"gateway": "flat-1"}, Trial([outcome], Decimal(1)))
    before, after = (one.splitlines() for one in (text, changed))
    differing = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert len(differing) == 1
    assert '"0.7 V"' in differing[0][1]
    tomllib.loads(changed)


def run(*words) -> int:
    return cli.main([*map(str, words)])


@pytest.fixture
def recording(tmp_path) -> Path:
    path = tmp_path / "day.csv"
    rows = [(2300 + row * 37 % 90, 100 + row * 53 % 400) for row in range(400)]
    lines = [
        f"{1_767_225_600 + 60 * row},{v / 10},{p},{p / 200},{p // 7}\n"
        for row, (v, p) in enumerate(rows)
    ]
    names = "voltage [V],power_active_total [W],current [A],power_reactive_total [var]"
    path.write_text(f"time,{names}\n" + "".join(lines))
    return path


@pytest.mark.parametrize("goal", [("--error", "5 %"), ("--messages", "700")])
def test_a_replay_of_the_tuned_site_keeps_the_promise(goal, recording, tmp_path, capsys):
    site = tmp_path / "site.toml"
    (tmp_path / "secrets.toml").write_text((SITE.parent / "secrets.toml").read_text())
    words = ("--recording", recording, "--site", SITE)
    assert run("tune", *words, *goal, "--out", site) == 0
    told = capsys.readouterr().out
    promised = int(told.split(" messages a day with data")[0].split()[-1])
    published = tmp_path / "published.csv"
    assert run("replay", "--recording", recording, "--site", site, "--out", published) == 0
    assert "Good." in capsys.readouterr().out
    rows = [line.split(",") for line in published.read_text().splitlines()[1:]]
    messages = len({row[6] for row in rows if row[5] == "data"})
    assert messages == pytest.approx(promised * 399 / 1440, abs=2)
    if goal[0] == "--messages":
        assert promised <= 700


def test_goals_that_make_no_sense_are_one_sentence(recording, capsys):
    assert run("tune", "--recording", recording, "--error", "plenty") == 2
    assert "write a percentage of the range" in capsys.readouterr().err
    assert run("tune", "--recording", recording, "--messages", "1") == 2
    assert "1 messages a day cannot be kept to" in capsys.readouterr().err
    recording.write_text("".join(recording.read_text().splitlines(True)[:2]))
    assert run("tune", "--recording", recording, "--error", "1 %") == 2
    assert "thresholds need more than one row, some time apart" in capsys.readouterr().err
