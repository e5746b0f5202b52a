"""An accelerometer in a site file that tells velocity, shape and orders: which band it measures.

The lower end of the band is written; the upper one is that of the sensor at its rate, or that up to
which its samples can be integrated. The name of the model tells it, so that everybody who reads the
birth knows what was measured.
"""

from limen.core.schema import text
from limen.core.units import Mistake, parse_count
from limen.core.vibration import MILLI, SETTLED_LEAKS, leak_of

_ISO_HZ = (10, 1000)
_PLACES = 3
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
    millihz = 0
    if values["speed"] is not None:
        millihz = one.spot.at("speed").read(values["speed"], _millihz) or 0
    zones = _read_zones(one.spot.at("zones"), values["zones"])
    device["signature"] = ["xyz".index(values["axis"]), from_hz, millihz, zones]
    device["model"] += ", %s Hz to %d Hz along %s" % (from_hz, top_hz, values["axis"])
    if from_hz and ("vibration_velocity" in names or "vibration_zone" in names):
        _check_length(one.spot.at("samples"), samples, rate_hz, from_hz)
    _check_orders(one.spot, names, samples, rate_hz, top_hz, millihz)
    _check_zones(one, names, zones, from_hz, top_hz)


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


def _check_orders(spot, names, samples, rate_hz, top_hz, millihz):
    orders = [int(name[-1]) for name in names if name.startswith("vibration_order")]
    if not orders:
        return
    if not millihz:
        spot.at("speed").report('is missing for the orders; write for example speed = "1480 1/min"')
    elif samples * millihz < rate_hz * MILLI:
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
    zones = [
        spot.at(index).read(written[index], _velocity)
        for index in range(len(written))
    ]
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
        sentence = "needs 10 to 1000 Hz, and this is %d to %d Hz; take an ADXL345 at 3200 Hz"
        one.spot.at("channels", "vibration_zone").report(sentence % (from_hz, top_hz))
    for channel in one.device["channel"]:
        if channel and channel["name"] == "vibration_zone":
            channel["states"] = _STATES
