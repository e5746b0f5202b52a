"""What a site will need of memory is foretold, and told before it is on a board."""

import pytest

from host_tools import cli, interpreter
from host_tools.heap_estimate import ERROR, Estimate, needed, plan_for
from host_tools.heap_need import does_its_work
from host_tools.paths import PROJECT
from host_tools.site import load_site
from meter_site import meter_site

PLAIN, WITH_PSRAM = "lilygo-t-can485", "waveshare-esp32-s3-rs485-can"
DEVICE = """
[[gateway.g1.device]]
id = "m{0}"
profile = "eastron-sdm630"
bus = "rs485"
address = {0}
every = "1min"
"""
CALIBRATED = ("press", "household", "four-meters", "inputs", "smart-meter")


@pytest.fixture(autouse=True)
def chip_like():
    found = interpreter.find_or_none()
    if not found or not found.is_chip_like:
        pytest.skip("no 32-bit MicroPython on this machine: heap checks are skipped")


@pytest.mark.parametrize("example", CALIBRATED)
def test_the_estimate_is_within_its_error(example):
    site = load_site(PROJECT / "examples" / example / "site.toml")
    plan = plan_for(site, site.gateways[0])
    foretold = needed(plan)
    assert does_its_work(plan, foretold + ERROR)
    assert not does_its_work(plan, foretold - ERROR)


def large_site(folder, board):
    """The path of a site of twelve meters, most channels of each."""
    site = meter_site(board, "", "voltage_l1") + "".join(map(DEVICE.format, range(20, 31)))
    (folder / "site.toml").write_text(site)
    return str(folder / "site.toml")


def test_a_site_that_a_board_cannot_hold_is_told_with_what_to_do(tmp_path, capsys):
    path = large_site(tmp_path, PLAIN)
    assert cli.main(["config", "check", path]) == 0
    good, warning = capsys.readouterr().out.splitlines()
    foretold = Estimate.of(load_site(path), "g1")
    assert f"; {foretold.phrase()}; configuration " in good
    assert f"memory about {round(foretold.needed / 1024)} KB of 110 KB" == foretold.phrase()
    assert warning.startswith(f"{path}: g1 is too large for its board: it needs about ")
    assert f"KB of memory, and a {PLAIN} has 110 KB. Leave out devices" in warning
    assert f"take a board with PSRAM (espressif-esp32-devkitc-ve, {WITH_PSRAM})" in warning
    assert f"`limen size --site {path}` measures it" in warning


@pytest.mark.parametrize("command", [["flash", "--gateway", "g1"], ["station"]])
def test_it_is_told_before_a_board_is_written(command, tmp_path, capsys):
    path = large_site(tmp_path, PLAIN)
    (tmp_path / "secrets.toml").write_text('[wifi]\nssid = "hall"\npassword = "a long one"\n')
    assert cli.main([*command, "--site", path, "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "g1 is too large for its board: it needs about " in told
    assert told.index("too large") < told.index("Nothing was written")


def test_a_board_with_psram_holds_it(tmp_path, capsys):
    path = large_site(tmp_path, WITH_PSRAM)
    assert cli.main(["config", "check", path]) == 0
    (good,) = capsys.readouterr().out.splitlines()
    assert " KB; configuration " in good
    assert cli.main(["size", "--site", path]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[-2:] == ["PSRAM", "fits"]


def test_what_a_site_needs_is_measured_with_what_leaving_out_saves(tmp_path, capsys):
    assert cli.main(["size", "--site", large_site(tmp_path, PLAIN)]) == 1
    head, gateway, *parts, advice = capsys.readouterr().out.splitlines()
    assert head.split() == ["gateway", "needed", "board", "has"]
    assert gateway.split()[0] == "g1" and gateway.endswith("110 KB  too large")
    assert [part.split()[:3] for part in parts].count(["without", "device", "m20"]) == 1
    assert len(parts) == 12
    assert advice.startswith("Leave out devices")
    assert cli.main(["size", "--site", str(PROJECT / "examples/press")]) == 0
    assert capsys.readouterr().out.splitlines()[1].endswith("110 KB  fits")
