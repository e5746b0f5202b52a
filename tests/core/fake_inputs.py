"""One device, or some, on a bus of a board for sensors and pins."""

from limen.core.config import check

CHIP = {
    "chip": "esp32",
    "network": "wifi",
    "uart": [1, 2],
    "output": [4, 5, 12, 13, 14, 18, 19, 21, 22, 23, 32, 33],
    "input": [34, 35],
    "port": [],
}
WIRES = {"id": "wires", "kind": "i2c", "sda": 21, "scl": 22}
SPI = {"id": "fast", "kind": "spi", "sck": 14, "mosi": 13, "miso": 12}
WIRE = {"id": "wire", "kind": "onewire", "pin": 4}
PINS = {"id": "pins", "kind": "pins"}
P1 = {"id": "port", "kind": "p1", "rx": 34, "tx": 13}
BUSES = {"i2c": WIRES, "spi": SPI, "onewire": WIRE, "pins": PINS, "p1": P1}


def checked(bus, devices, chip="esp32"):
    """(configuration, problems) of a gateway with these devices on one bus."""
    written = [
        dict({"id": "d%d" % n, "bus": bus["id"]}, **device) for n, device in enumerate(devices)
    ]
    site = {
        "site": {"id": "hall-2"},
        "mqtt": {"host": "broker.local"},
        "gateway": {"g1": {"board": "one", "bus": [bus], "device": written}},
    }
    return check(site, "g1", {}, {"one": dict(CHIP, chip=chip)})


def compiled(kind, **device):
    configuration, problems = checked(BUSES[kind], [device])
    assert problems == []
    (found,) = configuration["device"]
    return found


def said(kind, *devices, **options):
    """The problems of some devices, sorted, as "number.key: sentence"; MicroPython has no order."""
    compact, problems = checked(options.pop("bus", BUSES[kind]), devices, **options)
    assert (compact is None) == bool(problems)
    return sorted(
        [".".join([str(key) for key in path[3:]]) + ": " + text for path, text in problems]
    )


def begins(found, problem):
    """Whether one of the problems found begins so."""
    return any([text[: len(problem)] == problem for text in found])


def settings(device):
    """What the driver gets beside what every device has."""
    common = ("id", "bus", "model", "driver", "channel")
    return {key: value for key, value in device.items() if key not in common}
