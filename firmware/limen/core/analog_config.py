"""Analog inputs in a site file: from "4-20 mA", "0 bar" and "10 bar" to a line and four limits.

All of it is exact: amounts become integers of a small unit, and the line three integers for the
raw numbers of the converter, so that a gateway only multiplies and compares.
"""

from limen.core import quantity
from limen.core.scaling import Line, rounded, through
from limen.core.schema import one_of, optional, required, suggestion, text
from limen.core.units import Mistake, parse_count, split

_CHIP_UV = (150000, 2450000)  # where the chip's converter is linear at 11 dB
_CURRENT_LOOP = ("mA", 4000000, 20000000)
_NAMUR_NA = (3600000, 3800000, 20500000, 21000000)  # NE 43: failure, range, range, failure
_FINE = 9  # places of an amount, of whatever quantity
_FULL_SCALES_MV = (6144, 4096, 2048, 1024, 512, 256)
_LARGEST = 32766  # one more stands for anything beyond the full scale
_SINGLE = ("0", "1", "2", "3")
_INPUTS = ("0-1", "0-3", "1-3", "2-3") + _SINGLE


def gauge(value):
    """The name of a quantity that goes up and down."""
    return _quantity_of_kind(value, "gauge")


def counter(value):
    """The name of a quantity that only grows."""
    return _quantity_of_kind(value, "counter")


def _quantity_of_kind(value, kind):
    known = [name for name in quantity.names() if quantity.lookup(name)[1] == kind]
    if value in known:
        return value
    raise Mistake(
        '"%s" is no %s that is known here%s' % (text(value), kind, suggestion(value, known))
    )


def _signal(value):
    """("mA", low, high in nA) of "4-20 mA", ("V", low, high in µV) of "0-10 V", "-10..10 V"."""
    written = text(value).replace(" ", "").replace("..", "-")
    unit = "mA" if written.endswith("mA") else "V"
    at = written.find("-", 1)
    low, high = written[:at], written[at + 1 : len(written) - len(unit)]
    if written.endswith(unit) and at > 0 and high:
        ends = parse_count(low, "", 6), parse_count(high, "", 6)
        if ends[0] < ends[1]:
            return (unit,) + ends
    raise Mistake('must be a range such as "4-20 mA", "0-10 V" or "-2..2 V", not "%s"' % value)


def ohms(value):
    """Milliohms of "100 ohm" or "4.7 kohm"."""
    resistance = parse_count(text(value), "ohm", 3)
    if resistance > 0:
        return resistance
    raise Mistake("must be more than 0 ohm")


def _divider(value):
    """Milliohms of the upper and the lower resistor of a divider."""
    if isinstance(value, list) and len(value) == 2:
        return ohms(value[0]), ohms(value[1])
    raise Mistake('must be the upper and the lower resistor, such as ["33 kohm", "10 kohm"]')


ANALOG = {
    "quantity": required(gauge, 'quantity = "pressure"'),
    "signal": required(_signal, 'signal = "4-20 mA"'),
    "from": required(text, 'from = "0 bar"'),
    "to": required(text, 'to = "10 bar"'),
    "shunt": optional(ohms),
    "divider": optional(_divider, (0, 1)),
}
ADS1115 = {
    "input": required(one_of(_INPUTS), 'input = "0"'),
    "full_scale": optional(one_of(["%d mV" % mv for mv in _FULL_SCALES_MV]), "4096 mV"),
}
ADS1115.update(ANALOG)
TRANSFORMER = {
    "quantity": optional(gauge, "current"),
    "primary": required(text, 'primary = "100 A"'),
    "secondary": required(text, 'secondary = "50 mA"'),
    "burden": optional(ohms),
    "mains": optional(one_of(("50 Hz", "60 Hz")), "50 Hz"),
}


