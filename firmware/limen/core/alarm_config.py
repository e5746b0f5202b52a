"""Alarms in a site file that are more than a limit; loaded where a channel has one.

All of a gateway's become one function, `limen.functions.alarms`, that follows every device they
look at. Of each there is: "of" [number of the device, index], "name", "kind", "limit" (a count, or
None where there is none), "hysteresis", "on_ms", "off_ms", "priority", "latch"; "group"; "setpoint"
[number, index]; "while" [number, index, lowest, highest count]; and what its kind needs.
"""

from limen.core.schema import (
    boolean,
    duration_ms,
    integer,
    optional,
    required,
    table,
    text,
    whole,
)
from limen.core.units import Mistake, count_text, parse_count

_LIMITS = ("low_low", "low", "high", "high_high")
_KINDS = {"low_low": "low", "low": "low", "high": "high", "high_high": "high"}
_OTHERS = ("rate", "deviation", "stale", "bad", "state")
_POINTS = 12
_ANY = 1 << 60


def rich_fields(count, size, delay):
    """The fields beyond those of plain limits; what reads amounts is the channel's."""
    from limen.core.report_config import amount_in_time

    return {
        "high_high": optional(count),
        "low_low": optional(count),
        "rate": optional(amount_in_time(size)),
        "deviation": optional(size),
        "setpoint": optional(text),
        "stale": optional(duration_ms(1000, 86400000)),
        "bad": optional(boolean),
        "state": optional(_state),
        "off_delay": optional(delay, 0),
        "priority": optional(integer(1, 4), 3),
        "latch": optional(boolean, False),
        "group": optional(text),
        "only_while": optional(table),
        "warn": optional(_warning(size)),
    }


def _state(value):
    return value if isinstance(value, str) else whole(value)


