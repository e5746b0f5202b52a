"""Boards as data: what a board's file may say, and what a site file may do with its pins."""

import copy
import re

import pytest

from host_tools.board import board_names, load_board, read_facts
from host_tools.board_table import board_table
from host_tools.cli import main
from host_tools.paths import PROJECT
from host_tools.toml_file import read_toml
from limen.core.config import check
from limen.core.schema import Spot

DEVKIT = "espressif-esp32-devkitc"
PAGE = PROJECT / "docs/boards.md"


def problems_of(name, **changes):
    """What is wrong with a board's file after changes to it."""
    data = read_toml(PROJECT / "boards" / name / "board.toml").data
    problems = []
    read_facts(Spot(problems), copy.deepcopy(data) | changes)
    return [f"{'.'.join(map(str, path))}: {sentence}" for path, sentence in problems]


def test_the_boards_that_a_technician_may_have():
    assert board_names() == [
        "espressif-esp32-c3-devkitm-1",
        "espressif-esp32-devkitc",
        "espressif-esp32-devkitc-ve",
        "espressif-esp32-s3-devkitc-1",
        "lilygo-t-can485",
        "m5stack-atom-lite-rs485",
        "olimex-esp32-evb",
        "olimex-esp32-poe",
        "waveshare-esp32-s3-rs485-can",
        "wireless-tag-wt32-eth01",
    ]


def test_what_a_board_is():
    assert load_board("lilygo-t-can485")["port"] == [
        {"uart": 1, "tx": 22, "rx": 21, "de": None, "high": [16, 17, 19]}
    ]
    c3 = load_board("espressif-esp32-c3-devkitm-1")
    assert c3["lacks"] == ["pulse counter (PCNT)", "a second UART", "RS-485 port"]
    assert c3["strapping"] == [2, 8, 9]
    poe = load_board("olimex-esp32-poe")["ethernet"]
    assert (poe["power"], poe["ref_clk"], poe["ref_clk_mode"]) == (12, 17, "out")


@pytest.mark.parametrize("name", board_names())
def test_every_fact_has_a_source(name):
    assert len(load_board(name)["source"]) >= 2


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        (DEVKIT, {"output": [4, 4]}, "output: has pin 4, which belongs to output already"),
        (DEVKIT, {"input": [4]}, "input: has pin 4, which belongs to output already"),
        (DEVKIT, {"output": [20]}, "output: has pin 20, which the chip esp32 does not have"),
        (DEVKIT, {"output": [6]}, "output: has pin 6, to which the chip's flash is wired"),
        (DEVKIT, {"output": [38]}, "output: has pin 38, which can only be an input of this chip"),
        (DEVKIT, {"adc": [4]}, "adc: has pin 4, which has no converter beside Wi-Fi"),
        (DEVKIT, {"adc": [37]}, "adc: has pin 37, which is neither in output nor in input"),
        (DEVKIT, {"relay": [0]}, "relay: has pin 0, which is neither in output nor in input"),
        (
            DEVKIT,
            {"led": {"pin": 2, "kind": "plain"}},
            "led: is at pin 2, which belongs to output already",
        ),
        (
            "olimex-esp32-evb",
            {"output": [23, 32, 33]},
            "ethernet: needs pin 23, which belongs to output already",
        ),
        (
            "olimex-esp32-evb",
            {"input": [36, 27]},
            "ethernet: needs pin 27, which belongs to input already",
        ),
        (
            DEVKIT,
            {"network": "ethernet"},
            "ethernet: is missing; write [ethernet] with the PHY and its pins",
        ),
        (DEVKIT, {"flash_mb": 3}, "flash_mb: must be one of 4, 8, 16, not 3"),
    ],
)
def test_a_board_that_its_chip_cannot_be_is_refused(name, changes, sentence):
    assert sentence in problems_of(name, **changes)


def complaints(device=None, bus=None, board=DEVKIT, **gateway):
    """What is wrong with a site that has a bus of pins, one device on it, and another bus."""
    buses = [{"id": "pins", "kind": "pins"}] + ([{"id": "b"} | bus] if bus else [])
    usual = {"id": "d", "bus": "pins", "profile": "digital-output", "pin": 4, "safe": "off"}
    device = usual | (device or {})
    one = {"board": board, "bus": buses, "device": [device]} | gateway
    site = {"site": {"id": "s"}, "mqtt": {"host": "h"}, "gateway": {"g": one}}
    found = check(site, "g", {}, {board: load_board(board)})[1]
    return [sentence for _, sentence in found]


RS485 = {"kind": "modbus-rtu", "tx": 17, "rx": 16, "de": 25}
STRAPPING = (
    "pin {0} decides at a reset how the chip starts, so what is wired to it can keep the board "
    "from starting; take another pin, or allow it with allow_strapping = [{0}] in the gateway's "
    "table"
)


def test_pins_that_are_used_as_they_can_be():
    assert complaints(bus=RS485) == []


def test_a_pin_is_one_thing_s():
    assert complaints({"pin": 25}, RS485) == ["pin 25 is taken by device[0].pin already"]


def test_an_input_is_not_driven():
    assert complaints({"pin": 34}) == ["pin 34 of this board cannot be used as an output"]
    assert complaints({"pin": 6}) == ["pin 6 of this board cannot be used as an output"]


@pytest.mark.parametrize(
    ("board", "pin"),
    [(DEVKIT, 2), (DEVKIT, 12), ("espressif-esp32-s3-devkitc-1", 45)],
)
def test_a_strapping_pin_is_used_on_purpose_only(board, pin):
    assert complaints({"pin": pin}, board=board) == [STRAPPING.format(pin)]
    assert complaints({"pin": pin}, board=board, allow_strapping=[pin]) == []


def test_what_is_allowed_must_be_a_strapping_pin():
    assert complaints(allow_strapping=[4]) == ["lists 4; strapping pins of this chip are 0, 2, 12"]


def test_the_second_converter_stops_with_wifi():
    analog = {"profile": "analog-input", "pin": 25, "quantity": "voltage"}
    sentence = "pin 25 has no converter beside Wi-Fi; on this chip pins 32 to 39 have one"
    assert sentence in complaints(analog)


def test_a_uart_that_the_chip_does_not_have():
    bus = {"kind": "modbus-rtu", "tx": 4, "rx": 5, "uart": 2}
    c3 = {"board": "espressif-esp32-c3-devkitm-1"}
    assert complaints({"pin": 10}, bus, **c3) == ["must be 1 on this board, not 2"]


def shown_table():
    return re.search(r"<!-- boards:.*?-->\n(.*?)\n?<!-- end -->", PAGE.read_text(), re.DOTALL)[1]


def test_the_page_has_the_table_that_the_files_make():
    assert shown_table() == board_table()


def test_the_command_shows_table_and_sources(capsys):
    assert main(["boards"]) == 0
    assert capsys.readouterr().out.rstrip("\n") == board_table()
    assert main(["boards", "--sources"]) == 0
    assert "variants/wt32-eth01/pins_arduino.h" in capsys.readouterr().out
