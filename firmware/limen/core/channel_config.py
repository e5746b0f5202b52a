"""The channels of a device: which are read, how often, in which steps, and what is told of them."""

from limen.core import quantity
from limen.core.schema import boolean, duration_ms, optional, suggestion, table, whole
from limen.core.units import Mistake, count_text, ms_text, parse_count, parse_places

SHORTEST_MS = 10
LONGEST_MS = 6 * 86400000  # differences of ticks hold for 6.2 days
# How often something may be read or told.
period = duration_ms(SHORTEST_MS, LONGEST_MS)


def read_channels(spot, device, profile):
    """The channels that a device lists, else its profile's default set, in the profile's order."""
    listed = device["channels"]
    if not profile or listed is None:
        return []
    known = [channel[0] for channel in profile["channel"]]
    for name in listed:
        if name not in known:
            hint = suggestion(name, known)
            spot.at(name).report("%s has no such channel%s" % (profile["model"], hint))
    chosen = listed or profile["default"]
    return [
        _read_channel(spot.at(channel[0]), channel, listed.get(channel[0], {}), device["every"])
        for channel in profile["channel"]
        if channel[0] in chosen
    ]


def _read_channel(spot, channel, settings, every_ms):
    name, places, register = channel[:3]
    extra = channel[3] if len(channel) > 3 else {}
    unit, kind = quantity.lookup(name)
    fields = {
        "every": optional(period, every_ms),
        "resolution": optional(_places(unit), places),
        "report": optional(table),
        "alarm": optional(table),
        "writable": optional(_writable("write" in extra), False),
    }
    # Pulses have no register: their total is the gateway's own already.
    has_ledger = kind == "counter" and (register or "p1" in extra)
    if has_ledger:
        fields["ledger"] = optional(boolean, True)
        fields["counter"] = optional(table, {})
    values = spot.read_table(settings, fields)
    if values is None or values["resolution"] is None:
        return None
    # What builds on a channel is checked, too, where its rate is wrong, and finds nothing in that.
    places, every_ms = values["resolution"], values["every"] or 0
    compact = {"name": name, "unit": unit, "kind": kind, "places": places, "every_ms": every_ms}
    if register:
        compact["register"] = _scaled(register, places)
    if values["report"]:
        compact["report"] = _read_report(spot.at("report"), values["report"], compact)
    if values["alarm"] is not None:
        _read_alarms(spot.at("alarm"), values["alarm"], compact)
    if has_ledger and values["ledger"] and values["counter"] is not None:
        compact["counter"] = _read_counter(spot, values["counter"], compact)
    for key in ("fc", "states", "p1"):
        if key in extra:
            compact[key] = extra[key]
    if values["writable"]:
        compact["write"] = _read_write(spot.at("writable"), extra["write"], unit, places)
    return compact


def _read_counter(spot, settings, channel):
    """The rule of the channel's ledger: see `limen.core.ledger`."""
    from limen.core.counter_rule import counter_rule, rate_unit

    unit, places = channel["unit"], channel["places"]
    fields = {
        "largest": optional(_more_than_none(rate_unit(unit), places)),
        "modulus": optional(_more_than_none(unit, places)),
    }
    values = spot.at("counter").read_table(settings, fields)
    if values is None:
        return None
    register, largest = channel.get("register"), values["largest"]
    try:
        return counter_rule(unit, places, register, largest, values["modulus"])
    except Mistake as mistake:
        spot.at("resolution").report("%s; or write ledger = false" % mistake)
        return None


def _writable(declared):
    def read(value):
        if boolean(value) and not declared:
            raise Mistake("this device's profile does not declare the channel writable")
        return value

    return read


def _read_write(spot, write, unit, places):
    """[function, lowest count, highest count] of what may be written."""
    function, low, high = write
    limits = [spot.read(limit, _count(unit, places)) for limit in (low, high)]
    return [function] + limits


