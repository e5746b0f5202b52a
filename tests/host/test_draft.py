"""`limen draft`: a site whose devices measure what a recording has, whatever that is."""

import pytest

from host_tools.draft import draft
from host_tools.emulation.recording import Recording
from host_tools.emulation.signals import Constant
from host_tools.errors import ToolError
from host_tools.gateway_image import SECRETS, gateway_files
from host_tools.plan import plan_of_site
from host_tools.site import load_site

ALL = {
    "plant.power_active_total [kW]": "eastron-sdm630",
    "plant.voltage_l2": "eastron-sdm630",
    "flat.voltage": "eastron-sdm120",
    "oil.temperature": "maxim-ds18b20",
    "hall.temperature": "sensirion-sht3x",
    "hall.humidity": "sensirion-sht3x",
    "shaft.vibration_acceleration": "analogdevices-adxl345",
    "door.digital_input": "digital-input",
    "water.volume_water": "pulse-input",
    "tank.pressure": "ti-ads1115",
}
"""heading → the profile of its device"""


def recording_of(folder, headings, *rows):
    path = folder / "rows.csv"
    lines = [f"{60 * at}," + ",".join(row) for at, row in enumerate(rows)]
    path.write_text("\n".join(["time," + ",".join(headings), *lines]) + "\n")
    return Recording(path)


def test_each_device_gets_a_profile_that_measures_its_columns(tmp_path):
    rows = (["1"] * len(ALL), ["2"] * len(ALL))
    (tmp_path / "site.toml").write_text(draft(recording_of(tmp_path, ALL, *rows)))
    (tmp_path / "secrets.toml").write_text('[wifi]\nssid = "h"\npassword = "12345678"\n')
    site = load_site(tmp_path / "site.toml")
    assert site.gateways == ["draft"]
    config = site.compile("draft")
    devices = site.file.data["gateway"]["draft"]["device"]
    profiles = {device["id"]: device["profile"] for device in devices}
    assert profiles == {heading.partition(".")[0]: profile for heading, profile in ALL.items()}
    channels = {
        f"{device['id']}.{channel['name']}"
        for device in config["device"]
        for channel in device["channel"]
    }
    assert {heading.partition(" ")[0] for heading in ALL} <= channels
    assert {device["every"] for device in devices} == {"1min"}


@pytest.mark.parametrize(
    ("times", "every"),
    [("0,0.0004", "10ms"), ("0,0.5", "500ms"), ("0,864000", "6d"), ("0", "1s")],
)
def test_a_draft_reads_as_often_as_a_site_may_say(times, every, tmp_path):
    path = tmp_path / "rows.csv"
    rows = "".join(f"{time},{at}\n" for at, time in enumerate(times.split(",")))
    path.write_text("time [s],voltage\n" + rows)
    assert f'every = "{every}"' in draft(Recording(path))


def test_a_transmitter_reaches_beyond_what_was_recorded(tmp_path):
    text = draft(recording_of(tmp_path, ["pressure"], ["-0.3"], ["9.8"]))
    assert 'from = "-1 bar"\nto = "10 bar"' in text


def test_without_names_each_kind_of_column_makes_a_device(tmp_path):
    headings = ["power_active_total", "voltage", "temperature"]
    text = draft(recording_of(tmp_path, headings, ["1", "230", "20"]))
    named = [line for line in text.splitlines() if line.startswith("id = ")]
    assert named[1:] == [f'id = "{name}"' for name in ("line", "wire", "meter", "temperature")]


def test_what_nothing_measures_is_told(tmp_path):
    headings = ["a.pressure", "a.temperature", "b.machine_state"]
    with pytest.raises(ToolError) as caught:
        draft(recording_of(tmp_path, headings, ["1", "2", "3"]))
    assert [
        line.split(": ", 1)[1].partition(":")[0] for line in str(caught.value).splitlines()
    ] == [
        "no device measures pressure and temperature for 'a'",
        "no device measures machine_state for 'b'",
    ]


def test_where_pins_run_out_the_device_is_named(tmp_path):
    headings = [f"d{at}.digital_input" for at in range(40)]
    with pytest.raises(ToolError, match="no pin or address of the board is left for 'd14'"):
        draft(recording_of(tmp_path, headings, ["0"] * 40))


def test_a_drafted_site_is_played_without_secrets_and_not_flashed(tmp_path):
    site = tmp_path / "site.toml"
    site.write_text(draft(recording_of(tmp_path, ["voltage"], ["230"], ["231"])))
    assert b'"ssid": "emulated"' in plan_of_site(site, None, Constant(), 0).files[SECRETS]
    with pytest.raises(ToolError, match="secrets.toml is missing"):
        gateway_files(load_site(site), "draft")
