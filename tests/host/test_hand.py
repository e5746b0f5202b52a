"""A script's lines act on the board, and wrong ones are named."""

import asyncio
import itertools
from fractions import Fraction

import pytest

from host_tools.board import load_board
from host_tools.emulation.board import Board
from host_tools.emulation.hand import Hand
from host_tools.emulation.parts import RegisterPart, value_at
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.signals import Constant
from host_tools.errors import ToolError
from host_tools.paths import PROJECT
from host_tools.site import compile_gateway
from host_tools.truth import Truth
from host_tools.wiring import Wiring


@pytest.fixture
def board(tmp_path):
    board = Board(VirtualScheduler(), tmp_path / "flash.bin")
    yield board
    board.stop()


def play(board, *lines, facts="espressif-esp32-devkitc", wiring=None):
    said = []
    asyncio.run(Hand(board, load_board(facts), said.append, wiring).play(lines))
    return said


def wired(board, site, gateway):
    """What hangs on the buses of a gateway of an example."""
    config = compile_gateway(PROJECT / "examples" / site / "site.toml", gateway)
    scheduler = VirtualScheduler()
    wiring = Wiring(scheduler, config, Constant(), Truth(config, scheduler.start_utc_us, {}))
    wiring.connect(board, None)
    return wiring


def test_the_button_is_that_of_the_board(board):
    levels = []
    board.peripherals.input_changed = lambda pin, level: levels.append((pin, level))
    play(board, "press  # and hold", "", "wait 0", "release")
    play(board, "press", facts="m5stack-atom-lite-rs485")
    assert levels == [(0, 1), (0, 0), (0, 1), (39, 1), (39, 0)]


def test_pins_converters_and_networks(board):
    play(board, "pin 34 1", "volts 35 1.25", "cable in", "wifi off")
    assert board.peripherals.volts == {35: 1.25}
    assert not board.station.access_points[0].is_up


def test_what_is_seen_is_said(board):
    board.pins = {4: 1, 2: 0}
    assert play(board, "status") == [
        "does not run, started 0 times; Wi-Fi not joined; 2=0; 4=1",
    ]
    board.peripherals.lights = {27: (0, 16, 255)}
    (line,) = play(board, "status", facts="m5stack-atom-lite-rs485")
    assert line.endswith("; light #0010ff")


def test_what_changes_is_watched(board):
    class Seen(Hand):
        def status(self):
            return f"look {min(next(looks), 1)}"

    looks = itertools.count()
    said = []
    asyncio.run(Seen(board, load_board("espressif-esp32-devkitc"), said.append).do("watch 0.1"))
    assert [line.partition("s  ")[2] for line in said] == ["look 0", "look 1"]


def test_meters_and_parts_of_the_site_fail_and_come_back(board):
    wiring = wired(board, "press", "press-07")
    board.peripherals.i2c[0] = {0x44: RegisterPart(VirtualScheduler())}
    spoil = ["meter main-meter silent", "i2c 0 0x44 out", "status"]
    heal = ["meter main-meter well", "i2c 0 68 in", "status"]
    ill, well = play(board, *spoil, *heal, wiring=wiring)
    assert ill.endswith("; no part at 0x44 of I²C 0; main-meter silent")
    assert well == "does not run, started 0 times; Wi-Fi not joined"


def test_what_devices_measure_is_set_and_let_go(board):
    wiring = wired(board, "press", "press-07")
    meter = wiring.meters["main-meter"]
    before = meter.measured("power_active_total")
    play(board, "measure main-meter power_active_total 1234.5", wiring=wiring)
    assert meter.measured("power_active_total") == Fraction("1234.5")
    play(board, "measure main-meter power_active_total again", wiring=wiring)
    assert meter.measured("power_active_total") == before


def test_parts_on_every_bus_measure_what_they_are_told(board):
    wiring = wired(board, "inputs", "press-08")
    parts = board.peripherals
    now = [value_at(part.temperature, 0) for part in thermometers(parts)]
    for device in wiring.config["device"]:
        for quantity in wiring.quantities(device["id"]):
            play(board, f"measure {device['id']} {quantity} -7.5", wiring=wiring)
    then = [value_at(part.temperature, 0) for part in thermometers(parts)]
    assert len(now) == 4 and set(then) == {Fraction("-7.5")} and not set(then) & set(now)


def thermometers(parts):
    """On I2C and on 1-Wire."""
    on_i2c = [part for on_bus in parts.i2c.values() for part in on_bus.values()]
    on_wire = [part for line in parts.one_wire.values() for part in line.parts]
    return [part for part in on_i2c + on_wire if hasattr(part, "temperature")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("jump", 'Line 2 of the script: "jump" is none of:\npress '),
        ("pin 4 2", '"pin 4 2" is none of:'),
        ("pin four 1", "Line 2 of the script: write it as: pin PIN 0|1"),
        ("volts 4 high", "write it as: volts PIN VOLTS"),
        ("wait", "write it as: wait SECONDS"),
        ("meter press silent", "there is no meter press: there is none; name a site with --site"),
        ("measure press x 1", "there is no device press: there is none; name a site with --site"),
        ("measure press x", '"measure press x" is none of:'),
        ("i2c 0 0x44 out", "the site has no part at address 0x44 of bus 0"),
        ("i2c 0 x out", "write it as: i2c BUS ADDRESS in|out, such as: i2c 0 0x44 out"),
        ("watch", "write it as: watch SECONDS"),
        ("wifi maybe", '"wifi maybe" is none of:'),
    ],
)
def test_a_wrong_line_is_named(board, line, said):
    with pytest.raises(ToolError) as refused:
        play(board, "wifi on", line)
    assert said in str(refused.value)
    assert refused.value.status == 2


def test_a_board_without_a_known_button_says_so(board):
    with pytest.raises(ToolError, match="no button whose level is known"):
        play(board, "press", facts="wireless-tag-wt32-eth01")
