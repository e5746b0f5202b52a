"""Amounts as people write them, "45 kW" or "5min", into integer counts of a resolution.

A count is exact or it is an error: text is taken apart into an integer and a power of ten and no
float ever holds it, so a limit in a site file is the very number that samples are compared with.
"""

from limen.core.compat import const
from limen.core.text import Text

_MAX_DIGITS = const(18)
_PREFIX_EXPONENTS = (
    ("", 0),
    ("G", 9),
    ("M", 6),
    ("k", 3),
    ("h", 2),
    ("c", -2),
    ("m", -3),
    ("u", -6),
    ("µ", -6),
)
_KEYBOARD_SPELLINGS = {"deg": "°", "degC": "°C", "m3": "m³", "m3/h": "m³/h", "m/s2": "m/s²"}
_DURATIONS_MS = (("d", 86400000), ("h", 3600000), ("min", 60000), ("s", 1000), ("ms", 1))


class Mistake(ValueError):
    """One value is not as it must be; the text is the sentence for whoever wrote it."""


def split(text):
    """(mantissa, exponent of ten, unit) of an amount: "12.5 kW" is (125, -1, "kW")."""
    text = text.strip()
    start = 1 if text[:1] in ("+", "-") else 0
    end = start
    while end < len(text) and text[end] in "0123456789.":
        end += 1
    whole, _, fraction = text[start:end].partition(".")
    digits = whole + fraction
    if not digits or "." in fraction:
        raise Mistake('"%s" does not begin with a number' % text)
    if text[end : end + 1] == ",":
        raise Mistake('"%s": write a decimal point, not a comma' % text)
    if len(digits) > _MAX_DIGITS:
        raise Mistake('"%s" has more than %d digits' % (text, _MAX_DIGITS))
    mantissa = int(digits)
    return (-mantissa if text[0] == "-" else mantissa), -len(fraction), text[end:].strip()


def exponent_between(written, unit):
    """Power of ten from the unit `written` to `unit`: 3 from "kW" to "W"; None if unrelated."""
    written = _KEYBOARD_SPELLINGS.get(written, written)
    if written == unit:
        return 0
    for prefix, exponent in _PREFIX_EXPONENTS:
        for own_prefix, own_exponent in _PREFIX_EXPONENTS:
            base = unit[len(own_prefix) :]
            if unit != own_prefix + base or written != prefix + base:
                continue
            if base and base[1:2] not in ("²", "³"):
                return exponent - own_exponent
    return None


def parse_count(text, unit, places):
    """The integer count of 10**-places `unit` that `text` stands for."""
    mantissa, exponent, written = split(text)
    shift = exponent_between(written, unit)
    if shift is None:
        raise Mistake(_wrong_unit(text, written, unit))
    return _exact(mantissa, exponent + shift + places, places, unit)


def positive(value, unit="", places=6):
    """The count of an amount above nothing; where there is no unit, 1000 is as good as "1000"."""
    count = parse_count(value if isinstance(value, str) else str(value), unit, places)
    if count > 0:
        return count
    raise Mistake("must be more than 0")


def parse_places(text, unit):
    """Places of a resolution: "0.01 V" for a unit of V is 2, "1 Wh" for kWh is 3."""
    mantissa, exponent, written = split(text)
    shift = exponent_between(written, unit)
    if shift is None:
        raise Mistake(_wrong_unit(text, written, unit))
    while mantissa and mantissa % 10 == 0:
        mantissa //= 10
        exponent += 1
    places = -(exponent + shift)
    if mantissa != 1 or not -6 <= places <= 9:
        raise Mistake('"%s" is not a resolution: write 1, 10, 0.1, 0.01 and so on' % text)
    return places


def parse_ms(text):
    """Milliseconds of a duration such as "500 ms", "1s", "5min", "1.5 h", "2d"."""
    mantissa, exponent, written = split(text)
    for unit, factor in _DURATIONS_MS:
        if unit == written:
            return _exact(mantissa * factor, exponent, 0, "ms")
    raise Mistake('"%s" is not a duration: write a number and ms, s, min, h or d' % text)


def ms_text(ms):
    """A duration as people write it: 300000 is "5min"."""
    for unit, factor in _DURATIONS_MS:
        if ms >= factor and ms % factor == 0:
            return "%d%s" % (ms // factor, unit)
    return "%dms" % ms


def count_text(count, unit, places):
    """A count as people write it: 4501 of 0.1 W is "450.1 W"."""
    line = Text(bytearray(80))
    line.put_decimal(count, places)
    return bytes(line.buffer[: line.at]).decode() + (" " + unit if unit else "")


def _exact(mantissa, exponent, places, unit):
    if exponent >= 0:
        return mantissa * 10**exponent
    divisor = 10**-exponent
    count, rest = divmod(mantissa, divisor)
    if rest:
        nearest = count_text(count + (2 * rest >= divisor), unit, places)
        step = count_text(1, unit, places)
        raise Mistake('is finer than the resolution of %s; the nearest is "%s"' % (step, nearest))
    return count


def _wrong_unit(text, written, unit):
    if not unit:
        return '"%s": this quantity has no unit; write the number alone' % text
    if not written:
        return '"%s" has no unit; write "%s %s"' % (text, text.strip(), unit)
    return '"%s" is not in %s; write a number and its unit, such as "10 %s"' % (text, unit, unit)
