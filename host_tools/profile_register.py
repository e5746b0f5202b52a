"""The register lines of a profile: which quantity lies where, in what type, scale and unit.

A line becomes a channel in the form that the firmware's validator takes. Scales and offsets are
fractions, exact, in the unit of the quantity; a number that needs more than one scale compiles to
a derived one, as `limen.core.derived` describes it.
"""

from fractions import Fraction
from math import lcm

from limen.core import quantity
from limen.core.schema import (
    Owners,
    Spot,
    boolean,
    describe,
    entries,
    integer,
    one_of,
    optional,
    required,
    suggestion,
    table,
    text,
)
from limen.core.units import Mistake, exponent_between, parse_count, parse_places, split

WORDS = {"u16": 1, "s16": 1, "u32": 2, "s32": 2, "f32": 2, "u48": 3, "s48": 3}
WORDS |= {"u64": 4, "s64": 4, "f64": 4, "bcd16": 1, "bcd32": 2, "bcd48": 3, "bcd64": 4}
WORDS |= {"pf32": 2, "bit": 1}
"""Registers that a value of each type takes; a bit lies where functions 1 and 2 read."""
WORD_ORDERS = ("ABCD", "BADC", "CDAB", "DCBA")
READ_FUNCTIONS = (1, 2, 3, 4)
_BIT_FUNCTIONS = (1, 2)
_LAST_ADDRESS = 0xFFFF
_address = integer(0, _LAST_ADDRESS)


def list_of(read):
    """A reader of a list whose entries another one reads."""
    return lambda value: [read(entry) for entry in entries(value)]


def bit_patterns(value):
    """A list of sentinels; an empty one is meant: no pattern of this register is special."""
    return list_of(integer(0, (1 << 64) - 1))(value) if value != [] else []


def _quantity(value):
    if quantity.lookup(text(value)) is None:
        hint = suggestion(value, quantity.names())
        raise Mistake(f'"{value}" is not in the vocabulary of quantities{hint}')
    return value


def _fraction(value):
    """An exact fraction of a number such as 1, 0.1, "0.001" or "1/3"."""
    parts = [_decimal(part) for part in str(value).split("/")]
    if len(parts) > 2 or parts[1:] == [0]:
        raise Mistake(f'must be a number such as 0.1 or "1/3", not {describe(value)}')
    return parts[0] / parts[1] if parts[1:] else parts[0]


def _decimal(written):
    mantissa, exponent, rest = split(written)
    if rest:
        raise Mistake(f'must be a number such as 0.1 or "1/3", not "{written}"')
    return mantissa * Fraction(10) ** exponent


def _scale(value):
    scale = _fraction(value)
    if scale <= 0:
        raise Mistake(f'must be more than 0, not "{value}"')
    return scale


def _bit_range(value):
    """(lowest bit, number of bits) of 3, one bit, or [0, 7], the lowest and the highest one."""
    ends = [integer(0, 63)(end) for end in (value if isinstance(value, list) else [value])]
    if not 1 <= len(ends) <= 2 or ends[0] > ends[-1]:
        raise Mistake("must be one bit, such as 3, or the lowest and the highest: [0, 7]")
    return ends[0], ends[-1] - ends[0] + 1


def _states(value):
    """{number as text: name}; the keys of a TOML table are texts."""
    for key, name in table(value).items():
        if not key.isdecimal():
            raise Mistake(f'must be a table such as {{ 0 = "off", 1 = "on" }}, not "{key} = ..."')
        text(name)
    return value


