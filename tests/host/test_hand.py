"""A script's lines act on the board, and wrong ones are named."""

import asyncio
import itertools

import pytest

from host_tools.board import load_board
from host_tools.emulation.board import Board
from host_tools.emulation.hand import Hand
from host_tools.emulation.line import Line
from host_tools.emulation.meter import Meter
from host_tools.emulation.parts import RegisterPart
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.signals import Constant
from host_tools.errors import ToolError


@pytest.fixture
def board(tmp_path):
    board = Board(VirtualScheduler(), tmp_path / "flash.bin")
    yield board
    board.stop()


def play(board, *lines, facts="espressif-esp32-devkitc", meters=None):
    said = []
    asyncio.run(Hand(board, load_board(facts), said.append, meters).play(lines))
    return said


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
    meter = Meter(VirtualScheduler(), Line(VirtualScheduler()), 1, "eastron-sdm630", Constant())
    board.peripherals.i2c[0] = {0x44: RegisterPart(VirtualScheduler())}
    spoil = ["meter press silent", "i2c 0 0x44 out", "status"]
    heal = ["meter press well", "i2c 0 68 in", "status"]
    ill, well = play(board, *spoil, *heal, meters={"press": meter})
    assert ill.endswith("; no part at 0x44 of I²C 0; press silent")
    assert well == "does not run, started 0 times; Wi-Fi not joined"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("jump", 'Line 2 of the script: "jump" is none of:\npress '),
        ("pin 4 2", '"pin 4 2" is none of:'),
        ("pin four 1", "Line 2 of the script: write it as: pin PIN 0|1"),
        ("volts 4 high", "write it as: volts PIN VOLTS"),
        ("wait", "write it as: wait SECONDS"),
        ("meter press silent", "there is no meter press: there is none; name a site with --site"),
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