def settle_analog(one):
    """Line and limits of an input of the chip, whose raw numbers are microvolts."""
    ratio = _ratio(one)
    if ratio is None or _is_below_ground(one, "a pin of the chip"):
        return
    signal = one.values["signal"]
    ends_na = (_NAMUR_NA[0], _NAMUR_NA[3]) if signal == _CURRENT_LOOP else (None, signal[2])
    lowest_uv, highest_uv = [end and end * ratio[0] // (ratio[1] * 1000) for end in ends_na]
    if highest_uv > _CHIP_UV[1] or lowest_uv is not None and lowest_uv < _CHIP_UV[0]:
        key = "shunt" if signal[0] == "mA" else "divider"
        sentence = "makes the signal %s at the pin, and this chip measures 150 to 2450 mV; "
        sentence += "use for example %s"
        made = "up to %d mV" % (highest_uv // 1000)
        if lowest_uv is not None:
            made = "%d to %d mV" % (lowest_uv // 1000, highest_uv // 1000)
        example = '"100 ohm"' if key == "shunt" else '["33 kohm", "10 kohm"] for 10 V'
        one.spot.at(key).report(sentence % (made, example))
    line, limits = _line_and_limits(one, ratio, 1000, 1)
    good_from, good_to = max(limits[1], _CHIP_UV[0]), min(limits[2], _CHIP_UV[1])
    one.device["line"] = line
    one.device["limits"] = [limits[0], good_from, good_to, limits[3]]


def settle_ads1115(one):
    """Line and limits of an input of an ADS1115, and its part of the converter's setting."""
    values, device = one.values, one.device
    one.claim_address(values["input"])
    gain = ["%d mV" % mv for mv in _FULL_SCALES_MV].index(values["full_scale"])
    device["mux"] = _INPUTS.index(values["input"])
    device["gain"] = gain
    ratio = _ratio(one)
    if ratio is None or values["input"] in _SINGLE and _is_below_ground(one, "a single input"):
        return
    # A step is the full scale, in millivolts, over 32768.
    device["line"], limits = _line_and_limits(one, ratio, _FULL_SCALES_MV[gain] * 1000000, 32768)
    device["limits"] = limits
    if limits[3] > _LARGEST or limits[0] < -_LARGEST:
        sentence = "is less than the signal makes at the input; use a larger one, or a divider"
        one.spot.at("full_scale").report(sentence)


def _ratio(one):
    """(a, b): nanovolts at the converter are signal * a / b; None, and a problem, if it is open."""
    values = one.values
    if values["signal"][0] == "V":
        upper, lower = values["divider"]
        return 1000 * lower, upper + lower
    if values["shunt"] is None:
        one.spot.at("shunt").report('is missing; write for example shunt = "100 ohm"')
        return None
    return values["shunt"], 1000


def _is_below_ground(one, where):
    """True, and a problem, if the signal is negative where only two inputs could measure that."""
    if one.values["signal"][1] >= 0:
        return False
    sentence = "goes below 0 V, which %s cannot; measure it between two inputs of an ADS1115, such "
    one.spot.at("signal").report((sentence + 'as input = "0-1"') % where)
    return True


def _line_and_limits(one, ratio, step_nv, per_step):
    """[numerator, offset, denominator] and limits for raw numbers of step_nv / per_step each."""
    values, channel = one.values, one.device["channel"][0]
    unit, low, high = values["signal"]
    ends = [
        one.spot.at(key).read(values[key], lambda end: parse_count(end, channel["unit"], _FINE))
        for key in ("from", "to")
    ]
    if None in ends:
        ends = [0, 1]
    if ends[0] == ends[1]:
        one.spot.at("to").report("must not be the same as from")
    numerator, offset, denominator = through(low, ends[0], high, ends[1])
    # From a raw number to the signal: raw * step / per_step nanovolts, over the ratio.
    to_signal, of_signal = step_nv * ratio[1], per_step * ratio[0]
    line = Line(
        numerator * to_signal,
        offset * of_signal,
        denominator * of_signal * 10**_FINE,
        channel["places"],
    )
    margin = high - low
    limits = (low - margin // 20, low - margin // 50, high + margin // 50, high + margin // 20)
    if values["signal"] == _CURRENT_LOOP:
        limits = _NAMUR_NA
    raw = [limit * of_signal for limit in limits]
    raw = [-(-raw[n] // to_signal) if n < 2 else raw[n] // to_signal for n in range(4)]
    return [line.numerator, line.offset, line.denominator], raw


def settle_transformer(one):
    """The line from steps of 0.1 mV at the pin to the current through a transformer."""
    values, device = one.values, one.device
    primary_ua = one.spot.at("primary").read(values["primary"], lambda a: parse_count(a, "A", 6))
    secondary = _secondary_nv(one)
    device["period_us"] = 20000 if values["mains"] == "50 Hz" else rounded(1000000, 60)
    device["bursts"] = values["periods"]
    if primary_ua and secondary:
        line = Line(primary_ua * 100000, 0, secondary * 1000000, device["channel"][0]["places"])
        device["line"] = [line.numerator, line.offset, line.denominator]


def _secondary_nv(one):
    """What the primary current makes at the pin, in nanovolts; None, and a problem, if nothing."""
    values = one.values
    here = one.spot.at("secondary")
    unit = here.read(values["secondary"], lambda amount: split(amount)[2])
    if unit is None or unit.endswith("V"):
        return here.read(values["secondary"], lambda volts: parse_count(volts, "V", 9))
    if values["burden"] is None:
        one.spot.at("burden").report('is missing; write for example burden = "22 ohm"')
        return None
    na = here.read(values["secondary"], lambda amperes: parse_count(amperes, "A", 9))
    return na and na * values["burden"] // 1000
