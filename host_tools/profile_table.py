"""What a profile says, as text for people: rows of registers, and the page of all models."""

from host_tools.profile import Profile
from limen.core import quantity
from limen.core.units import count_text

_HEAD = """\
# Supported meters

This page is made from the profiles: `limen profile table > docs/meters.md`. `limen profile show
NAME` prints one with every register; [add-a-meter.md](add-a-meter.md) tells how to add another.

*Channels* counts all, and in brackets those in the default set. A serial line in *italics* was not
seen in a source: check it at the meter. *Not verified* are channels that no source seen confirms;
they are never read unasked.

| Profile | Model | Serial line | Longest request | Channels | Not verified |
|---|---|---|---|---|---|
"""
_PARITY_LETTERS = {"none": "N", "even": "E", "odd": "O"}


def register_rows(profile: Profile) -> list[tuple[str, ...]]:
    """(channel, address, type, unit, resolution, remarks) of each register line."""
    rows = []
    for register in profile.registers:
        name, places = register["channel"][:2]
        unit, _ = quantity.lookup(name)
        address = f"{register['address']} 0x{register['address']:04X}"
        kind = register["type"]
        if register["word_order"] != profile.values["word_order"]:
            kind += " " + register["word_order"]
        resolution = count_text(1, unit, places)
        rows.append((name, address, kind, unit, resolution, _remarks(profile, register)))
    return rows


def _remarks(profile: Profile, register: dict) -> str:
    remarks = []
    if register["quantity"] in profile.values["default"]:
        remarks.append("default")
    if register["function"] != profile.values["function"]:
        remarks.append(f"function {register['function']}")
    if register["exponent"] is not None:
        remarks.append(f"exponent in {register['exponent']}")
    if register["bits"]:
        low, count = register["bits"]
        remarks.append(f"bit {low}" if count == 1 else f"bits {low} to {low + count - 1}")
    if register["write"]:
        remarks.append(f"writable, {register['write']['low']} to {register['write']['high']}")
    if register["states"]:
        remarks.append(", ".join(f"{key} {name}" for key, name in register["states"].items()))
    if not register["verified"]:
        remarks.append("not verified")
    return "; ".join(remarks)


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """The rows as lines whose columns begin below one another."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def serial_text(values: dict) -> str:
    """A framing such as 9600 8N1, and whether a source says so."""
    if values["sunspec"]:
        return "as the device is set"
    framing = _framing(values["serial"])
    return framing if values["serial"]["source"] else f"{framing} (not seen in a source)"


def _framing(serial: dict) -> str:
    return f"{serial['baud']} 8{_PARITY_LETTERS[serial['parity']]}{serial['stop']}"


def identity_text(identify: dict) -> str:
    """What lies where in a device of this model."""
    told = [f'"{text}"' for text in identify.get("text", ())]
    told += [" ".join(f"{word:04X}" for word in words) for words in identify.get("words", ())]
    return f"{' or '.join(told)} at {identify['address']}"


def meter_table(profiles: dict[str, Profile]) -> str:
    """The page of all models, in Markdown."""
    rows = [_table_row(name, profile) for name, profile in profiles.items()]
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _table_row(name: str, profile: Profile) -> tuple[str, ...]:
    values, registers = profile.values, profile.registers
    framing = _framing(values["serial"])
    if values["sunspec"]:
        framing = "any"
    elif not values["serial"]["source"]:
        framing = f"*{framing}*"
    doubtful = [register["quantity"] for register in registers if not register["verified"]]
    return (
        f"`{name}`",
        profile.compiled["model"],
        framing,
        str(values["max_registers"]),
        f"{len(registers)} ({len(values['default'])})",
        ", ".join(doubtful),
    )
