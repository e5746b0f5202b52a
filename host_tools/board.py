"""Boards as data: boards/<name>/board.toml says what chip, pins and RS-485 ports a board has.

A fact that was not read in a source is "unknown" or left out. What the chip itself can and cannot
do is in `chip_pins`; a board that says otherwise is refused.
"""

import re

from host_tools.chip_pins import CHIP_PINS
from host_tools.paths import PROJECT
from host_tools.toml_file import TomlError, read_toml
from limen.core.schema import (
    Owners,
    Spot,
    entries,
    integer,
    one_of,
    optional,
    required,
    table,
    text,
)
from limen.core.units import Mistake

BOARDS = PROJECT / "boards"
UNKNOWN = "unknown"
_PHYS = ("LAN8710", "LAN8720", "IP101", "RTL8201", "DP83848", "KSZ8041", "KSZ8081", "W5500")
_PHY_PINS = ("mdc", "mdio", "power", "reset", "ref_clk", "cs", "int")
_RMII = (19, 21, 22, 25, 26, 27)
"""Pins of the ESP32 that are wired to any PHY but one on SPI."""
_gpio = integer(0, 48)


def _gpios(value):
    return [_gpio(pin) for pin in value] if value == [] else [_gpio(pin) for pin in entries(value)]


def _texts(value):
    if not isinstance(value, list):
        raise Mistake("must be a list of texts")
    return [text(entry) for entry in value]


def _ports(value):
    if not isinstance(value, list):
        raise Mistake("must be a list of [[port]] entries")
    return value


def _sha256(value):
    if not re.fullmatch("[0-9a-f]{64}", text(value)):
        raise Mistake("must be 64 hexadecimal digits in lower case")
    return value


def _or_unknown(read):
    return lambda value: value if value == UNKNOWN else read(value)


_BOARD = {
    "name": required(text, 'name = "LilyGO T-CAN485"'),
    "chip": required(one_of(tuple(CHIP_PINS)), 'chip = "esp32"'),
    "flash_mb": required(_or_unknown(one_of((4, 8, 16))), "flash_mb = 4"),
    "psram_mb": optional(one_of((2, 4, 8)), 0),
    "network": required(one_of(("wifi", "ethernet")), 'network = "wifi"'),
    "image": required(table, 'image = { name = "ESP32_GENERIC", version = "1.25.0", ... }'),
    "source": required(_texts, 'source = ["document, revision"]'),
    "uart": required(_gpios, "uart = [1, 2]"),
    "output": required(_gpios, "output = [4, 5]"),
    "input": required(_gpios, "input = [34, 35]"),
    "adc": optional(_gpios, []),
    "relay": optional(_gpios, []),
    "i2c": optional(table),
    "onewire": optional(_gpio),
    "button": optional(table),
    "led": optional(table),
    "usb": optional(_or_unknown(_texts), UNKNOWN),
    "port": optional(_ports, []),
    "ethernet": optional(table),
}
_IMAGE = {
    "name": required(text, 'name = "ESP32_GENERIC"'),
    "variant": optional(text),
    "version": required(text, 'version = "1.25.0"'),
    "date": required(text, 'date = "20250415"'),
    "sha256": optional(_or_unknown(_sha256), UNKNOWN),
}
"""A build of MicroPython as its makers name it, with what it is called in their downloads."""
_I2C = {"sda": required(_gpio, "sda = 21"), "scl": required(_gpio, "scl = 22")}
_BUTTON = {
    "pin": required(_gpio, "pin = 0"),
    "pressed": required(_or_unknown(integer(0, 1)), "pressed = 0"),
}
_LED = {
    "pin": required(_gpio, "pin = 2"),
    "kind": required(one_of(("plain", "inverted", "addressable")), 'kind = "plain"'),
}
_PARTS = {"image": _IMAGE, "i2c": _I2C, "button": _BUTTON, "led": _LED}
_ETHERNET = {
    "phy_type": required(one_of(_PHYS), 'phy_type = "LAN8720"'),
    "phy_addr": required(integer(0, 31), "phy_addr = 0"),
    "mdc": optional(_gpio),
    "mdio": optional(_gpio),
    "power": optional(_gpio),
    "reset": optional(_gpio),
    "ref_clk": optional(_gpio),
    "ref_clk_mode": optional(one_of(("in", "out"))),
    "spi": optional(_gpios),
    "cs": optional(_gpio),
    "int": optional(_gpio),
}
"""The arguments of MicroPython's `network.LAN`; `spi` is the SPI's number, SCK, MOSI and MISO."""
_PORT = {
    "uart": required(integer(0, 2), "uart = 1"),
    "tx": required(_gpio, "tx = 22"),
    "rx": required(_gpio, "rx = 21"),
    "de": optional(_gpio),
    "high": optional(_gpios, []),
}