_REGISTER = {
    "quantity": required(_quantity, 'quantity = "voltage_l1"'),
    "address": required(_address, "address = 0"),
    "type": required(one_of(tuple(WORDS)), 'type = "f32"'),
    "word_order": optional(one_of(WORD_ORDERS)),
    "function": optional(one_of(READ_FUNCTIONS)),
    "scale": optional(_scale, Fraction(1)),
    "offset": optional(_fraction, Fraction(0)),
    "exponent": optional(_address),
    "bits": optional(_bit_range),
    "unit": optional(text, ""),
    "resolution": optional(text),
    "sentinel": optional(bit_patterns),
    "states": optional(_states),
    "write": optional(table),
    "verified": optional(boolean, True),
}
_WRITE = {
    "function": required(one_of((5, 6, 15, 16)), "function = 6"),
    "low": required(text, 'low = "0 degC"'),
    "high": required(text, 'high = "200 degC"'),
}


def read_register(spot: Spot, line, profile: dict) -> dict | None:
    """The fields of a line with what it inherits from the profile, and its compiled `channel`.

    None if it is not a table; `channel` is None if a mistake in the line keeps it from compiling.
    """
    values = spot.read_table(line, _REGISTER)
    if values is None:
        return None
    for key in ("word_order", "function"):
        values[key] = values[key] or profile[key]
    if values["sentinel"] is None:
        values["sentinel"] = (profile["sentinel"] or {}).get(values["type"], [])
    _check_type(spot, values)
    values["channel"] = _compile(spot, values, profile["function"])
    return values


def _check_type(spot: Spot, values: dict) -> None:
    """The parts of a line that go with some types only."""
    kind, function = values["type"], values["function"]
    if kind is None or function is None:
        return
    if (kind == "bit") != (function in _BIT_FUNCTIONS):
        meant = "a bit is read with function 1 or 2" if kind == "bit" else 'reads the type "bit"'
        spot.at("function").report(f"function {function}: {meant}")
    for key in ("exponent", "bits", "offset"):
        if values[key] and kind in ("bit", "pf32"):
            spot.at(key).report(f"does not go with the type {kind}")
    if values["bits"] and (kind[0] != "u" or sum(values["bits"]) > 16 * WORDS[kind]):
        spot.at("bits").report(f"the type {kind} has no such bits; they are counted from 0 in u16")
    for pattern in values["sentinel"] or []:
        if pattern >> 16 * WORDS[kind]:
            spot.at("sentinel").report(f"{pattern:#x} does not fit into the type {kind}")


def _compile(spot: Spot, values: dict, usual_function: int) -> list | None:
    """[name, places, register] and, if there is more to say, {"fc", "states", "write"}."""
    unit, kind = quantity.lookup(values["quantity"]) or (None, None)
    places = _places(spot, values, unit, kind)
    shift = _unit_shift(spot, values, unit)
    needed = (values["address"], values["type"], values["function"], values["scale"])
    if None in (places, shift, values["offset"], *needed):
        return None
    extra = {}
    if values["function"] != usual_function:
        extra["fc"] = values["function"]
    if values["states"]:
        extra["states"] = values["states"]
        if kind != "state":
            spot.at("states").report(f"{values['quantity']} is a {kind}, not a state")
    if values["write"] is not None:
        extra["write"] = _read_write(spot.at("write"), values["write"], unit, places)
    channel = [values["quantity"], places, _compact_register(values, Fraction(10) ** shift)]
    return [*channel, extra] if extra else channel


def _places(spot: Spot, values: dict, unit: str | None, kind: str | None) -> int | None:
    if unit is None:
        return None
    if values["resolution"] is None:
        if kind == "state":
            return 0
        example = f"0.1 {unit}".strip()
        spot.at("resolution").report(f'is missing; write for example resolution = "{example}"')
        return None
    return spot.at("resolution").read(values["resolution"], lambda told: parse_places(told, unit))


def _unit_shift(spot: Spot, values: dict, unit: str | None) -> int | None:
    """The power of ten from the unit as written to that of the quantity."""
    if unit is None or values["unit"] is None:
        return None
    shift = exponent_between(values["unit"], unit)
    if shift is None:
        found = f'"{values["unit"]}"' if values["unit"] else "no unit"
        sentence = f'must be "{unit}" or a multiple of it, not {found}' if unit else "has no unit"
        spot.at("unit").report(sentence)
    return shift


