"""The doctor on a board, and from a line that nobody knows to a gateway that reads it."""

import argparse
import io
import json

import pytest
from rich.console import Console

from host_tools.config_command import add_arguments as add_config_arguments
from host_tools.config_command import run as run_config
from host_tools.doctor.candidates import load_candidate
from host_tools.doctor.command import Visit, add_arguments
from host_tools.emulation.board import Board
from host_tools.emulation.broker_model import BrokerModel
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.lan import Lan
from host_tools.emulation.line import Framing, Line
from host_tools.emulation.mqtt_packets import Publish
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.time_server import serve_time
from host_tools.gateway_image import gateway_files
from host_tools.image import build_image
from host_tools.profile import PROFILES, profile_names
from host_tools.site import load_site
from host_tools.subscriber import ALL_TOPICS, Subscriber
from map_meter import MAPS, VirtualCarrier, measured, meter_of

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
SECRETS = '[wifi]\nssid = "hall"\npassword = "12345678"\n'


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


def run_gateway(folder, path, seconds):
    """Boot a board with the site on its flash at such a line; returns what a subscriber knows."""
    site = load_site(path)
    name = site.gateways[0]
    compact = site.compile(name)
    FlashFile.create(folder / "flash.bin", build_image(gateway_files(site, name)))
    scheduler, exits, subscriber = VirtualScheduler(), [], Subscriber()
    line, lan, broker = Line(scheduler), Lan(scheduler), BrokerModel(scheduler)
    hang(line)
    broker.subscribe(ALL_TOPICS, subscriber.feed)
    lan.listen(compact["mqtt"]["host"], compact["mqtt"]["port"], broker.accept)
    for host, port in compact["ntp"]:
        serve_time(lan, scheduler.utc_us, host, port)
    uart = compact["bus"][0]["uart"]
    board = Board(scheduler, folder / "flash.bin", {uart: line}, lan, on_exit=exits.append)
    board.start()
    scheduler.run_until(seconds * SECOND_US)
    board.stop()
    assert (exits, subscriber.errors) == ([], [])
    return compact, subscriber.gateways[f"my-site/{name}"]


def test_three_unknown_meters_become_a_site_file_that_runs(tmp_path, capsys):
    path = tmp_path / "site.toml"
    said = write_site_of_the_line(path)
    assert f"Wrote 3 devices into {path}, which is good." in said
    assert run_config(parsed(add_config_arguments, "check", str(path))) == 0
    assert "gateway-1 is good: buses 1, devices 3, " in capsys.readouterr().out
    (tmp_path / "secrets.toml").write_text(SECRETS)
    check_values(*run_gateway(tmp_path, path, 65))


def check_values(compact, gateway):
    """Every channel of every meter has arrived often, never bad, and as the meter measures it."""
    for device in compact["device"]:
        for channel in device["channel"]:
            newest = gateway.newest[device["id"], channel["name"]]
            assert newest.record.quality == 0
            assert newest.count >= 20
            step = 10.0 ** -channel["places"]
            assert float(newest.value) == pytest.approx(float(measured(channel["name"])), abs=step)
    counters = gateway.diag.counters["bus"]["rs485"]
    troubles = {name: counters[name] for name in ("timeout", "bad_crc", "garbage", "short")}
    assert troubles == {"timeout": 0, "bad_crc": 0, "garbage": 0, "short": 0}


def test_a_gateway_examines_its_own_line_and_goes_on_reading(tmp_path):
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "secrets.toml").write_text(SECRETS)
    files = gateway_files(load_site(tmp_path / "site.toml"), "press-07")
    FlashFile.create(tmp_path / "flash.bin", build_image(files))
    scheduler, console = VirtualScheduler(), []
    line, lan, broker = Line(scheduler), Lan(scheduler), BrokerModel(scheduler)
    lan.listen("broker.local", 1883, broker.accept)
    shifted = meter_of(line, 1, "janitza_umg96_bseries", Framing(9600))
    shifted.cells = {address + 1: word for address, word in shifted.cells.items()}
    meter_of(line, 4, "chint_dtsu666", Framing(9600), turnaround_ms=35)
    meter_of(line, 33, "finder_7m38", Framing(19200))
    board = Board(scheduler, tmp_path / "flash.bin", {1: line}, lan, on_console=console.append)
    told, read = [], []
    base = "limen/v1/hall-2/press-07/"
    broker.subscribe(base + "cmd/doctor/+", lambda _, payload, __: told.append(json.loads(payload)))
    broker.subscribe(base + "dev/sub-meter/data", lambda *_: read.append(scheduler.now_us))
    board.start()
    scheduler.run_until(20 * SECOND_US)
    broker.publish(Publish(base + "cmd/doctor", b'{"id":1}', 1))
    scheduler.run_until(150 * SECOND_US)
    board.stop()
    assert told.pop() == {"id": 1, "ok": True}
    said = [message["say"] for message in told]
    check_sentences(said)
    assert max(read) > 135 * SECOND_US
    assert not any("Error" in line for line in console)


def check_sentences(said):
    assert said[0] == "The gateway restarts without its devices."
    assert said[1].startswith("Searching; at most ")
    assert any(sentence.startswith("Searched for ") for sentence in said)
    assert "Address 1 at 9600 8N1: nearly main-meter" in said
    assert any("at register n lies at n + 1" in sentence for sentence in said)
    assert "Address 4 at 9600 8N1: answers like sub-meter (sub-meter)" in said
    assert "Address 33 at 19200 8N1: a device that no profile fits" in said
    assert said[-1] == "Address 5: dead-meter does not answer."
