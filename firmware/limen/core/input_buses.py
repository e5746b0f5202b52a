"""The buses of inputs in a site file: their pins on the board, their controllers in the chip."""

from limen.core.schema import boolean, duration_ms, integer, one_of, optional, required, text
from limen.core.units import Mistake, parse_count


def hertz(low, high):
    """A frequency such as "400 kHz", in hertz."""

    def read(value):
        hz = parse_count(text(value), "Hz", 0)
        if low <= hz <= high:
            return hz
        raise Mistake('must be %d to %d Hz, not "%s"' % (low, high, value))

    return read


def _no_key(_):
    raise Mistake(
        "telegrams that are encrypted, as in Austria and Luxembourg, are not read; ask the grid "
        "operator for a port without encryption, or put a decoder between meter and gateway"
    )


# The number of the first controller of a kind, and how many there are for us.
_CONTROLLERS = {"i2c": (0, 2), "spi": (1, 2)}
_SMALL_CHIPS = ("esp32c3",)
_STRAPPING = (
    "pin %d decides at a reset how the chip starts, so what is wired to it can keep the board from "
    "starting; take another pin, or allow it with allow_strapping = [%d] in the gateway's table"
)
_pin = integer(0, 48)

BUSES = {
    "i2c": {
        "sda": required(_pin, "sda = 21"),
        "scl": required(_pin, "scl = 22"),
        "frequency": optional(hertz(10000, 400000), 100000),
    },
    "spi": {
        "sck": required(_pin, "sck = 14"),
        "mosi": required(_pin, "mosi = 13"),
        "miso": required(_pin, "miso = 27"),
        "frequency": optional(hertz(100000, 5000000), 1000000),
    },
    "onewire": {"pin": required(_pin, "pin = 4")},
    "pins": {},
    "p1": {
        "rx": required(_pin, "rx = 34"),
        "tx": optional(_pin),
        "request": optional(_pin),
        "uart": optional(integer(0, 2)),
        "dsmr": optional(one_of(("2", "3", "4", "5")), "5"),
        "baud": optional(one_of((9600, 115200))),
        "bits": optional(integer(7, 8)),
        "parity": optional(one_of(("none", "even", "odd"))),
        "invert": optional(boolean, True),
        "timeout": optional(duration_ms(1000, 60000), 12000),
        "key": optional(_no_key),
    },
}
"""The fields of each kind of bus, beside its id and kind."""


def claim_pin(spot, pin, owner, board, owners, is_output):
    """Give a pin to its owner; a problem if the board cannot use it so, or if it is taken."""
    if pin is None or not board:
        return
    if pin in board.get("strapping", ()):
        spot.report(_STRAPPING % (pin, pin))
    if pin in board["output"] or pin in board["input"] and not is_output:
        owners.claim(("pin", pin), owner, spot, "pin %d" % pin + " is taken by %s already")
    else:
        use = "an output" if is_output else "an input"
        spot.report("pin %d of this board cannot be used as %s" % (pin, use))


def wire_bus(spot, bus, board, owners, name):
    """The compact form of a bus for inputs."""
    kind = bus["kind"]
    if kind == "p1":
        from limen.core.p1_config import wire_port

        return wire_port(spot, bus, board, owners, name)
    compact = {"id": bus["id"], "kind": kind}
    for key in BUSES[kind]:
        if key == "frequency":
            compact["hz"] = bus[key]
        else:
            compact[key] = bus[key]
            claim_pin(spot.at(key), bus[key], name + "." + key, board, owners, key != "miso")
    if kind in _CONTROLLERS and board:
        compact[kind] = _free_controller(spot, kind, board, owners)
    return compact


def _free_controller(spot, kind, board, owners):
    first, count = _CONTROLLERS[kind]
    if board.get("chip") in _SMALL_CHIPS:
        count = 1
    for number in range(first, first + count):
        if not owners.has((kind, number)):
            owners.claim((kind, number), kind, spot, "")
            return number
    spot.report("this chip has controllers for %d buses of kind %s" % (count, kind))
    return None
