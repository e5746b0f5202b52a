"""Profiles as data: one TOML file per meter model, checked line by line.

They lie in firmware/profiles; those of a plant's own may lie in `profiles` beside its site file.

A profile says which quantity lies in which register, in what type, scale and unit; there are no
expressions in it. What it compiles to is what the firmware's validator takes: registers with their
scale as an exact fraction of the quantity's unit.
"""

from dataclasses import dataclass
from pathlib import Path

from host_tools.paths import FIRMWARE
from host_tools.profile_nameplate import read_nameplate
from host_tools.profile_register import (
    READ_FUNCTIONS,
    WORD_ORDERS,
    WORDS,
    bit_patterns,
    check_overlaps,
    list_of,
    read_register,
)
from host_tools.toml_file import TomlError, TomlFile, read_toml
from limen.core.bus_config import framing_fields
from limen.core.schema import (
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
from limen.core.units import Mistake

PROFILES = FIRMWARE / "profiles"
_register_words = list_of(integer(0, 0xFFFF))

_PROFILE = {
    "vendor": required(text, 'vendor = "Eastron"'),
    "model": required(text, 'model = "SDM630-Modbus"'),
    "source": required(list_of(text), 'source = ["document title, revision"]'),
    "function": required(one_of(READ_FUNCTIONS), "function = 4"),
    "word_order": optional(one_of(WORD_ORDERS), "ABCD"),
    "max_registers": required(integer(1, 125), "max_registers = 80"),
    "pause": optional(duration_ms(0, 10000), 0),
    "sentinel": optional(table, {}),
    "default": required(list_of(text), 'default = ["power_active_total"]'),
    "quirks": optional(list_of(text), []),
    "identify": optional(table),
    "nameplate": optional(entries, []),
    "sunspec": optional(list_of(integer(1, 65534))),
    "serial": optional(table, {}),
    "register": required(entries, 'register = [{ quantity = "frequency", address = 70, ... }]'),
}
_SENTINELS = {kind: optional(bit_patterns, []) for kind in WORDS}
_SERIAL = framing_fields(baud=9600, parity="none", stop=1)
_SERIAL["source"] = optional(list_of(text), [])
_IDENTIFY = {
    "function": optional(one_of((3, 4))),
    "address": required(integer(0, 0xFFFF), "address = 50000"),
    "text": optional(list_of(text), []),
    "words": optional(list_of(_register_words), []),
}


@dataclass
class Profile:
    """A good profile: what its file says, its register lines, and what it compiles to."""

    values: dict
    registers: list[dict]
    compiled: dict


def profile_files(own: Path | None = None) -> dict[str, Path]:
    """name → file, by name; one in the folder `own` takes the place of ours of the same name."""
    folders = [PROFILES, own] if own else [PROFILES]
    files = {path.stem: path for folder in folders for path in folder.glob("*.toml")}
    return dict(sorted(files.items()))


def profile_names() -> list[str]:
    """What a site file may name as `profile` of a meter."""
    return list(profile_files())


def load_profile(name: str) -> dict:
    """The compiled profile of that name; TomlError if its file is wrong."""
    return compile_profile(PROFILES / f"{name}.toml")


def compile_profile(path: Path | str) -> dict:
    """A profile file in the form that `limen.core.config.check` takes.

    {"model", "fc", "max_registers", "pause_ms", "serial": {"baud", "parity", "stop"}, "default":
    [name], "channel": [[name, places, register]]}; a register is [address, type, word order,
    numerator, denominator, sentinel...], where raw * numerator / denominator is in the unit of the
    quantity. A channel may have a fourth entry, {"fc", "states", "write"}, and the profile
    "identify": {"fc", "address", "words": [alternatives]}, "sunspec": [ids of models] and
    "nameplate": [[name, function, address, registers, type, order]].
    """
    return read_profile(path).compiled


def read_profile(path: Path | str) -> Profile:
    """Check a profile file; TomlError with every mistake and its line."""
    file = read_toml(path)
    problems = []
    profile = _read(file, Spot(problems))
    if problems:
        raise TomlError(file.describe(problems))
    return profile


def _read(file: TomlFile, spot: Spot) -> Profile:
    values = spot.read_table(file.data, _PROFILE)
    values["serial"] = spot.at("serial").read_table(values["serial"] or {}, _SERIAL)
    values["sentinel"] = spot.at("sentinel").read_table(values["sentinel"] or {}, _SENTINELS)
    registers = [
        read_register(spot.at("register", index), line, values)
        for index, line in enumerate(values["register"] or [])
    ]
    check_overlaps(spot.at("register"), registers, values["max_registers"])
    registers = [register for register in registers if register]
    _check_default(spot.at("default"), values["default"] or [], registers)
    identify = values["identify"]
    if identify is not None:
        identify = _read_identify(spot.at("identify"), identify, values["function"])
    compiled = _compiled(values, registers, identify)
    if values["nameplate"]:
        compiled["nameplate"] = read_nameplate(spot.at("nameplate"), values["nameplate"], values)
    return Profile(values, registers, compiled)


def _check_default(spot: Spot, names: list[str], registers: list[dict]) -> None:
    """The default set is what a technician gets unasked: only what a source has confirmed."""
    verified = {register["quantity"]: register["verified"] for register in registers}
    verified.pop(None, None)
    for index, name in enumerate(names):
        if name not in verified:
            hint = suggestion(name, list(verified))
            spot.at(index).report(f'no register has the quantity "{name}"{hint}')
        elif verified[name] is False:
            spot.at(index).report(f"{name} is not verified; leave it out of the default set")


def _read_identify(spot: Spot, identify: dict, function: int) -> dict | None:
    """{"fc", "address", "words"}: the device is of this model if it has one of the alternatives."""
    values = spot.read_table(identify, _IDENTIFY)
    alternatives = [spot.at("text").read(told, _text_words) for told in values["text"] or []]
    alternatives += values["words"] or []
    if not alternatives:
        spot.report('needs what to find there: text = ["SOCO"] or words = [[0x0070]]')
    if len({len(words) for words in alternatives if words}) > 1:
        spot.report("the alternatives must all take the same number of registers")
    return {
        "fc": values["function"] or function,
        "address": values["address"],
        "words": alternatives,
    }


def _text_words(told: str) -> list[int]:
    """The registers that hold a text, two characters each."""
    if len(told) % 2 or not told.isascii():
        raise Mistake(f'"{told}" must fill whole registers with two ASCII characters each')
    return [ord(a) << 8 | ord(b) for a, b in zip(told[::2], told[1::2], strict=True)]


def _compiled(values: dict, registers: list[dict], identify: dict | None) -> dict:
    serial = values["serial"] or {}
    compiled = {
        "model": f"{values['vendor']} {values['model']}",
        "fc": values["function"],
        "max_registers": values["max_registers"],
        "pause_ms": values["pause"],
        "serial": {key: serial.get(key) for key in ("baud", "parity", "stop")},
        "default": values["default"],
        "channel": [register["channel"] for register in registers],
    }
    if identify:
        compiled["identify"] = identify
    if values["sunspec"]:
        compiled["sunspec"] = values["sunspec"]
    return compiled
