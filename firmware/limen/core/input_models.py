"""The models of inputs: one entry each, with its driver, its channels and its settings.

Each entry ends with the function that turns what a site file says of a device into what its
driver needs, and reports what its chip cannot do.
"""

from limen.core import signature_config
from limen.core.analog_config import (
    ADS1115,
    ANALOG,
    TRANSFORMER,
    counter,
    settle_ads1115,
    settle_analog,
    settle_transformer,
)
from limen.core.input_buses import hertz
from limen.core.scaling import Line
from limen.core.schema import (
    boolean,
    describe,
    duration_ms,
    integer,
    one_of,
    optional,
    required,
    text,
)
from limen.core.units import Mistake, ms_text, parse_count, positive

_COUNTERS = {"esp32": 8, "esp32s2": 4, "esp32s3": 4}
_COUNTER_RANGE = 32000
_WINDOW = 32
_WINDOW_PAUSE_MS = 10
_PULLS = ("up", "down", "none")
_FINE = 9
_GRAVITY = 980665  # in hundred-thousandths of a m/s², by definition (CGPM 1901)
_CONVERTER_HZ = (250, 500, 1000, 1250, 2000, 2500, 3125, 4000, 5000)


def _rate(*known_hz, usual=400):
    def read(value):
        hz = hertz(1, 5000)(value)
        if hz in known_hz:
            return hz
        names = ", ".join([str(known) for known in known_hz])
        raise Mistake('must be one of %s Hz, not "%s"' % (names, value))

    return optional(read, usual)


def _address(*known):
    """An I2C address at which the sensor can be; the first one if none is written."""

    def read(value):
        is_number = isinstance(value, int) and value is not True
        if is_number and value in known:
            return value
        names = " or ".join(["0x%02x" % address for address in known])
        if is_number and 0 < value < 128:
            raise Mistake("must be %s, not %d, which is 0x%02x" % (names, value, value))
        raise Mistake("must be %s, not %s" % (names, describe(value)))

    return optional(read, known[0])


def _rom(value):
    """A ROM code without its CRC, in hex as it is on the wire, of "28-0123456789ab"."""
    written = text(value).lower()
    digits = written[:2] + written[3:]
    if len(written) == 15 and written[2] == "-" and not digits.strip("0123456789abcdef"):
        pairs = [digits[at : at + 2] for at in range(12, 0, -2)]
        return digits[:2] + "".join(pairs)
    raise Mistake('must be a ROM code such as "28-0123456789ab", not "%s"' % value)


def _on_or_off(value):
    return ("off", "on").index(one_of(("off", "on"))(value))


def _settle_sensor(one):
    one.claim_address()


def _settle_thermocouple(one):
    one.claim_address()
    one.device["thermocouple"] = "KJTNSEBR".index(one.values["thermocouple"])


