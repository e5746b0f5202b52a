"""Profiles as data: one TOML file per meter model in firmware/profiles, checked line by line.

A profile says which quantity lies in which register, in what type, scale and unit; there are no
expressions in it. What it compiles to is what the firmware's validator takes: registers with their
scale as an exact fraction of the quantity's unit.
"""

from fractions import Fraction
from pathlib import Path

from host_tools.paths import FIRMWARE
from host_tools.toml_file import TomlError, TomlFile, read_toml
from limen.core import quantity
from limen.core.bus_config import framing_fields
from limen.core.schema import (
    Owners,
    Spot,
    duration_ms,
    entries,
    integer,
    one_of,
    optional,
    required,
    suggestion,
    table,
    text,
)
from limen.core.units import Mistake, exponent_between, parse_places, split

PROFILES = FIRMWARE / "profiles"
WORDS = {"u16": 1, "s16": 1, "u32": 2, "s32": 2, "f32": 2, "u64": 4, "s64": 4, "f64": 4}
"""Registers that a value of each type takes."""
WORD_ORDERS = ("ABCD", "BADC", "CDAB", "DCBA")
_LAST_ADDRESS = 0xFFFF


def _texts(value):
    return [text(entry) for entry in entries(value)]


def _bit_patterns(value):
    return [integer(0, (1 << 64) - 1)(entry) for entry in entries(value)]


def _quantity(value):
    if quantity.lookup(text(value)) is None:
        hint = suggestion(value, quantity.names())
        raise Mistake(f'"{value}" is not in the vocabulary of quantities{hint}')
    return value


def _scale(value):
    """An exact fraction of a number such as 1, 0.1 or "0.001"."""
    mantissa, exponent, rest = split(value if isinstance(value, str) else str(value))
    if rest or not mantissa:
        raise Mistake(f'must be a number such as 0.1, not "{value}"')
    return mantissa * Fraction(10) ** exponent


_PROFILE = {
    "vendor": required(text, 'vendor = "Eastron"'),
    "model": required(text, 'model = "SDM630-Modbus"'),
    "source": required(_texts, 'source = ["document title, revision"]'),
    "function": required(one_of((3, 4)), "function = 4"),
    "word_order": optional(one_of(WORD_ORDERS), "ABCD"),
    "max_registers": required(integer(1, 125), "max_registers = 80"),
    "pause": optional(duration_ms(0, 10000), 0),
    "default": required(_texts, 'default = ["power_active_total"]'),
    "quirks": optional(_texts, []),
    "serial": optional(table, {}),
    "register": required(entries, 'register = [{ quantity = "frequency", address = 70, ... }]'),
}
_REGISTER = {
    "quantity": required(_quantity, 'quantity = "voltage_l1"'),
    "address": required(integer(0, _LAST_ADDRESS), "address = 0"),
    "type": required(one_of(tuple(WORDS)), 'type = "f32"'),
    "word_order": optional(one_of(WORD_ORDERS)),
    "scale": optional(_scale, Fraction(1)),
    "unit": optional(text, ""),
    "resolution": required(text, 'resolution = "0.1 V"'),
    "sentinel": optional(_bit_patterns, []),
}


def profile_names() -> list[str]:
    return sorted(path.stem for path in PROFILES.glob("*.toml"))


def load_profile(name: str) -> dict:
    """The compiled profile of that name; TomlError if its file is wrong."""
    return compile_profile(PROFILES / f"{name}.toml")


def compile_profile(path: Path | str) -> dict:
    """A profile file in the form that `limen.core.config.check` takes.

    {"model", "fc", "max_registers", "pause_ms", "serial": {"baud", "parity", "stop"}, "default":
    [name], "channel": [[name, places, [address, type, word order, numerator, denominator,
    sentinel...]]]}, where raw * numerator / denominator is in the unit of the quantity.
    """
    file = read_toml(path)
    problems = []
    compiled = _compile(file, Spot(problems))
    if problems:
        raise TomlError(file.describe(problems))
    return compiled


def _compile(file: TomlFile, spot: Spot) -> dict:
    values = spot.read_table(file.data, _PROFILE)
    framing = framing_fields(baud=9600, parity="none", stop=1)
    serial = spot.at("serial").read_table(values["serial"] or {}, framing)
    registers = [
        _read_register(spot.at("register", index), register, values["word_order"])
        for index, register in enumerate(values["register"] or [])
    ]
    _check_overlaps(spot.at("register"), registers, values["max_registers"])
    names = {register["quantity"] for register in registers if register} - {None}
    for index, name in enumerate(values["default"] or []):
        if name not in names:
            hint = suggestion(name, list(names))
            spot.at("default", index).report(f'no register has the quantity "{name}"{hint}')
    return {
        "model": f"{values['vendor']} {values['model']}",
        "fc": values["function"],
        "max_registers": values["max_registers"],
        "pause_ms": values["pause"],
        "serial": serial,
        "default": values["default"],
        "channel": [register["channel"] for register in registers if register],
    }


def _read_register(spot: Spot, register, word_order: str) -> dict | None:
    """The fields of a register line, and its compiled `channel`; None if it is not a table."""
    values = spot.read_table(register, _REGISTER)
    if values is None:
        return None
    unit, _ = quantity.lookup(values["quantity"]) or (None, None)
    values["channel"] = None
    if unit is None or None in (values["unit"], values["resolution"], values["scale"]):
        return values
    shift = exponent_between(values["unit"], unit)
    if shift is None:
        found = f'"{values["unit"]}"' if values["unit"] else "no unit"
        sentence = f'must be "{unit}" or a multiple of it, not {found}' if unit else "has no unit"
        spot.at("unit").report(sentence)
        return values
    places = spot.at("resolution").read(
        values["resolution"], lambda value: parse_places(value, unit)
    )
    scale = values["scale"] * Fraction(10) ** shift
    wire = [values["address"], values["type"], values["word_order"] or word_order]
    fraction = [scale.numerator, scale.denominator]
    values["channel"] = [values["quantity"], places, wire + fraction + (values["sentinel"] or [])]
    return values


def _check_overlaps(spot: Spot, registers: list[dict | None], max_registers: int | None) -> None:
    """Every quantity and every register has one line only, and every value fits into a request."""
    quantities, addresses = Owners(), Owners()
    for index, register in enumerate(registers):
        here = spot.at(index)
        if register is None or None in (register["address"], register["type"]):
            continue
        owner, words = f"register[{index}]", WORDS[register["type"]]
        if register["quantity"]:
            sentence = "is the quantity of %s already"
            quantities.claim(register["quantity"], owner, here.at("quantity"), sentence)
        if register["address"] + words - 1 > _LAST_ADDRESS:
            here.at("address").report(f"{words} registers from here end beyond {_LAST_ADDRESS}")
        if max_registers and words > max_registers:
            here.at("type").report(f"takes {words} registers, more than one request may read")
        for address in range(register["address"], register["address"] + words):
            claimed = addresses.has(address)
            sentence = f"register {address} belongs to %s already"
            addresses.claim(address, owner, here.at("address"), sentence)
            if claimed:
                break
