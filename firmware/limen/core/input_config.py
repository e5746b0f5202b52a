"""Inputs beside the meters, in a site file: sensors, and what hangs at the pins of the chip.

A device on I2C, SPI, 1-Wire or the pins names its model as `profile`, as a meter does;
`input_models` has them all. The validator loads this module for a site that has such a bus.
"""

from limen.core.channel_config import period, read_channels
from limen.core.input_buses import BUSES, claim_pin
from limen.core.input_models import MODELS
from limen.core.schema import (
    identifier,
    loosely,
    one_of,
    optional,
    required,
    table,
    text,
)

# A device whose channels are not listed shows all of them, or the first two of many.
_MOST_BY_DEFAULT = 3
_SOME = 2
_CONVERTER_PINS = {"esp32": (32, 39), "esp32s3": (1, 10), "esp32c3": (0, 4)}
_CONVERTER_DRIVERS = ("analog", "analog_vibration", "current_transformer")


class Inputs:
    """What the inputs of one gateway share while its site file is read."""

    def __init__(self, board, owners):
        self.board = board
        self.owners = owners
        self.chip = (board or {}).get("chip", "esp32")
        self.counters = 0
        self.on_bus = {}
        self.safe = {}

    def fields(self, written, buses):
        """The fields of a device as it is written; None if it is not on a bus of inputs."""
        kind = _kind_of_bus(written, buses) if isinstance(written, dict) else None
        if kind not in BUSES:
            return None
        names = sorted([name for name in MODELS if kind in MODELS[name].kinds])
        fields = {
            "id": required(identifier, 'id = "cabinet"'),
            "profile": required(one_of(names), 'profile = "%s"' % names[0]),
            "bus": required(text, 'bus = "sensors"'),
            "every": optional(period, 10000),
            "channels": optional(table, {}),
        }
        profile = written.get("profile")
        if isinstance(profile, str) and profile in names:
            return dict(MODELS[profile].fields(kind), **fields)
        return loosely(written, fields)

    def read(self, spot, values, buses, number, owner):
        """The compact form of a device on the bus of that number; None if its model is unknown."""
        if values["profile"] is None:
            return None
        bus = None if number is None else buses[number]
        one = Input(self, spot, values, bus, number, owner)
        depth = len(spot.path)
        # Where anything is wrong already, what follows from it would only be noise.
        is_wrong = [path for path, _ in spot.problems if path[:depth] == spot.path] != []
        if bus and bus["kind"] and not is_wrong:
            one.model.settle(one)
        return one.device

    def wire(self, compact):
        """Complete the compact form of a bus when all devices are read."""
        if compact["kind"] == "pins":
            compact["outputs"] = self.safe.get(compact["id"], [])


class Input:
    """One device while its part of the site file is read; `device` is its compact form."""

    def __init__(self, inputs, spot, values, bus, number, owner):
        self.spot = spot
        self.values = values
        self.chip = inputs.chip
        self.model = MODELS[values["profile"]]
        self._inputs = inputs
        self._bus = bus
        self._owner = owner
        title, driver = self.model.title, self.model.driver
        self.device = {"id": values["id"], "bus": number, "model": title, "driver": driver}
        for key in ("pin", "address"):
            if key in values:
                self.device[key] = values[key]
        if "pin" in values:
            self.claim_pin("pin", driver == "digital_out")
            self._check_converter(driver)
        self.device["channel"] = self._channels()

    def _channels(self):
        values, channels = self.values, self.model.channels
        if self.model.driver == "p1":
            from limen.core.p1_channels import profile

            return read_channels(self.spot.at("channels"), values, profile(self.model.title))
        if channels is None:
            if values["quantity"] is None:
                return []
            channels = [(values["quantity"], _usual_places(values["quantity"]))]
        known = [[name, places, None] for name, places in channels]
        shown = len(known) if len(known) <= _MOST_BY_DEFAULT else _SOME
        default = [channel[0] for channel in known[:shown]]
        profile = {"model": self.model.title, "channel": known, "default": default}
        return read_channels(self.spot.at("channels"), values, profile)

    def _check_converter(self, driver):
        """The second converter of a chip stops while Wi-Fi runs, so only the first one counts."""
        pin = self.values["pin"]
        if driver not in _CONVERTER_DRIVERS or pin is None:
            return
        low, high = _CONVERTER_PINS[self.chip]
        if not low <= pin <= high:
            sentence = "pin %d has no converter beside Wi-Fi; on this chip pins %d to %d have one"
            self.spot.at("pin").report(sentence % (pin, low, high))

    def claim_pin(self, key, is_output):
        inputs = self._inputs
        spot = self.spot.at(key)
        owner = self._owner + "." + key
        claim_pin(spot, self.values[key], owner, inputs.board, inputs.owners, is_output)

    def claim_address(self, part=None):
        """Two devices cannot have one address, unless they are parts of one."""
        address = self.device["address"]
        sentence = "0x%02x on this bus belongs to" % address + " %s already"
        key = self._bus["id"], address, part
        self._inputs.owners.claim(key, self._owner, self.spot.at("address"), sentence)

    def claim_bus(self):
        """Nothing else can be on this bus."""
        sentence = "has %s already: a port is that of one meter"
        key = "alone", self._bus["id"]
        self._inputs.owners.claim(key, self._owner, self.spot.at("bus"), sentence)

    def set_pull(self):
        """Keep the pull resistor; pins that are inputs only have none."""
        pull, board = self.values["pull"], self._inputs.board
        self.device["pull"] = None if pull == "none" else pull
        pin = self.values["pin"]
        if self.device["pull"] and board and pin in board["input"] and self.chip == "esp32":
            sentence = 'pin %d of this chip has no pull resistor; wire one and write pull = "none"'
            self.spot.at("pull").report(sentence % pin)

    def next_counter(self):
        self._inputs.counters += 1
        return self._inputs.counters - 1

    def on_bus(self):
        """The ROM codes of the devices on this bus so far."""
        return self._inputs.on_bus.setdefault(self._bus["id"], [])

    def keep_safe(self, level):
        self._inputs.safe.setdefault(self._bus["id"], []).append([self.values["pin"], level])


def _kind_of_bus(written, buses):
    """The kind of the device's bus; where that is not known, one that its model can be on."""
    name, profile = written.get("bus"), written.get("profile")
    for bus in buses:
        if bus and bus["kind"] and bus["id"] == name is not None:
            return bus["kind"]
    if not isinstance(profile, str) or profile not in MODELS:
        return None
    return MODELS[profile].kinds[-1 if "cs" in written else 0]


def _usual_places(name):
    """Places of a quantity for which the site file names no resolution."""
    return 0 if name == "pulse_count" else 3
