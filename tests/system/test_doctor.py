"""The doctor on a board, and from a line that nobody knows to a gateway that reads it."""

import argparse
import io

import pytest
from rich.console import Console

from host_tools.doctor import Visit, add_arguments
from host_tools.doctor_candidates import load_candidate
from host_tools.emulation.line import Framing, Line
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.signals import Constant
from host_tools.gateway_image import configuration_files
from host_tools.image import library_files
from host_tools.profile import PROFILES, profile_names
from host_tools.site import load_site
from host_tools.site_command import add_arguments as add_site_arguments
from host_tools.site_command import run as run_site
from host_tools.world import Listeners, World, add_model_broker, plan_of_site
from map_meter import MAPS, VirtualCarrier, measured, meter_of
from small_board import VirtualRun

pytestmark = pytest.mark.skipif(not MAPS, reason="the register maps are not on this machine")

SECOND_US = 1_000_000
METERS = {
    3: ("orno_we516_517", Framing(9600, 8, "E"), 45),
    17: ("carlogavazzi_em340", Framing(19200), 30),
    5: ("eastron_sdm120", Framing(2400), 60),
}
"""Address → model, framing and turnaround in ms: what hangs on the line."""
SITE = """\
[site]
id = "hall-2"

[mqtt]
host = "broker.local"

[gateway.press-07]
board = "lilygo-t-can485"

[[gateway.press-07.bus]]
id = "rs485"
kind = "modbus-rtu"
baud = 9600

[[gateway.press-07.device]]
id = "main-meter"
profile = "janitza-umg96-bseries"
bus = "rs485"
address = 1

[[gateway.press-07.device]]
id = "sub-meter"
profile = "chint-dtsu666"
bus = "rs485"
address = 4

[[gateway.press-07.device]]
id = "dead-meter"
profile = "chint-dtsu666"
bus = "rs485"
address = 5
"""


def parsed(parser_of, *words):
    parser = argparse.ArgumentParser()
    parser_of(parser)
    return parser.parse_args(words)


def hang(line):
    for address, (key, framing, turnaround_ms) in METERS.items():
        meter_of(line, address, key, framing, turnaround_ms=turnaround_ms)


def write_site_of_the_line(path):
    """Let the doctor examine a line with the three meters; returns what it said."""
    line = Line(VirtualScheduler())
    hang(line)
    output = io.StringIO()
    candidates = [load_candidate(PROFILES / f"{name}.toml") for name in profile_names()]
    visit = Visit(VirtualCarrier(line), candidates, Console(file=output, width=200))
    args = parsed(add_arguments, "--port", "x", "--write", str(path))
    assert visit.run(args, None, set()) == 0
    return output.getvalue()


class LineWorld(World):
    """A gateway at a line with the three meters."""

    def _meter(self, device):
        key, framing, turnaround_ms = METERS[device["address"]]
        line = self.lines[device["bus"]]
        return meter_of(line, device["address"], key, framing, turnaround_ms=turnaround_ms)


def test_three_unknown_meters_become_a_site_file_that_runs(tmp_path, capsys):
    path = tmp_path / "site.toml"
    said = write_site_of_the_line(path)
    assert f"Wrote 3 devices into {path}, which is good." in said
    assert run_site(parsed(add_site_arguments, "check", str(path))) == 0
    assert "gateway-1 is good: buses 1, devices 3, " in capsys.readouterr().out
    (tmp_path / "secrets.toml").write_text('[wifi]\nssid = "hall"\npassword = "12345678"\n')
    plan = plan_of_site(path, None, Constant(), 0)
    plan.write_flash(tmp_path / "flash.bin")
    scheduler, exits = VirtualScheduler(), []
    world = LineWorld(scheduler, plan, tmp_path / "flash.bin", Listeners(on_exit=exits.append))
    add_model_broker(world)
    world.board.start()
    scheduler.run_until(60 * SECOND_US)
    world.close()
    assert exits == []
    check_values(world, plan)


def check_values(world, plan):
    """Every channel of every meter has arrived often, never bad, and as the meter measures it."""
    for device in plan.config["device"]:
        for channel in device["channel"]:
            newest = world.gateway.newest[device["id"], channel["name"]]
            assert newest.record.quality == 0
            assert newest.count >= 20
            step = 10.0 ** -channel["places"]
            assert float(newest.value) == pytest.approx(float(measured(channel["name"])), abs=step)
    errors = world.gateway.diag.counters["bus"]["rs485"]
    assert {name: errors[name] for name in ("timeout", "bad_crc", "garbage", "short")} == {
        "timeout": 0,
        "bad_crc": 0,
        "garbage": 0,
        "short": 0,
    }


PROGRAM = """
import gc
from limen.service import doctor
gc.collect()
print("heap", gc.mem_alloc())
doctor.main()
"""


def test_a_board_examines_its_own_line(tmp_path):
    (tmp_path / "site.toml").write_text(SITE)
    compact = load_site(tmp_path / "site.toml").compile("press-07")
    files = {"/lib/" + name: content for name, content in library_files().items()}
    files |= configuration_files(compact)
    scheduler = VirtualScheduler()
    line = Line(scheduler)
    shifted = meter_of(line, 1, "janitza_umg96_bseries", Framing(9600))
    shifted.cells = {address + 1: word for address, word in shifted.cells.items()}
    meter_of(line, 4, "chint_dtsu666", Framing(9600), turnaround_ms=35)
    meter_of(line, 33, "finder_7m38", Framing(19200))
    with VirtualRun(tmp_path, PROGRAM, scheduler, files, lines={1: line}) as run:
        said = run.run_for(90)
    assert said[1].startswith("Searching; at most ")
    assert "Address 1 at 9600 8N1: nearly main-meter" in said
    assert any("at register n lies at n + 1" in sentence for sentence in said)
    assert "Address 4 at 9600 8N1: answers like sub-meter (sub-meter)" in said
    assert "Address 33 at 19200 8N1: a device that no profile fits" in said
    assert said[-1] == "Address 5: dead-meter does not answer."
