"""Reports in a site file that are more than a deadband; loaded where a channel has one.

The compact form is a table: "median" and "smooth" smooth the samples first; then one of "change"
(the rule of a plain report), "line", "bands" and "rate" decides, each with the rule of its class.
Of a channel with a window only changes of quality are told itself; "window" says what becomes of
its values: [seconds, names of aggregates].
"""

from limen.core.aggregate import AGGREGATES
from limen.core.schema import describe, duration_ms, integer, optional, whole
from limen.core.units import Mistake, count_text, ms_text, parse_ms

_HOUR_MS = 3600000
_LONGEST_DELAY_MS = 750 * 86400000
_KINDS = ("line", "bands", "rate", "window")
_CHANGES = ("deadband", "or_percent", "at_most_every")
_STAGES = ("median", "smooth")


def rich_fields(count, size):
    """The fields beyond those of a plain report; what reads amounts is the channel's."""
    return {
        "median": optional(_median),
        "smooth": optional(integer(2, 64)),
        "line": optional(size),
        "longest_delay": optional(duration_ms(10, _LONGEST_DELAY_MS)),
        "bands": optional(_bands(count)),
        "hysteresis": optional(size, 0),
        "rate": optional(amount_in_time(size)),
        "window": optional(_window),
        "of": optional(_aggregates),
    }


def read_rich_report(spot, settings, values, channel, change_rule):
    """The compact form of a report of a compact channel; None if it is wrong."""
    every_ms = channel["every_ms"]
    chosen = [name for name in _KINDS if name in settings]
    if len(chosen) > 1:
        spot.at(chosen[1]).report("does not go together with %s; write one of them" % chosen[0])
        return None
    way = chosen[0] if chosen else "change"
    _check_foreign(spot, settings, way)
    if channel["kind"] == "state":
        _refuse(spot, settings, _STAGES + ("line", "rate"), "is for amounts, and this is a state")
    report = {name: values[name] for name in _STAGES if values[name]}
    if way == "change":
        report["change"] = change_rule(spot, settings, values, every_ms)
    elif values[way] is not None:
        _READERS[way](spot, settings, values, channel, report)
    return report


def _read_line(spot, settings, values, channel, report):
    _check_delay(spot, settings, values["longest_delay"], channel["every_ms"])
    report["line"] = [values["line"], values["longest_delay"]]


def _read_bands(spot, settings, values, channel, report):
    _check_hysteresis(spot.at("hysteresis"), values, channel)
    report["bands"] = [values["at_least_every"], values["hysteresis"]] + values["bands"]


def _read_rate(spot, settings, values, channel, report):
    report["rate"] = [values["at_least_every"]] + values["rate"]


def _read_window(spot, settings, values, channel, report):
    _check_window(spot, settings, values["window"], channel["every_ms"])
    report["bands"] = [0, 0]
    report["window"] = [values["window"], values["of"] or []]


_READERS = {"line": _read_line, "bands": _read_bands, "rate": _read_rate, "window": _read_window}


def _check_foreign(spot, settings, way):
    """Report settings that do nothing in this way of reporting."""
    if way != "change":
        _refuse(spot, settings, _CHANGES, "does not go together with " + way)
    if way in ("line", "window"):
        _refuse(spot, settings, ("at_least_every",), "does not go together with " + way)
    for name, owner in (("longest_delay", "line"), ("hysteresis", "bands"), ("of", "window")):
        if way != owner:
            _refuse(spot, settings, (name,), "does nothing without " + owner)


def _refuse(spot, settings, names, sentence):
    for name in names:
        if name in settings:
            spot.at(name).report(sentence)


def _check_delay(spot, settings, delay_ms, every_ms):
    if "longest_delay" not in settings:
        spot.at("longest_delay").report(
            'is missing: how long a point may wait for those behind it; write "5min"'
        )
    elif delay_ms and every_ms and delay_ms < 2 * every_ms:
        spot.at("longest_delay").report(
            "must be two readings or more, and these come every " + ms_text(every_ms)
        )