def _compact_register(values: dict, factor: Fraction) -> list:
    """The register as the firmware takes it, but for the resolution, which a site may change."""
    scale, offset = values["scale"] * factor, values["offset"] * factor
    denominator = lcm(scale.denominator, offset.denominator)
    numerator = int(scale * denominator)
    start, words = span(values)
    fraction = [numerator, denominator]
    if not offset and values["exponent"] is None and not values["bits"]:
        return [start, values["type"], values["word_order"], *fraction, *values["sentinel"]]
    exponent_at = -1 if values["exponent"] is None else values["exponent"] - start
    fraction += [int(offset * denominator), words, values["address"] - start, exponent_at]
    fraction += values["bits"] or (0, 0)
    return [start, values["type"] + "*", values["word_order"], *fraction, *values["sentinel"]]


def span(values: dict) -> tuple[int, int]:
    """(first register, number of registers) of a value and its exponent."""
    addresses = [values["address"], values["address"] + WORDS[values["type"]] - 1]
    if values["exponent"] is not None:
        addresses.append(values["exponent"])
    return min(addresses), max(addresses) - min(addresses) + 1


def _read_write(spot: Spot, write: dict, unit: str, places: int) -> list | None:
    """[function, lowest, highest] of what may be written, the limits as texts with their unit."""
    values = spot.read_table(write, _WRITE)
    limits = []
    for end in ("low", "high"):
        told = values[end]
        if told is not None:
            limits.append(spot.at(end).read(told, lambda text: parse_count(text, unit, places)))
    if len(limits) == 2 and None not in limits and limits[0] >= limits[1]:
        spot.at("high").report(f"{values['high']} is not above low, {values['low']}")
    return [values["function"], values["low"], values["high"]]


def check_overlaps(spot: Spot, registers: list[dict | None], max_registers: int | None) -> None:
    """Every quantity and every bit has one line only, and every value fits into a request."""
    quantities, cells = Owners(), Owners()
    for index, register in enumerate(registers):
        here = spot.at(index)
        if register is None or None in (register["address"], register["type"]):
            continue
        owner = f"register[{index}]"
        if register["quantity"]:
            sentence = "is the quantity of %s already"
            quantities.claim(register["quantity"], owner, here.at("quantity"), sentence)
        _check_reach(here, register, max_registers)
        for cell in _cells(register):
            taken = cells.has(cell)
            sentence = f"register {cell[1]} belongs to %s already"
            cells.claim(cell, owner, here.at("address"), sentence)
            if taken:
                break
    for index, register in enumerate(registers):
        if register and register["exponent"] is not None:
            cell = (register["function"], register["exponent"], 0)
            if cells.has(cell):
                sentence = f"register {register['exponent']} is the value of %s"
                cells.claim(cell, "", spot.at(index, "exponent"), sentence)


def _check_reach(spot: Spot, register: dict, max_registers: int | None) -> None:
    words, (_, reach) = WORDS[register["type"]], span(register)
    if register["address"] + words - 1 > _LAST_ADDRESS:
        spot.at("address").report(f"{words} registers from here end beyond {_LAST_ADDRESS}")
    if max_registers and words > max_registers:
        spot.at("type").report(f"takes {words} registers, more than one request may read")
    elif max_registers and reach > max_registers:
        sentence = f"value and exponent are {reach} registers, more than one request may read"
        spot.at("exponent").report(sentence)


def _cells(register: dict) -> list[tuple]:
    """(function, address, bit) of all that a line takes; bit 0 is the lowest of its register."""
    words = WORDS[register["type"]]
    low, bits = register["bits"] or (0, 16 * words)
    last_is_low = register["word_order"] in ("ABCD", "BADC")
    cells = []
    for bit in range(low, min(low + bits, 16 * words)):
        word = bit // 16
        place = words - 1 - word if last_is_low else word
        cells.append((register["function"], register["address"] + place, bit % 16))
    return cells
