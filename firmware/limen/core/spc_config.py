"""Statistical process control in a site file: of which value, how often, by which rules."""

from limen.core.channel_config import LONGEST_MS
from limen.core.control_chart import WESTERN_ELECTRIC
from limen.core.function_config import channels_of, claim_id, find_channel
from limen.core.schema import (
    duration_ms,
    identifier,
    integer,
    optional,
    required,
    table,
    text,
    whole,
)
from limen.core.spread import FINE, FINE_PLACES
from limen.core.units import Mistake, count_text, ms_text, parse_count

_RUN, _WESTERN_RUN = 9, 8
_MOST_PLACES = 7  # of a value: its mean and deviation have two more


def _rules(value):
    """[numbers of rules after Nelson, length of a run] of a set's name or of a list of numbers."""
    if value == "nelson":
        return [list(range(1, 9)), _RUN]
    if value == "western-electric":
        return [list(WESTERN_ELECTRIC), _WESTERN_RUN]
    if not isinstance(value, list):
        raise Mistake('must be "nelson", "western-electric" or a list of Nelson\'s rules: [1, 2]')
    for number in value:
        if not 1 <= whole(number) <= 8:
            raise Mistake("has rule %d; Nelson's are 1 to 8" % number)
    return [sorted(set(value)), _RUN]


_FIELDS = {
    "id": required(identifier, 'id = "press-force"'),
    "value": required(text, 'value = "press.pressure"'),
    "parts": optional(text),
    "every": optional(duration_ms(100, LONGEST_MS)),
    "batch": optional(integer(5, 1000), 50),
    "lower": optional(text),
    "upper": optional(text),
    "center": optional(text),
    "sigma": optional(text),
    "baseline": optional(integer(20, 1000)),
    "rules": optional(_rules, [list(WESTERN_ELECTRIC), _WESTERN_RUN]),
    "ewma": optional(table),
    "cusum": optional(table),
    "channels": optional(table, {}),
}


def read_spc(spot, settings, devices, facts):
    """The compact form of one; None where it is wrong. See `limen.functions.spc`."""
    values = spot.read_table(settings, _FIELDS)
    if values is None:
        return None
    claim_id(spot.at("id"), values["id"], devices)
    found = find_channel(spot.at("value"), values["value"], devices)
    if found is None:
        return None
    of, source = found
    compact = {"function": "spc", "id": values["id"], "of": of, "follows": [of[0]]}
    compact["model"] = "Process control of %s" % values["value"]
    if source["kind"] != "gauge":
        sentence = "%s is a %s; this must be a gauge"
        spot.at("value").report(sentence % (values["value"], source["kind"]))
    elif source["places"] > _MOST_PLACES:
        spot.at("value").report("has more than %d places; give it a resolution" % _MOST_PLACES)
    _read_sampling(spot, values, compact, source, devices)
    compact["limits"] = _read_limits(spot, values, source)
    _read_reference(spot, values, compact, source)
    if values["rules"]:
        compact["rules"], compact["run"] = values["rules"]
    _read_shifts(spot, values, compact)
    compact["batch"] = values["batch"]
    compact["channel"] = _channels(spot, values, compact, source)
    return compact


def _read_sampling(spot, values, compact, source, devices):
    """A value for each part, or one in so much time; each reading if nothing is written."""
    every_ms = source["every_ms"]
    compact["every_ms"] = values["every"] or every_ms
    if values["every"] is not None and values["every"] < every_ms:
        sentence = "is shorter than %s, at which the value is read"
        spot.at("every").report(sentence % ms_text(every_ms))
    if values["parts"] is None:
        return
    if values["every"] is not None:
        spot.at("every").report("cannot be beside parts: a value is taken for each part")
    found = find_channel(spot.at("parts"), values["parts"], devices)
    if found is None:
        return
    place, channel = found
    if channel["kind"] == "gauge" or channel["unit"]:
        sentence = "%s is neither a count nor a digital input"
        spot.at("parts").report(sentence % values["parts"])
    compact["parts"] = place + [1, 1 if channel["kind"] == "state" else 0]
    if place[0] not in compact["follows"]:
        compact["follows"].append(place[0])


def _read_limits(spot, values, source):
    """[lower, upper] limit of what is allowed, None where there is none."""
    limits = [_count(spot, key, values, source) for key in ("lower", "upper")]
    if None not in limits and limits[0] >= limits[1]:
        lower = count_text(limits[0], source["unit"], source["places"])
        spot.at("upper").report("must be above the lower limit of " + lower)
    return limits


def _count(spot, key, values, source, finer=0):
    if values[key] is None:
        return None
    unit, places = source["unit"], source["places"] + finer
    return spot.at(key).read(values[key], lambda value: parse_count(value, unit, places))


def _read_reference(spot, values, compact, source):
    """Center and sigma as they are written, or of how many values they are learnt."""
    center = _count(spot, "center", values, source, FINE_PLACES)
    sigma = _count(spot, "sigma", values, source, FINE_PLACES)
    if values["center"] is None and values["sigma"] is None:
        compact["baseline"] = values["baseline"] or 50
        return
    if values["center"] is None or values["sigma"] is None:
        missing = "center" if values["center"] is None else "sigma"
        spot.at(missing).report("is missing: center and sigma need each other")
    if values["baseline"] is not None:
        spot.at("baseline").report("cannot be beside center and sigma: they are learnt, or written")
    if sigma is not None and sigma <= 0:
        spot.at("sigma").report("must be above 0")
    lower, upper = compact["limits"]
    if center is not None:
        too_low = lower is not None and center <= lower * FINE
        if too_low or upper is not None and center >= upper * FINE:
            spot.at("center").report("does not lie between the limits")
    compact["center"], compact["sigma"] = center, sigma


def _tenths(least, most):
    """Tenths of sigma, written as a number or as a text such as "2.7"."""

    def read(value):
        count = parse_count(value, "", 1) if isinstance(value, str) else whole(value) * 10
        if not least <= count <= most:
            sentence = "must be %s to %s times sigma"
            raise Mistake(sentence % (count_text(least, "", 1), count_text(most, "", 1)))
        return count

    return read


def _read_shifts(spot, values, compact):
    """[weight, limit] of EWMA, [slack, limit] of CUSUM; in tenths of sigma what is of it."""
    ewma = {"weight": optional(integer(2, 100), 5), "limit": optional(_tenths(10, 60), 30)}
    cusum = {"slack": optional(_tenths(1, 30), 5), "limit": optional(_tenths(10, 200), 50)}
    for key, first, fields in (("ewma", "weight", ewma), ("cusum", "slack", cusum)):
        if values[key] is not None:
            read = spot.at(key).read_table(values[key], fields)
            compact[key] = [read[first], read["limit"]]


def _channels(spot, values, compact, source):
    fine = source["places"] + FINE_PLACES
    known = [("process_mean", fine), ("process_deviation", fine)]
    lower, upper = compact["limits"]
    if lower is not None and upper is not None:
        known.append(("cp", 3))
    if lower is not None or upper is not None:
        known.append(("cpk", 3))
    batch_ms = compact["every_ms"] * (values["batch"] or 1)
    model = "process control with these limits"
    channels = channels_of(spot.at("channels"), values["channels"], model, known, batch_ms)
    for channel in channels:
        if channel and channel["name"].startswith("process_"):
            channel["unit"] = source["unit"]
    return channels
