"""What a report says of real recordings, beside what pandas makes of recording and messages."""

import contextlib
import io
import re

import pandas
import pytest

from host_tools import cli, interpreter
from host_tools.paths import PROJECT

DATA = PROJECT / "../shared/data"
SECRETS = '[wifi]\nssid = "h"\npassword = "12345678"\n'
ROWS = {"steel_industry": 30, "opsd_counters": 4}
"""How many rows are played, where they are not 60."""

MAPS = {
    "metropt2_compressor": """
[time]
columns = ["timestamp"]
timezone = "Europe/Lisbon"
[columns]
Reservoirs = { device = "reservoirs", quantity = "pressure" }
TP3 = { device = "panel", quantity = "pressure" }
""",
    "opsd_counters": """
[time]
columns = ["utc_timestamp"]
[columns]
DE_KN_residential4_grid_import = { device = "grid", quantity = "energy_import" }
DE_KN_residential4_grid_export = { device = "grid", quantity = "energy_export" }
DE_KN_residential4_pv = { device = "pv", quantity = "energy_import" }
""",
}
"""Of which columns a site is drafted, where not of all."""

CASES = {
    "household_1phase/household_power_consumption_37k.txt": (
        700,
        ";",
        {
            "meter.power_active_total": ("Global_active_power", 1000, 0),
            "meter.voltage": ("Voltage", 1, 0),
        },
    ),
    "steel_industry/Steel_industry_data.csv": (
        12_000,
        ",",
        {"meter.power_active_total": ("Usage_kWh", 4000, 0)},
    ),
    "opsd_counters/household_data_60min_singleindex.csv": (
        4_037,
        ",",
        {
            "grid.energy_import": ("DE_KN_residential4_grid_import", 1, 0),
            "grid.energy_export": ("DE_KN_residential4_grid_export", 1, 0),
            "pv.energy_import": ("DE_KN_residential4_pv", 1, 0),
        },
    ),
    "metropt2_compressor/metropt2_1000s.csv": (
        0,
        ",",
        {
            "reservoirs.pressure": ("Reservoirs", 1, 0.002),
            "panel.pressure": ("TP3", 1, 0.002),
        },
    ),
}
"""file → (first row, separator, {device.channel: (column, factor, how exactly its part serves)})"""

pytestmark = [
    pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data"),
    pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython"),
]


def run(*words):
    assert cli.main([*map(str, words)]) == 0


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    """(rows, published, the report's table, the channels, the messages a day that were promised) of
    a slice through a tuned site.
    """
    first, separator, channels = CASES[request.param]
    tmp_path = tmp_path_factory.mktemp("case")
    lines = (DATA / request.param).read_text("utf-8-sig").splitlines()
    count = ROWS.get(request.param.partition("/")[0], 60)
    used = [lines[0], *lines[1 + first : 1 + first + count]]
    recording = tmp_path / "slice.csv"
    recording.write_text("\n".join(used) + "\n")
    (tmp_path / "secrets.toml").write_text(SECRETS)
    words = ["--recording", recording]
    if column_map := MAPS.get(request.param.partition("/")[0]):
        (tmp_path / "map.toml").write_text(column_map)
        words += ["--map", tmp_path / "map.toml"]
    site, tuned = tmp_path / "site.toml", tmp_path / "tuned.toml"
    run("draft", *words, "--out", site)
    if "household_1phase" in request.param:
        site.write_text(site.read_text() + "channels.energy_import = {}\n")
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        run("tune", *words, "--site", site, "--error", "10 %", "--out", tuned)
    promised = int(told.getvalue().split(" messages a day with data")[0].split()[-1])
    out, page = tmp_path / "published.csv", tmp_path / "report.html"
    run("replay", *words, "--site", tuned, "--out", out, "--report", page)
    rows = pandas.read_csv(recording, sep=separator)
    published = pandas.read_csv(out)
    published = published[published["kind"] == "data"]
    published["time"] = pandas.to_datetime(published["time"])
    return rows, published.sort_values("time"), table_of(page), channels, promised