def _scaled(register, places):
    """The register with its scale in counts: count = raw * numerator / denominator.

    A derived number (its kind ends in *) has an offset behind, counted as the numerator is.
    """
    fields = 6 if register[1][-1] == "*" else 5
    steps = [register[3]] + register[5:fields]
    denominator = register[4]
    if places < 0:
        denominator *= 10**-places
    else:
        steps = [step * 10**places for step in steps]
    divisor = denominator
    for step in steps:
        divisor = _common_divisor(step, divisor)
    steps = [step // divisor for step in steps]
    return register[:3] + steps[:1] + [denominator // divisor] + steps[1:] + register[fields:]


def _common_divisor(a, b):
    while b:
        a, b = b, a % b
    return a


def _amount(value, unit):
    """The text of an amount; a bare number will do where there is no unit to write."""
    if isinstance(value, str):
        return value
    if not unit:
        return str(whole(value))
    raise Mistake('must be a text with its unit, such as "10 %s"' % unit)


def _places(unit):
    return lambda value: parse_places(_amount(value, unit), unit)


def _count(unit, places):
    return lambda value: parse_count(_amount(value, unit), unit, places)


def _size(unit, places):
    """A count that is not negative."""

    def read(value):
        count = parse_count(_amount(value, unit), unit, places)
        if count < 0:
            raise Mistake("must not be negative")
        return count

    return read


def _more_than_none(unit, places):
    def read(value):
        count = parse_count(_amount(value, unit), unit, places)
        if count > 0:
            return count
        raise Mistake("must be more than 0")

    return read


def _percent(value):
    """Basis points of 2, "2.5" or "2.5 %"."""
    written = _amount(value, "").strip()
    points = parse_count(written[:-1] if written.endswith("%") else written, "", 2)
    if 0 <= points <= 10000:
        return points
    raise Mistake("must be 0 to 100, not " + written)


def _read_report(spot, settings, channel):
    """The rule of a plain report; a table of what else there is (`limen.core.report_config`)."""
    unit, places, every_ms = channel["unit"], channel["places"], channel["every_ms"]
    size = _size(unit, places)
    fields = {
        "deadband": optional(size, 0),
        "or_percent": optional(_percent, 0),
        "at_most_every": optional(period, 0),
        "at_least_every": optional(period, 0),
    }
    if not [True for key in settings if key not in fields]:
        return _change_rule(spot, settings, spot.read_table(settings, fields), every_ms)
    from limen.core.report_config import read_rich_report, rich_fields

    fields.update(rich_fields(_count(unit, places), size))
    values = spot.read_table(settings, fields)
    return read_rich_report(spot, settings, values, channel, _change_rule)


def _change_rule(spot, settings, values, every_ms):
    """[deadband count, basis points, at most every ms, at least every ms]; 0 is unset."""
    most, least = values["at_most_every"], values["at_least_every"]
    if values["or_percent"] and "deadband" not in settings:
        sentence = "needs a deadband beside it: near zero a percentage tells every flicker"
        spot.at("or_percent").report(sentence)
    for key, shortest in (("at_most_every", most), ("the reading, every", every_ms)):
        if least and shortest and shortest > least:
            sentence = "%s is shorter than %s %s" % (ms_text(least), key, ms_text(shortest))
            spot.at("at_least_every").report(sentence)
    # Readings are a period apart, give or take a millisecond: a pause no longer than the period
    # would only make a change that is stamped early wait for the next reading.
    pause = 0 if most and every_ms and most <= every_ms else most
    return [values["deadband"], values["or_percent"], pause, least]


def _read_alarms(spot, settings, channel):
    """One entry for each limit, as "alarm"; what is more than a limit as "alarms", with its spot,
    because it may be about other devices too (`limen.core.alarm_config`)."""
    unit, places = channel["unit"], channel["places"]
    count, size = _count(unit, places), _size(unit, places)
    fields = {
        "high": optional(count),
        "low": optional(count),
        "hysteresis": optional(size, 0),
        "delay": optional(duration_ms(0, LONGEST_MS), 0),
    }
    if not [True for key in settings if key not in fields]:
        channel["alarm"] = _read_limits(spot, settings, spot.read_table(settings, fields), channel)
        return
    from limen.core.alarm_config import read_alarms, rich_fields

    fields.update(rich_fields(count, size, fields["delay"][0]))
    values = spot.read_table(settings, fields)
    _check_limits(spot, values["high"], values["low"], values["hysteresis"], unit, places)
    channel["alarms"] = spot, values, read_alarms(spot, settings, values, channel)


def _read_limits(spot, settings, values, channel):
    """[{"name", "limit", "hysteresis", "delay_ms"}]."""
    limits = [name for name in ("high", "low") if name in settings]
    if not limits:
        spot.report("needs a limit; write high, low or both")
    unit, places = channel["unit"], channel["places"]
    _check_limits(spot, values["high"], values["low"], values["hysteresis"], unit, places)
    shared = values["hysteresis"], values["delay"]
    return [
        {"name": name, "limit": values[name], "hysteresis": shared[0], "delay_ms": shared[1]}
        for name in limits
    ]


def _check_limits(spot, high, low, hysteresis, unit, places):
    if high is None or low is None:
        return
    if high <= low:
        texts = count_text(high, unit, places), count_text(low, unit, places)
        spot.at("high").report("%s is not above low, %s" % texts)
    elif hysteresis is not None and hysteresis >= high - low:
        distance = count_text(high - low, unit, places)
        sentence = "must be smaller than %s, the distance from low to high" % distance
        spot.at("hysteresis").report(sentence)
