"""An accelerometer in a site file that tells velocity, shape and orders: which band it measures.

The lower end of the band is written; the upper one is that of the sensor at its rate, or that up to
which its samples can be integrated. The name of the model tells it, so that everybody who reads the
birth knows what was measured.
"""

from limen.core.function_config import claim_id, find_channel
from limen.core.scaling import Line
from limen.core.schema import entries, optional, text
from limen.core.units import Mistake, parse_count, positive
from limen.core.vibration import MILLI, SETTLED_LEAKS, leak_of

_ISO_HZ = (10, 1000)
_PLACES = 3
_MILLION = 1000000
# Divided by it, a speed in such units is in mHz.
_SPEED_UNITS = {"1/min": 60, "Hz": 1}
FIELDS = {
    "from": optional(text, "10 Hz"),
    "speed": optional(text),
    "per_turn": optional(positive, _MILLION),
    "zones": optional(entries),
}
"""What a site file may say of them."""
_STATES = {"0": "A", "1": "B", "2": "C", "3": "D"}


def upper_hz(driver, rate_hz):
    """The LIS3DH filters at high resolution at a ninth of its rate: DocID17530, table 10."""
    return rate_hz // 9 if driver == "lis3dh" else rate_hz * 2 // 5


def settle_signature(one, names, samples):
    """Complete the compact form of an accelerometer that has one of these channels."""
    values, device = one.values, one.device
    rate_hz = device["rate_hz"]
    top_hz = upper_hz(device["driver"], rate_hz)
    from_hz = one.spot.at("from").read(values["from"], lambda value: _from(value, top_hz))
    zones = _read_zones(one.spot.at("zones"), values["zones"])
    orders = [int(name[-1]) for name in names if name.startswith("vibration_order")]
    millihz = _read_speed(one, orders)
    device["signature"] = [from_hz, top_hz, millihz, zones]
    device["model"] += ", %s Hz to %d Hz" % (from_hz, top_hz)
    if from_hz and ("vibration_velocity" in names or "vibration_zone" in names):
        _check_length(one.spot.at("samples"), samples, rate_hz, from_hz)
    if orders and millihz:
        _check_orders(one.spot, orders, samples, rate_hz, top_hz, millihz)
    _check_zones(one, names, zones, from_hz, top_hz)


def _read_speed(one, orders):
    """In mHz; 0 where it is in a channel, which `gather_shafts` finds when all are known."""
    here, speed, per_turn = one.spot.at("speed"), one.values["speed"], one.values["per_turn"]
    if speed is None:
        if orders:
            sentence = 'is missing for the orders; write for example speed = "1480 1/min", or '
            here.report(sentence + 'a channel, speed = "drive.rotational_speed"')
        return 0
    if speed[:1].isalpha():
        if orders:
            one.device["shaft"] = here, speed, per_turn
        return 0
    if per_turn != _MILLION:
        one.spot.at("per_turn").report("is for a speed that is in a channel")
    return here.read(speed, _millihz) or 0


def gather_shafts(spot, compact):
    """The function that hands the speeds in channels to the sensors; None where there are none."""
    devices = compact["device"]
    everyone = devices + compact.get("function", [])
    shafts, follows = [], set()
    for number in range(len(devices)):
        if "shaft" in devices[number]:
            here, name, per_turn = devices[number].pop("shaft")
            shaft = _read_shaft(here, name, per_turn, everyone)
            if shaft:
                place, line = shaft
                shafts.append([place, number + 1, line])
                follows.add(place[0])
    if not shafts:
        return None
    claim_id(spot, "shafts", everyone)
    shared = {"id": "shafts", "function": "shaft", "model": None, "channel": []}
    return dict(shared, follows=sorted(follows), shafts=shafts)


def _read_shaft(spot, name, per_turn, devices):
    """(place of the channel, line from its count to mHz)."""
    found = find_channel(spot, name, devices)
    if not found:
        return None
    place, channel = found
    unit = channel["unit"]
    if unit not in _SPEED_UNITS:
        spot.report('"%s" is in %s; a speed is in 1/min or Hz' % (name, unit or "no unit"))
        return None
    line = Line(MILLI * _MILLION, 0, _SPEED_UNITS[unit] * per_turn, -channel["places"])
    return place, [line.numerator, line.offset, line.denominator]


def _from(value, top_hz):
    hz = parse_count(value, "Hz", 0)
    if 1 <= hz < top_hz:
        return hz
    raise Mistake("must be 1 Hz to less than %d Hz, up to which this sensor measures" % top_hz)


def _millihz(value):
    """Turns in a thousand seconds of a speed in 1/min."""
    per_min = parse_count(value, "1/min", 0)
    if 1 <= per_min <= 100000:
        return (per_min * MILLI + 30) // 60
    raise Mistake("must be 1 to 100000 1/min")


def _check_length(spot, samples, rate_hz, from_hz):
    least = 2 * SETTLED_LEAKS * leak_of(rate_hz, from_hz) + 1
    if samples < least:
        least += -least % 32
        if least <= 2048:
            sentence = "must be %d or more at this rate, for a velocity from %d Hz on"
            spot.report(sentence % (least, from_hz))
        else:
            spot.report("cannot be enough at this rate for %d Hz; take a slower one" % from_hz)


def _check_orders(spot, orders, samples, rate_hz, top_hz, millihz):
    if samples * millihz < rate_hz * MILLI:
        spot.at("speed").report("makes not one turn in a burst; take more samples or a lower rate")
    for order in orders:
        if order * millihz > top_hz * MILLI:
            sentence = "is at %d Hz, and this sensor measures up to %d Hz"
            spot.at("channels", "vibration_order_%d" % order).report(
                sentence % (order * millihz // MILLI, top_hz)
            )


def _read_zones(spot, written):
    """Three limits in µm/s."""
    if written is None:
        return []
    zones = [spot.at(index).read(written[index], _velocity) for index in range(len(written))]
    if None in zones:
        return []
    if len(zones) != 3 or not 0 < zones[0] < zones[1] < zones[2]:
        spot.report('must be three rising limits, such as ["1.4 mm/s", "2.8 mm/s", "4.5 mm/s"]')
    return zones


def _velocity(value):
    return parse_count(text(value), "mm/s", _PLACES)


def _check_zones(one, names, zones, from_hz, top_hz):
    """ISO 20816 speaks of 10 to 1000 Hz: a zone of less than that would look better than it is."""
    if "vibration_zone" not in names:
        return
    if not one.values["zones"]:
        one.spot.at("zones").report("are missing for vibration_zone: three limits of ISO 20816")
    low_hz, high_hz = _ISO_HZ
    if from_hz and (from_hz > low_hz or top_hz < high_hz):
        sentence = "needs 10 to 1000 Hz, and this is %d to %d Hz; take an ADXL345 at 3200 Hz, or "
        sentence += "an analog accelerometer at 2500 Hz"
        one.spot.at("channels", "vibration_zone").report(sentence % (from_hz, top_hz))
    for channel in one.device["channel"]:
        if channel and channel["name"] == "vibration_zone":
            channel["states"] = _STATES