def board_names() -> list[str]:
    """What a site file may name as `board`."""
    return sorted(path.parent.name for path in BOARDS.glob("*/board.toml"))


def boards_like(chip: str, flash_mb: int | None) -> list[str]:
    """The boards whose files say of chip and flash what was found; None fits to any."""
    found = [(name, load_board(name)) for name in board_names()]
    return [
        name
        for name, facts in found
        if facts["chip"] == chip and (flash_mb is None or facts["flash_mb"] in (flash_mb, UNKNOWN))
    ]


def load_board(name: str) -> dict:
    """The facts about a board; TomlError if its file is wrong.

    Beside what the file says, `strapping` has the pins whose level at a reset keeps it from
    starting, and `lacks` in words what chips of the family often have.
    """
    file = read_toml(BOARDS / name / "board.toml")
    problems = []
    facts = read_facts(Spot(problems), file.data)
    if problems:
        raise TomlError(file.describe(problems))
    return facts


def read_facts(spot: Spot, data: dict) -> dict:
    """What a board's file says, with its problems reported to `spot`."""
    facts = spot.read_table(data, _BOARD)
    for key, fields in _PARTS.items():
        if facts[key]:
            facts[key] = spot.at(key).read_table(facts[key], fields)
    facts["port"] = [
        spot.at("port", index).read_table(port, _PORT)
        for index, port in enumerate(facts["port"] or [])
    ]
    if facts["ethernet"]:
        wires = spot.at("ethernet").read_table(facts["ethernet"], _ETHERNET)
        facts["ethernet"] = {name: value for name, value in wires.items() if value is not None}
    elif facts["network"] == "ethernet":
        spot.at("ethernet").report("is missing; write [ethernet] with the PHY and its pins")
    if not spot.problems:
        _check_pins(spot, facts)
        chip = CHIP_PINS[facts["chip"]]
        facts["strapping"] = sorted(chip.strapping)
        facts["lacks"] = _lacks(facts)
    return facts


def _check_pins(spot: Spot, facts: dict) -> None:
    """Report pins that the chip has not, or not for this, and pins that are given away twice."""
    chip, owners = CHIP_PINS[facts["chip"]], Owners()
    for key in ("output", "input"):
        for pin in facts[key]:
            here = spot.at(key)
            owners.claim(pin, key, here, f"has pin {pin}, which belongs to %s already")
            if pin not in chip.pins:
                here.report(f"has pin {pin}, which the chip {facts['chip']} does not have")
            if pin in chip.flash:
                here.report(f"has pin {pin}, to which the chip's flash is wired")
    for pin in sorted(chip.input_only.intersection(facts["output"])):
        spot.at("output").report(f"has pin {pin}, which can only be an input of this chip")
    for pin in sorted(set(facts["adc"]) - chip.converter):
        spot.at("adc").report(f"has pin {pin}, which has no converter beside Wi-Fi")
    _check_wired(spot, facts, owners)


def _check_wired(spot: Spot, facts: dict, owners: Owners) -> None:
    """What is wired to something on the board is not free; what has a role is."""
    free = {*facts["output"], *facts["input"]}
    for key in ("adc", "relay"):
        for pin in sorted(set(facts[key]) - free):
            spot.at(key).report(f"has pin {pin}, which is neither in output nor in input")
    for key in ("button", "led"):
        if facts[key]:
            pin = facts[key]["pin"]
            owners.claim(pin, key, spot.at(key), f"is at pin {pin}, which belongs to %s already")
    for pin in ethernet_pins(facts):
        sentence = f"needs pin {pin}, which belongs to %s already"
        owners.claim(pin, "ethernet", spot.at("ethernet"), sentence)


def ethernet_pins(facts: dict) -> list[int]:
    """The pins that are wired to a board's PHY."""
    wires = facts["ethernet"] or {}
    named = [wires[name] for name in _PHY_PINS if name in wires]
    if "spi" in wires:
        return named + wires["spi"][1:]
    return named + list(_RMII) if wires else []


def _lacks(facts: dict) -> list[str]:
    chip = CHIP_PINS[facts["chip"]]
    lacks = [] if chip.counts_pulses else ["pulse counter (PCNT)"]
    if len(facts["uart"]) < 2:
        lacks.append("a second UART")
    if not facts["port"]:
        lacks.append("RS-485 port")
    return lacks
