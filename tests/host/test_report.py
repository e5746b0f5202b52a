"""The report of a replay: what its page says, and that thinning hides no peak."""

import dataclasses
from decimal import Decimal

import pytest

from host_tools import cli
from host_tools.errors import ToolError
from host_tools.report.page import Price, Rate
from host_tools.report.story import Series, Traffic, thin


def series(values):
    return Series(list(range(len(values))), [None if v is None else Decimal(v) for v in values])


def test_a_short_series_is_drawn_whole():
    short = series([1, None, -3])
    assert thin(short, most=10) is short


def test_thinning_keeps_every_peak_and_every_gap():
    values = [0] * 10_000
    values[4321], values[4322], values[7000] = 99, -98, None
    thinned = thin(series(values), most=100)
    assert len(thinned.t_ms) <= 100
    points = dict(zip(thinned.t_ms, thinned.values, strict=True))
    assert (points[4321], points[4322], points[7000]) == (99, -98, None)
    assert (thinned.t_ms[0], thinned.t_ms[-1]) == (0, 9999)
    assert thinned.t_ms == sorted(set(thinned.t_ms))


def test_a_stretch_without_any_value_stays_a_gap():
    thinned = thin(series([None] * 1000), most=50)
    assert set(thinned.values) == {None}


def test_the_cost_of_a_month_is_that_of_its_bytes():
    traffic = Traffic(96, last_values=60, mqtt_bytes=920_000, segments=1000)
    rate = Rate(traffic, Decimal("0.5"), Price.parse("0.4 EUR"))
    assert (rate.messages_a_day, rate.last_values_a_day) == (192, 120)
    assert rate.mqtt_megabytes_a_month == Decimal("56.00")
    assert rate.megabytes_a_month == Decimal("60.88")
    assert rate.cost_a_month == "24.35 EUR"
    assert dataclasses.replace(traffic, is_encrypted=True).bytes == 1_029_000


@pytest.mark.parametrize("text", ["", "0.4", "EUR 0.4", "-1 EUR", "NaN EUR", "Infinity EUR"])
def test_a_price_that_is_none_is_refused(text):
    with pytest.raises(ToolError, match="write an amount per MB"):
        Price.parse(text)


def test_the_page_of_a_replay_shows_channels_events_and_needs_no_network(tmp_path, capsys):
    recording = tmp_path / "recording.csv"
    rows = ["100", "46000", "46000", "100"]
    lines = [f"2026-03-01T23:{50 + at}:00Z,{row}\n" for at, row in enumerate(rows)]
    recording.write_text("time,power_active_total [W]\n" + "".join(lines))
    page = tmp_path / "report.html"
    words = ["replay", "--recording", str(recording), "--meter", "sdm630"]
    assert cli.main([*words, "--report", str(page), "--price", "0.4 EUR"]) == 0
    assert f"The report is in {page}." in " ".join(capsys.readouterr().out.split())
    text = page.read_text()
    body = text[text.index("<body>") :]
    assert "hall-2/press-07" in body
    assert "Replay of recording.csv with press/site.toml, from 2026-03-01 23:50:00 UTC" in body
    assert "alarm main-meter.power_active_total high raised at 46000.0 W" in body
    assert "<td>power_active_total</td>" in body
    assert "EUR</b> a month" in body
    assert '<script src="' not in text
    assert "<link" not in text