def _check_hysteresis(spot, values, channel):
    bands, hysteresis = values["bands"], values["hysteresis"]
    distances = [high - low for low, high in zip(bands, bands[1:])]
    if distances and hysteresis is not None and hysteresis >= min(distances):
        narrowest = count_text(min(distances), channel["unit"], channel["places"])
        spot.report("must be smaller than the narrowest band, " + narrowest)


def _check_window(spot, settings, window_s, every_ms):
    if "of" not in settings:
        spot.at("of").report('is missing; write for example of = ["min", "mean", "max"]')
    if every_ms and window_s * 1000 < every_ms:
        spot.at("window").report("is shorter than the reading, every " + ms_text(every_ms))


def _median(value):
    if 3 <= whole(value) <= 9 and value % 2:
        return value
    raise Mistake("must be 3, 5, 7 or 9 samples, not " + describe(value))


def _bands(count):
    def read(value):
        if not isinstance(value, list) or not 1 <= len(value) <= 16:
            raise Mistake("must be a list of 1 to 16 limits between the bands")
        bands = [count(one) for one in value]
        if bands != sorted(set(bands)):
            raise Mistake("must rise from each limit to the next")
        return bands

    return read


def amount_in_time(size):
    """[count, ms] of an amount in a duration: "5 °C/min", "2 bar/10s"."""

    def read(value):
        amount, slash, span = str(value).rpartition("/")
        if not slash:
            raise Mistake('must be an amount in a time, such as "5 °C/min", not ' + describe(value))
        span_ms = parse_ms(span if span[:1] in "0123456789" else "1" + span)
        count = size(amount)
        if not count or span_ms <= 0:
            raise Mistake("must be more than 0")
        return [count, span_ms]

    return read


def _window(value):
    """Seconds of a window."""
    window_ms = parse_ms(value) if isinstance(value, str) else 0
    if window_ms < 1000 or window_ms % 1000 or _HOUR_MS % window_ms:
        raise Mistake('must divide the hour: "10s", "1min", "15min", "1h"; not ' + describe(value))
    return window_ms // 1000


def _aggregates(value):
    if not isinstance(value, list) or not value:
        raise Mistake('must be a list such as ["min", "mean", "max"]')
    for name in value:
        if name not in AGGREGATES:
            raise Mistake("%s is none of %s" % (describe(name), ", ".join(AGGREGATES)))
        if value.count(name) > 1:
            raise Mistake('has "%s" twice' % name)
    return value


def read_windows(spot, devices, functions):
    """The functions that aggregate: one for each device and length of window."""
    found = []
    for index in range(len(devices)):
        for window_s in sorted({one[2] for one in _windowed(devices[index])}):
            found.append(_window_function(spot.at(index), devices, index, window_s, functions))
        for _, channel, _, _ in _windowed(devices[index]):
            channel["report"].pop("window")
    return found


def _windowed(device):
    """[(index, channel, seconds, names)] of the channels that have a window."""
    found = []
    for index in range(len(device["channel"])):
        channel = device["channel"][index]
        report = channel and channel.get("report")
        if isinstance(report, dict) and "window" in report:
            found.append((index, channel, report["window"][0], report["window"][1]))
    return found


def _window_function(spot, devices, number, window_s, functions):
    device = devices[number]
    name = "%s-%s" % (device["id"], ms_text(window_s * 1000))
    if len(name) > 32 or name in [one["id"] for one in devices + functions]:
        spot.at("id").report('leaves no name for its windows: "%s" is too long or taken' % name)
    sources, channels = [], []
    for index, channel, seconds, names in _windowed(device):
        if seconds == window_s:
            stages = {one: channel["report"][one] for one in _STAGES if one in channel["report"]}
            sources.append([index, stages, names])
            channels += [_aggregate(channel, one) for one in names]
    return {
        "id": name,
        "function": "window",
        "model": None,
        "follows": [number + 1],
        "window_s": window_s,
        "of": sources,
        "channel": channels,
    }


def _aggregate(channel, name):
    counts = name == "count"
    return {
        "name": "%s_%s" % (channel["name"], name),
        "unit": "" if counts else channel["unit"],
        "kind": "gauge",
        "places": 0 if counts else channel["places"],
        "every_ms": 0,
    }