def table_of(page):
    """{device.channel: (read, published, largest error)} as the page has them."""
    text = page.read_text()
    text = text[text.index("<h2>Channels</h2>") : text.index("<h2>Measured and published</h2>")]
    told, device = {}, None
    for row in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
        if len(cells) == 1:
            device = re.sub("<.*?>", "", cells[0])
        elif len(cells) == 7:
            error = float(cells[2].split()[0])
            told[f"{device}.{cells[0]}"] = int(cells[5]), int(cells[6]), error
    return told


def times_of(rows):
    """When each row begins, in UTC."""
    if "Date" in rows:
        local = pandas.to_datetime(rows["Date"] + rows["Time"], format="%d/%m/%Y%H:%M:%S")
        return local.dt.tz_localize("Europe/Paris").dt.tz_convert("UTC")
    if "utc_timestamp" in rows:
        return pandas.to_datetime(rows["utc_timestamp"])
    if "date" in rows:
        local = pandas.to_datetime(rows["date"], format="%d/%m/%Y %H:%M")
        return local.dt.tz_localize("Asia/Seoul").dt.tz_convert("UTC")
    return (
        pandas.to_datetime(rows["timestamp"]).dt.tz_localize("Europe/Lisbon").dt.tz_convert("UTC")
    )


def test_the_reports_numbers_are_those_of_pandas(case):
    rows, published, told, channels, _ = case
    rows = rows.assign(time=times_of(rows))
    rows = rows[
        rows["time"]
        > rows["time"].cummax().shift(fill_value=rows["time"][0] - pandas.Timedelta("1s"))
    ]
    last = rows["time"].iloc[-1]
    for name, (column, factor, grain) in channels.items():
        device, channel = name.split(".")
        points = published[(published["device"] == device) & (published["channel"] == channel)]
        read, count, largest = told[name]
        assert count == len(points)
        assert len(rows) - 3 <= read <= len(rows)  # rows pass while the gateway starts
        truth = rows[["time"]].assign(truth=rows[column] * factor)
        right = pandas.merge_asof(points, truth, on="time")
        step = 0.5 * 10 ** -len(points["value"].iloc[0:1].astype(str).iloc[0].partition(".")[2])
        assert ((right["value"] - right["truth"]).abs() <= step + grain).all()
        ends = truth["time"].shift(-1, fill_value=last + pandas.Timedelta("10s"))
        held = pandas.merge_asof(
            truth.assign(time=ends - pandas.Timedelta("1ms")), points, on="time"
        )
        error = (held["truth"] - held["value"]).abs().max()
        assert largest == pytest.approx(error, abs=2 * step + grain)
        assert largest <= 0.1 * (truth["truth"].max() - truth["truth"].min()) + 2 * step + grain
        assert abs(held["truth"].mean() - held["value"].mean()) <= largest + step


def test_the_energy_is_the_integral_of_the_recorded_power(case):
    rows, published, *_ = case
    energies = published[published["channel"] == "energy_import"]
    if energies.empty or "Global_active_power" not in rows:
        pytest.skip("this recording does not have a meter with both power and counter")
    times, watts = times_of(rows), rows["Global_active_power"] * 1000
    end = energies["time"].iloc[-1]
    hours = times.shift(-1).fillna(end).clip(upper=end).sub(times).dt.total_seconds() / 3600
    begin = energies["value"].iloc[0]
    used = float((watts * hours.clip(lower=0)).sum()) / 1000
    assert energies["value"].iloc[-1] - begin == pytest.approx(used, abs=0.02)


def test_as_many_messages_come_as_tune_has_promised(case):
    rows, published, _, channels, promised = case
    days = (times_of(rows).max() - times_of(rows).min()) / pandas.Timedelta("1D")
    devices = {name.partition(".")[0] for name in channels}
    tuned = published[published["device"].isin(devices)]
    messages = len(tuned[["time", "device"]].drop_duplicates())
    assert messages == pytest.approx(promised * days, abs=3)
