"""What can be seen on an emulated board and on what is wired to it: once as facts, for the status
page, and once as a line, for the terminal.

The board's file says what its pins are for, the site what hangs on them; a board without a site
has its pins, its network and its light all the same.
"""

from host_tools.emulation.board import Board
from host_tools.emulation.parts import value_at
from host_tools.fault_plan import KINDS
from host_tools.wiring import Wiring

WELL = "well"
_DIGITS = 4


def look(board: Board, facts: dict, wiring: Wiring | None) -> dict:
    """All of it, as JSON has it; `facts` are those of the board's file."""
    joined = board.station.joined
    parts = board.peripherals
    return {
        "runs": board.is_running,
        "boots": board.boots,
        "wifi": joined and (joined.ssid or "joined"),
        "is_wifi_up": any(point.is_up for point in board.station.access_points),
        "access_point": board.access_point and board.access_point[0],
        "is_plugged": board.cable.is_plugged,
        "light": _light(board, facts["led"]),
        "button": _is_pressed(board, facts["button"]) if has_button(facts) else None,
        "outputs": {str(pin): level for pin, level in sorted(board.pins.items())},
        "inputs": _inputs(board, facts),
        "volts": _volts(board, facts),
        "i2c": [
            {"bus": bus, "address": address, "part": _kind(part), "is_present": part.is_present}
            for bus, on_bus in parts.i2c.items()
            for address, part in on_bus.items()
        ],
        "one_wire": [
            {"pin": pin, "part": _kind(part), "rom": part.rom.hex(), "is_present": part.is_present}
            for pin, line in parts.one_wire.items()
            for part in line.parts
        ],
        "lines": _lines(wiring) if wiring else [],
        "devices": _devices(board, wiring) if wiring else [],
    }


def sentence(seen: dict) -> str:
    """What matters of it, in a line."""
    light = seen["light"]
    parts = [
        f"{'runs' if seen['runs'] else 'does not run'}, started {seen['boots']} times",
        f"Wi-Fi {'joined' if seen['wifi'] else 'not joined'}",
        *([f"access point {seen['access_point']}"] if seen["access_point"] else []),
        *(f"{pin}={level}" for pin, level in seen["outputs"].items()),
        *([f"light {light}"] if light else []),
        *(
            f"no part at {part['address']:#04x} of I²C {part['bus']}"
            for part in seen["i2c"]
            if not part["is_present"]
        ),
        *(
            f"{device['name']} {device['fault']}"
            for device in seen["devices"]
            if device["fault"] not in (None, WELL)
        ),
    ]
    return "; ".join(parts)


def has_button(facts: dict) -> bool:
    """Whether there is one, and its level is known."""
    return bool(facts["button"]) and facts["button"]["pressed"] in (0, 1)


def _is_pressed(board: Board, button: dict) -> bool:
    return board.inputs.get(button["pin"]) == button["pressed"]


def _light(board: Board, led: dict | None) -> str | None:
    """Its colour, or whether it is on; None for a board without one."""
    if not led:
        return None
    if led["kind"] == "addressable":
        return f"#{bytes(board.peripherals.lights.get(led['pin'], (0, 0, 0))).hex()}"
    return "on" if board.pins.get(led["pin"], 0) != (led["kind"] == "inverted") else "off"


def _inputs(board: Board, facts: dict) -> dict[str, int | None]:
    """The levels from outside at the pins that may be inputs, None where there is none."""
    pins = {*facts["input"], *facts["output"], *board.inputs} - {*board.pins}
    return {str(pin): board.inputs.get(pin) for pin in sorted(pins)}


def _volts(board: Board, facts: dict) -> dict[str, float]:
    volts, now_us = board.peripherals.volts, board.now_us
    return {
        str(pin): round(float(value_at(volts.get(pin, 0), now_us)), _DIGITS)
        for pin in sorted({*facts["adc"], *volts})
    }


def _lines(wiring: Wiring) -> list[dict]:
    """The serial lines with who is on them."""
    return [
        {
            "uart": bus["uart"],
            "id": bus["id"],
            "baud": bus["baud"],
            "devices": [one["id"] for one in wiring.config["device"] if one["bus"] == number],
        }
        for number, bus in enumerate(wiring.config["bus"])
        if "uart" in bus
    ]


def _devices(board: Board, wiring: Wiring) -> list[dict]:
    """The site's devices: what they measure now, what of it a hand holds, what is wrong."""
    return [_device(one, board.now_us, wiring) for one in wiring.config["device"]]


def _device(device: dict, now_us: int, wiring: Wiring) -> dict:
    name = device["id"]
    held, meter = wiring.held[name], wiring.meters.get(name)
    known = [q for q in wiring.quantities(name) if q in held.quantities() or q in held.values]
    counts = getattr(meter, "counts", {})
    return {
        "name": name,
        "fault": fault_of(meter),
        "replies": counts.get("replies"),
        "measures": {
            quantity: round(float(held.value(quantity, now_us)), _DIGITS) for quantity in known
        },
        "held": [quantity for quantity in known if quantity in held.values],
    }


def fault_of(meter) -> str | None:
    """The kind of fault of a meter, None for what has none."""
    if not hasattr(meter, "faults"):
        return None
    kinds = {repr(fault): kind for kind, (fault, _) in KINDS.items()}
    return kinds.get(repr(meter.faults), WELL)


def _kind(part) -> str:
    return type(part).__name__.upper()