def _warning(size):
    """[seconds to the limit, seconds of the window, fit] of a table."""

    def read(value):
        value = table(value)
        for key in ("within", "over", "fit"):
            if key not in value:
                raise Mistake('needs within = "30min", over = "1h" and fit, such as "0.5 °C"')
        if len(value) > 3:
            raise Mistake("has keys beyond within, over and fit")
        span = duration_ms(60000, 7 * 86400000)
        return [span(value["within"]) // 1000, span(value["over"]) // 1000, size(value["fit"])]

    return read


def read_alarms(spot, settings, values, channel):
    """The alarms of a channel, without what is about other channels."""
    found = []
    previous = None
    for name in _LIMITS:
        if values[name] is not None:
            found.append(_alarm(values, name, _KINDS[name], values[name]))
            if previous is not None and values[name] <= previous:
                spot.at(name).report("is not above the limit below it")
            previous = values[name]
    for name in _OTHERS:
        if values[name] is not None and values[name] is not False:
            found.append(_other(spot, values, name, channel))
    if values["warn"]:
        found += _warnings(spot.at("warn"), settings, values, channel)
    if not found and not [key for key in settings if key in _LIMITS + _OTHERS]:
        spot.report("needs a limit, or rate, deviation, stale, bad or state")
    if ("deviation" in settings) != ("setpoint" in settings):
        spot.at("deviation").report("and setpoint need each other")
    return found


def _alarm(values, name, kind, limit):
    priority = values["priority"] or 3
    if name in ("low_low", "high_high"):
        priority = max(1, priority - 1)
    return {
        "name": name,
        "kind": kind,
        "limit": limit,
        "hysteresis": values["hysteresis"],
        "on_ms": values["delay"],
        "off_ms": values["off_delay"],
        "priority": priority,
        "latch": values["latch"],
    }


def _other(spot, values, name, channel):
    alarm = _alarm(values, name, name, values[name])
    if name == "deviation":
        return alarm
    alarm["hysteresis"] = 0
    if name == "rate":
        alarm["limit"], alarm["span_ms"] = values[name]
    elif name == "stale":
        alarm["limit"], alarm["longest_ms"] = None, values[name]
    elif name == "bad":
        alarm["limit"] = None
    else:
        alarm["limit"] = _number_of_state(spot.at("state"), values[name], channel)
    return alarm


def _number_of_state(spot, value, channel):
    """The number of a state that is written as a number, or as the profile names it."""
    if channel["kind"] != "state":
        spot.report("is for states, and this is an amount; write high or low")
        return None
    names = channel.get("states", {})
    if not isinstance(value, str):
        return value
    for number in names:
        if names[number] == value:
            return int(number)
    spot.report('there is no state "%s"; known here: %s' % (value, ", ".join(names.values())))
    return None


def _warnings(spot, settings, values, channel):
    """Early warnings of the inner limits."""
    within_s, over_s, fit = values["warn"]
    if over_s * 1000 < _POINTS * channel["every_ms"]:
        spot.at("over").report("must be %d readings or more" % _POINTS)
    found = []
    for name, kind in (("low", "falling"), ("high", "rising")):
        if values[name] is not None:
            alarm = _alarm(values, "early_" + name, kind, values[name])
            alarm["hysteresis"] = within_s // 2
            # It is looked at from point to point: between them no delay would ever pass.
            alarm["on_ms"] = alarm["off_ms"] = 0
            alarm["trend"] = [_POINTS, over_s // _POINTS, fit, within_s]
            found.append(alarm)
    if not found and not [name for name in ("high", "low") if name in settings]:
        spot.report("needs the limit it is about: high or low")
    return found


def gather_alarms(spot, flood, compact):
    """The function of all alarms of a compact gateway."""
    from limen.core.function_config import claim_id

    devices = compact["device"] + compact.get("function", [])
    alarms, follows = [], []
    for number in range(len(devices)):
        for index in range(len(devices[number]["channel"])):
            channel = devices[number]["channel"][index]
            found = channel and channel.pop("alarms", None)
            if found:
                here, values, entries = found
                shared = _references(here, values, devices, number, channel)
                for entry in entries:
                    entry.update(shared)
                    if entry["kind"] != "deviation":
                        entry.pop("setpoint", None)
                    entry["of"] = [number + 1, index]
                alarms += entries
                places = [shared[key][0] for key in ("setpoint", "while") if key in shared]
                follows += [place for place in [number + 1] + places if place not in follows]
    claim_id(spot, "alarms", devices)
    return {
        "id": "alarms",
        "function": "alarms",
        "model": None,
        "follows": sorted(set(follows)),
        "flood": flood,
        "alarm": alarms,
        "channel": [],
    }


def _references(spot, values, devices, number, channel):
    """What the alarms of a channel say of other channels, and share."""
    shared = {}
    if values["group"]:
        shared["group"] = values["group"]
    if values["setpoint"]:
        here = spot.at("setpoint")
        place = _find_setpoint(here, values["setpoint"], devices, number, channel)
        if place:
            shared["setpoint"] = place
    if values["only_while"] is not None:
        place = _read_while(spot.at("only_while"), values["only_while"], devices, number)
        if place:
            shared["while"] = place
    return shared


def _find_setpoint(spot, name, devices, number, channel):
    """[number, index] of the channel, whose counts are those of the one it is for; or None."""
    found = _find(spot, name, devices, number)
    if not found:
        return None
    place, setpoint = found
    if setpoint["unit"] != channel["unit"]:
        units = setpoint["unit"] or "no unit", channel["unit"] or "without unit"
        spot.report('"%s" is in %s, and this channel in %s' % ((name,) + units))
    elif setpoint["places"] != channel["places"]:
        steps = [count_text(1, one["unit"], one["places"]) for one in (setpoint, channel)]
        sentence = '"%s" has a resolution of %s, and this channel of %s; give them the same one'
        spot.report(sentence % ((name,) + tuple(steps)))
    return place


def _find(spot, name, devices, number):
    """([number, index], channel) of "device.channel", or of a channel of the same device."""
    from limen.core.function_config import channel_of, find_channel

    if "." in name:
        return find_channel(spot, name, devices)
    return channel_of(spot, number + 1, devices[number], name)


def _read_while(spot, settings, devices, number):
    """[number, index, lowest, highest count] of a channel at which alarms are wanted."""
    bounds = [name for name in ("above", "below", "is") if name in settings]
    fields = {name: optional(_any) for name in ("above", "below", "is")}
    fields["channel"] = required(text, 'channel = "press.power_active_total"')
    count = len(spot.problems)
    values = spot.read_table(settings, fields)
    if len(bounds) != 1 and len(spot.problems) == count:
        spot.report("needs one of above, below and is")
    if len(spot.problems) > count:
        return None
    found = _find(spot.at("channel"), values["channel"], devices, number)
    if not found:
        return None
    place, channel = found
    name = bounds[0]
    amount = str(values[name])
    count = spot.at(name).read(amount, lambda one: _count_of(one, channel))
    if count is None:
        return None
    low = {"above": count + 1, "below": -_ANY, "is": count}[name]
    high = {"above": _ANY, "below": count - 1, "is": count}[name]
    return place + [low, high]


def _any(value):
    return value


def _count_of(amount, channel):
    return parse_count(amount, channel["unit"], channel["places"])
