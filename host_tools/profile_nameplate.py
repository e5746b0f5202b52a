"""The nameplate lines of a profile: where a device has its serial number and other texts."""

from host_tools.contract import NAMES
from host_tools.profile_register import READ_FUNCTIONS, WORD_ORDERS, WORDS
from limen.core.nameplate import TEXT
from limen.core.schema import Owners, Spot, integer, one_of, optional, required

LONGEST = 32
"""Registers of a text: it and the one before must fit into an event."""
_NUMBERS = tuple(kind for kind in WORDS if kind[0] == "u" or kind.startswith("bcd"))
_BYTE_ORDERS = ("ABCD", "BADC")
_LAST_ADDRESS = 0xFFFF

_LINE = {
    "name": required(one_of(NAMES), 'name = "serial_number"'),
    "address": required(integer(0, _LAST_ADDRESS), "address = 130"),
    "type": optional(one_of((TEXT, *_NUMBERS)), TEXT),
    "registers": optional(integer(1, LONGEST)),
    "word_order": optional(one_of(WORD_ORDERS)),
    "function": optional(one_of([one for one in READ_FUNCTIONS if one > 2])),
}


def read_nameplate(spot: Spot, lines: list, profile: dict) -> list[list]:
    """[[name, function, address, registers, type, order], ...] of good lines."""
    names = Owners()
    read = []
    for index, line in enumerate(lines):
        here = spot.at(index)
        values = here.read_table(line, _LINE)
        if values is not None:
            sentence = "is the name of %s already"
            names.claim(values["name"], f"nameplate[{index}]", here.at("name"), sentence)
            read.append(_read_line(here, line, values, profile))
    return read


def _read_line(spot: Spot, line: dict, values: dict, profile: dict) -> list:
    kind = values["type"]
    is_text = kind == TEXT
    words = values["registers"] if is_text else WORDS.get(kind)
    if is_text and words is None and "registers" not in line:
        spot.at("registers").report("is missing; write for example registers = 8")
    if not is_text and "registers" in line:
        spot.at("registers").report(f"does not go with the type {kind}, which has {words}")
    if is_text and values["word_order"] not in (None, *_BYTE_ORDERS):
        spot.at("word_order").report("of a text is ABCD, or BADC: second character first")
    if words and values["address"] is not None:
        _check_reach(spot, values["address"], words, profile["max_registers"])
    order = values["word_order"] or ("ABCD" if is_text else profile["word_order"])
    function = values["function"] or profile["function"]
    return [values["name"], function, values["address"], words, kind, order]


def _check_reach(spot: Spot, address: int, words: int, longest: int | None) -> None:
    if address + words - 1 > _LAST_ADDRESS:
        spot.at("address").report(f"{words} registers from here end beyond {_LAST_ADDRESS}")
    if longest and words > longest:
        spot.at("registers").report(f"{words} are more than one request may read, {longest}")
