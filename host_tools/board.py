"""Boards as data: boards/<name>/board.toml says what chip, pins and RS-485 ports a board has."""

from host_tools.paths import PROJECT
from host_tools.toml_file import TomlError, read_toml
from limen.core.schema import Spot, entries, integer, one_of, optional, required, table, text
from limen.core.units import Mistake

BOARDS = PROJECT / "boards"
_PHYS = ("LAN8710", "LAN8720", "IP101", "RTL8201", "DP83848", "KSZ8041", "KSZ8081", "W5500")
_CHIPS = ("esp32", "esp32s3", "esp32c3")
_gpio = integer(0, 48)


def _gpios(value):
    return [_gpio(pin) for pin in value] if value == [] else [_gpio(pin) for pin in entries(value)]


def _ports(value):
    if not isinstance(value, list):
        raise Mistake("must be a list of [[port]] entries")
    return value


_BOARD = {
    "name": required(text, 'name = "LilyGO T-CAN485"'),
    "chip": required(one_of(_CHIPS), 'chip = "esp32"'),
    "flash_mb": required(one_of((4, 8, 16)), "flash_mb = 4"),
    "psram_mb": optional(one_of((2, 4, 8)), 0),
    "network": required(one_of(("wifi", "ethernet")), 'network = "wifi"'),
    "source": required(entries, 'source = ["document, revision"]'),
    "uart": required(_gpios, "uart = [1, 2]"),
    "output": required(_gpios, "output = [4, 5]"),
    "input": required(_gpios, "input = [34, 35]"),
    "port": optional(_ports, []),
    "ethernet": optional(table),
}
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
    return sorted(path.parent.name for path in BOARDS.glob("*/board.toml"))


def load_board(name: str) -> dict:
    """The facts about a board; TomlError if its file is wrong."""
    file = read_toml(BOARDS / name / "board.toml")
    problems = []
    spot = Spot(problems)
    facts = spot.read_table(file.data, _BOARD)
    ports = facts["port"] or []
    facts["port"] = [
        spot.at("port", index).read_table(port, _PORT) for index, port in enumerate(ports)
    ]
    if facts["ethernet"]:
        wires = spot.at("ethernet").read_table(facts["ethernet"], _ETHERNET)
        facts["ethernet"] = {name: value for name, value in wires.items() if value is not None}
    elif facts["network"] == "ethernet":
        spot.at("ethernet").report("is missing; write [ethernet] with the PHY and its pins")
    if problems:
        raise TomlError(file.describe(problems))
    return facts
