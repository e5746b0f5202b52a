"""A recording in the long form, from an export to what a gateway publishes of it."""

import csv

import pytest

from host_tools import cli, interpreter

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

POWER = {0: 1500, 20: 1600, 90: 1700, 130: 1800}
VOLTS = {30: 230, 70: None, 100: 231}
COLUMNS = "sensor.power=main.power_active_total [W]", "sensor.volts=main.voltage"


def export(folder):
    """A history of Home Assistant, a name after the other, at 0.6 s of each second."""
    path = folder / "history.csv"
    rows = [("sensor.power", value, second) for second, value in POWER.items()]
    rows += [("sensor.volts", value or "unavailable", at) for at, value in VOLTS.items()]
    lines = [
        f"{name},{value},2026-03-02T05:{second // 60:02}:{second % 60:02}.600Z"
        for name, value, second in rows
    ]
    path.write_text("\n".join(["entity_id,state,last_changed", *lines]) + "\n")
    return path


def test_an_export_is_drafted_and_played_at_its_own_times(tmp_path, capsys):
    site, out = tmp_path / "site.toml", tmp_path / "out.csv"
    given = ["--recording", str(export(tmp_path))]
    for column in COLUMNS:
        given += ["--column", column]
    assert cli.main(["draft", *given, "--out", str(site)]) == 0
    command = ["replay", *given, "--site", str(site), "--every", "1s", "--out", str(out)]
    assert cli.main(command) == 0
    assert "'sensor.volts' has 'unavailable', no value; its device is silent" in " ".join(
        capsys.readouterr().out.split()
    )
    told = {"power_active_total": POWER, "voltage": VOLTS}
    values = 0
    for row in csv.DictReader(out.open()):
        if row["kind"] == "data" and row["channel"] in told and row["time"]:
            second = 60 * int(row["time"][14:16]) + float(row["time"][17:23]) - 0.6
            before = [at for at in told[row["channel"]] if at <= second]
            if row["value"] and not any(abs(second - at) < 1 for at in (*POWER, *VOLTS)):
                assert float(row["value"]) == told[row["channel"]][max(before)]
                values += 1
    assert values > 100