def _settle_accelerometer(one):
    """A burst must have room in the period; the ADXL345 cannot send more than 800 Hz over I2C."""
    values, device = one.values, one.device
    if "cs" in values:
        device["cs"] = values["cs"]
        one.claim_pin("cs", True)
    else:
        one.claim_address()
        if device["driver"] == "adxl345" and values["rate"] > 800:
            one.spot.at("rate").report("is too fast for I2C, which does 800 Hz; use SPI")
    device["rate_hz"] = values["rate"]
    device["range_g"] = int(values["range"].split()[0])
    windows = device["windows"] = -(-values["samples"] // _WINDOW)
    burst_ms = windows * (_WINDOW * 1000 // values["rate"] + _WINDOW_PAUSE_MS)
    if values["every"] < burst_ms:
        sentence = "is shorter than the burst of %d samples, which takes %s"
        one.spot.at("every").report(sentence % (values["samples"], ms_text(burst_ms)))
    names = [channel["name"] for channel in device["channel"] if channel]
    if [name for name in names if name in _SIGNATURE]:
        device["axis"] = "xyz".index(values["axis"])
        signature_config.settle_signature(one, names, windows * _WINDOW)
        device["model"] += " along " + values["axis"]


def _settle_analog_vibration(one):
    """The rate is kept by the chip itself, to the microsecond."""
    values, device = one.values, one.device
    device["rate_hz"], device["samples"] = values["rate"], values["samples"]
    upper, lower = values["divider"]
    of_g = one.spot.at("sensitivity").read(
        values["sensitivity"], lambda value: positive(value, "mV/g", 3)
    )
    if of_g:
        # From steps of 100 µV at the pin, over µV for a g, to hundred-thousandths of a m/s².
        line = Line(100 * _GRAVITY * (upper + lower), 0, of_g * 100000 * lower)
        device["line"] = [line.numerator, line.offset, line.denominator]
    burst_ms = values["samples"] * 1000 // values["rate"]
    if values["every"] < 2 * burst_ms:
        sentence = "is shorter than twice the burst of %s, in which the gateway does nothing else"
        one.spot.at("every").report(sentence % ms_text(burst_ms))
    names = [channel["name"] for channel in device["channel"] if channel]
    signature_config.settle_signature(one, names, values["samples"])


def _settle_one_wire(one):
    """Without its ROM code a sensor must be alone on its bus."""
    device, wire = one.device, one.on_bus()
    device["rom"], device["bits"] = one.values["rom"], one.values["bits"]
    if wire and (device["rom"] is None or None in wire):
        sentence = (
            'is missing on a bus of several sensors; write for example rom = "28-0123456789ab"'
        )
        one.spot.at("rom").report(sentence)
    elif device["rom"] in wire:
        one.spot.at("rom").report("is that of another device on this bus")
    wire.append(device["rom"])


def _settle_pulses(one):
    values, device = one.values, one.device
    channel = device["channel"][0]
    count = _COUNTERS.get(one.chip, 0)
    device["unit"] = one.next_counter()
    if not count:
        sentence = "this chip, %s, has no pulse counter: pulses would be lost while the program is "
        sentence += "busy, and the total be wrong; use a board with an ESP32 or ESP32-S3"
        one.spot.report(sentence % one.chip)
    elif device["unit"] >= count:
        one.spot.report("this chip, %s, has no more than %d pulse counters" % (one.chip, count))
    start = 0
    if values["start"] is not None:
        unit = channel["unit"]
        start = one.spot.at("start").read(
            values["start"], lambda amount: parse_count(amount, unit, _FINE)
        )
    per_unit = values["pulses_per_unit"]
    line = Line(10 ** (6 + _FINE), (start or 0) * per_unit, per_unit * 10**_FINE, channel["places"])
    device["line"] = [line.numerator, line.offset, line.denominator]
    device["edge"], device["shortest_ms"] = values["edge"], values["shortest"]
    one.set_pull()
    longest_ms = values["shortest"] * _COUNTER_RANGE
    if channel["every_ms"] >= longest_ms:
        sentence = "is too long: pulses each %s fill the counter in %s"
        one.spot.at("every").report(sentence % (ms_text(values["shortest"]), ms_text(longest_ms)))


def _settle_digital_input(one):
    one.device["debounce_ms"] = one.values["debounce"]
    one.device["invert"] = one.values["invert"]
    one.set_pull()


def _settle_digital_output(one):
    values, device = one.values, one.device
    device["safe"], device["invert"] = values["safe"], values["invert"]
    one.keep_safe(values["safe"] ^ (1 if values["invert"] else 0))


def _settle_port(one):
    one.claim_bus()


_MOTION = {
    "range": optional(one_of(("2 g", "4 g", "8 g", "16 g")), "16 g"),
    "samples": optional(integer(32, 2048), 256),
    "axis": optional(one_of(("x", "y", "z")), "z"),
}
_MOTION.update(signature_config.FIELDS)
_SIGNATURE = (
    "vibration_velocity",
    "vibration_crest_factor",
    "vibration_kurtosis",
    "vibration_zone",
)
_SIGNATURE += tuple(["vibration_order_%d" % order for order in range(1, 9)])
"""What needs a burst without a gap."""
_MOTION_CHANNELS = [
    (name, 0 if name == "vibration_zone" else 3)
    for name in (
        "vibration_acceleration",
        "vibration_acceleration_peak",
        "vibration_acceleration_x",
        "vibration_acceleration_y",
        "vibration_acceleration_z",
        "acceleration_x",
        "acceleration_y",
        "acceleration_z",
    )
    + _SIGNATURE
]
_AXIS_CHANNELS = [
    (name, places)
    for name, places in _MOTION_CHANNELS
    if name in ("vibration_acceleration", "vibration_acceleration_peak") + _SIGNATURE
]
"""What a sensor with one axis tells."""
_CHIP_SELECT = required(integer(0, 48), "cs = 5")


class Model:
    """`channels` are (quantity, places); without any, the device has one, of the quantity that
    the site file names, or those of a P1 port, which are many. `fields` are those on a bus of the
    first kind."""

    def __init__(self, title, kinds, driver, settle, channels, fields):
        self.title = title
        self.kinds = kinds
        self.driver = driver
        self.settle = settle
        self.channels = channels
        self._fields = fields

    def fields(self, kind):
        """The fields on a bus of this kind: on SPI a chip select stands for the address."""
        fields = dict(self._fields)
        if kind == "spi":
            fields.pop("address")
            fields["cs"] = _CHIP_SELECT
        elif kind == "pins":
            fields["pin"] = required(integer(0, 48), "pin = 34")
        return fields


def _with(fields, *others):
    """Tables of fields as one."""
    together = dict(fields)
    for other in others:
        together.update(other)
    return together


MODELS = {
    "sensirion-sht3x": Model(
        "Sensirion SHT3x",
        ("i2c",),
        "sht3x",
        _settle_sensor,
        [("temperature", 2), ("humidity", 2)],
        {"address": _address(0x44, 0x45)},
    ),
    "bosch-bme280": Model(
        "Bosch BME280",
        ("i2c",),
        "bme280",
        _settle_sensor,
        [("temperature", 2), ("humidity", 2), ("pressure_air", 2)],
        {"address": _address(0x76, 0x77)},
    ),
    "microchip-mcp9600": Model(
        "Microchip MCP9600",
        ("i2c",),
        "mcp9600",
        _settle_thermocouple,
        [("temperature", 2), ("temperature_cold_junction", 2)],
        {
            "address": _address(0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67),
            "thermocouple": optional(one_of(tuple("KJTNSEBR")), "K"),
        },
    ),
    "ti-ads1115": Model(
        "Texas Instruments ADS1115",
        ("i2c",),
        "ads1115",
        settle_ads1115,
        None,
        _with(ADS1115, {"address": _address(0x48, 0x49, 0x4A, 0x4B)}),
    ),
    "analogdevices-adxl345": Model(
        "Analog Devices ADXL345",
        ("i2c", "spi"),
        "adxl345",
        _settle_accelerometer,
        _MOTION_CHANNELS,
        _with(
            _MOTION,
            {
                "address": _address(0x53, 0x1D),
                "rate": _rate(25, 50, 100, 200, 400, 800, 1600, 3200),
            },
        ),
    ),
    "st-lis3dh": Model(
        "ST LIS3DH",
        ("i2c", "spi"),
        "lis3dh",
        _settle_accelerometer,
        _MOTION_CHANNELS,
        _with(
            _MOTION,
            {"address": _address(0x18, 0x19), "rate": _rate(10, 25, 50, 100, 200, 400, 1344)},
        ),
    ),
    "maxim-ds18b20": Model(
        "Maxim DS18B20",
        ("onewire",),
        "ds18b20",
        _settle_one_wire,
        [("temperature", 2)],
        {"rom": optional(_rom), "bits": optional(integer(9, 12), 12)},
    ),
    "dsmr-p1": Model("DSMR P1", ("p1",), "p1", _settle_port, None, {}),
    "pulse-input": Model(
        "pulse input",
        ("pins",),
        "pulse",
        _settle_pulses,
        None,
        {
            "quantity": optional(counter, "pulse_count"),
            "pulses_per_unit": optional(positive, 1000000),
            "start": optional(text),
            "edge": optional(one_of(("falling", "rising")), "falling"),
            "pull": optional(one_of(_PULLS), "up"),
            "shortest": optional(duration_ms(1, 60000), 60),
        },
    ),
    "analog-input": Model("analog input", ("pins",), "analog", settle_analog, None, ANALOG),
    "analog-vibration": Model(
        "analog accelerometer",
        ("pins",),
        "analog_vibration",
        _settle_analog_vibration,
        _AXIS_CHANNELS,
        _with(
            {
                "sensitivity": required(text, 'sensitivity = "100 mV/g"'),
                "divider": ANALOG["divider"],
                "rate": _rate(*_CONVERTER_HZ, usual=2500),
                "samples": optional(integer(32, 2048), 1024),
            },
            signature_config.FIELDS,
        ),
    ),
    "current-transformer": Model(
        "current transformer",
        ("pins",),
        "current_transformer",
        settle_transformer,
        None,
        _with(TRANSFORMER, {"periods": optional(integer(1, 50), 10)}),
    ),
    "digital-input": Model(
        "digital input",
        ("pins",),
        "digital_in",
        _settle_digital_input,
        [("digital_input", 0)],
        {
            "pull": optional(one_of(_PULLS), "up"),
            "invert": optional(boolean, False),
            "debounce": optional(duration_ms(0, 10000), 20),
        },
    ),
    "digital-output": Model(
        "digital output",
        ("pins",),
        "digital_out",
        _settle_digital_output,
        [("digital_output", 0)],
        {"safe": required(_on_or_off, 'safe = "off"'), "invert": optional(boolean, False)},
    ),
}
