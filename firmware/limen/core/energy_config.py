"""Energy functions in a site file: intervals of a meter's counters, demand, CO2, cost, shedding."""

from limen.core.channel_config import LONGEST_MS
from limen.core.function_config import (
    channel_names,
    channel_of,
    channels_of,
    claim_id,
    find_device,
)
from limen.core.schema import (
    duration_s,
    entries,
    identifier,
    optional,
    required,
    table,
    text,
)
from limen.core.units import Mistake, ms_text, parse_count
from limen.core.week import BILL_PLACES

_COUNTERS = (
    "energy_import energy_export energy_reactive_import energy_reactive_export energy_total "
    "energy_import_l1 energy_import_l2 energy_import_l3 "
    "energy_export_l1 energy_export_l2 energy_export_l3"
)
_INTEGRATED = "energy_import_integrated"
_POWER = "power_active_total"
_LEAST_GAP_S = 10
_MOST_STEPS = 60


def _interval(value):
    """Seconds of an interval that divides the hour."""
    seconds = duration_s(60, 3600)(value)
    if 3600 % seconds:
        raise Mistake("does not divide the hour; write for example 5min, 10min, 15min or 30min")
    return seconds


def _names(value):
    if isinstance(value, list) and value:
        return [text(name) for name in value]
    raise Mistake('must be a list such as ["energy_import"]')


_FIELDS = {
    "id": required(identifier, 'id = "hall-energy"'),
    "meter": required(text, 'meter = "main-meter"'),
    "interval": optional(_interval, 900),
    "sliding": optional(duration_s(10, 3600)),
    "counters": optional(_names),
    "power": optional(text),
    "gap": optional(duration_s(1, LONGEST_MS // 1000)),
    "shed": optional(table),
    "channels": optional(table, {}),
}


def read_energy(spot, settings, devices, facts):
    """The compact form of one; None where it is wrong. See `limen.functions.energy`."""
    values = spot.read_table(settings, _FIELDS)
    if values is None:
        return None
    claim_id(spot.at("id"), values["id"], devices)
    found = find_device(spot.at("meter"), values["meter"], devices)
    if found is None or values["interval"] is None:
        return None
    number, meter = found
    read = {channel["name"]: channel for channel in meter["channel"] if channel}
    compact = {"function": "energy", "id": values["id"], "follows": [number]}
    if not _read_sources(spot, values, compact, meter, read):
        return None
    compact["interval_s"] = values["interval"]
    _check_readings(spot, values, compact, meter)
    _read_sliding(spot.at("sliding"), values, compact)
    _check_spans(spot.at("interval"), values["interval"], facts)
    for key in ("tariff", "co2"):
        if key in facts:
            compact[key] = facts[key]
    compact["channel"] = _channels(spot, values, compact, read, facts)
    if values["shed"] is not None:
        compact["shed"] = _read_shed(spot.at("shed"), values["shed"], devices, compact["places"])
        if "power" not in compact and values["power"] is None and None not in meter["channel"]:
            spot.at("shed").report("needs the meter's power_active_total; list that channel")
    return compact


def _read_sources(spot, values, compact, meter, read):
    """Add where energy and power come from; False where that is wrong."""
    (number,) = compact["follows"]
    order = channel_names(meter)
    names = _counters(spot.at("counters"), values["counters"], number, meter)
    power = _power(spot.at("power"), values["power"], number, meter)
    if names is None:
        return False
    if not names and not power:
        if None in order:
            return False
        spot.at("meter").report("reads neither a counter of energy nor %s; list one" % _POWER)
        return False
    compact["counters"] = [[number, order.index(name)] for name in names]
    if power:
        compact["power"] = [number, order.index(power)]
    compact["gap_s"] = values["gap"] or _gap_s(names or [power], read)
    compact["names"] = names or [_INTEGRATED]
    compact["places"] = (read[names[0]]["places"] if names else 3) - 3
    compact["reactive"] = _reactive(names, read)
    source = "from its counters" if names else "integrated from " + power
    compact["model"] = "Energy per %s, %s" % (ms_text(values["interval"] * 1000), source)
    return True


def _check_readings(spot, values, compact, meter):
    """Nothing can be cut finer than it is read."""
    sources = compact["counters"] or [compact["power"]]
    slowest_ms = max([meter["channel"][index]["every_ms"] for _, index in sources])
    for key in ("interval", "sliding", "gap"):
        if values[key] is not None and values[key] * 1000 < slowest_ms:
            sentence = "is shorter than the reading of the meter, every %s"
            spot.at(key).report(sentence % ms_text(slowest_ms))


def _counters(spot, listed, number, meter):
    """The counters to cut into intervals, that of what is billed first; None if one is wrong."""
    known = _COUNTERS.split()
    if listed is None:
        read = channel_names(meter)
        return [name for name in known if name in read]
    found = [channel_of(spot, number, meter, name) for name in listed]
    for _, channel in [one for one in found if one]:
        if channel["name"] not in known:
            told = channel["name"], channel["unit"] or "no unit", ", ".join(known)
            spot.report("%s is in %s; known here: %s" % told)
            found.append(None)
    return None if None in found else listed


def _power(spot, name, number, meter):
    if name is None:
        return _POWER if _POWER in channel_names(meter) else None
    found = channel_of(spot, number, meter, name)
    if found and found[1]["unit"] != "W":
        spot.report("%s is in %s, not in W" % (name, found[1]["unit"] or "no unit"))
        return None
    return found and name


def _gap_s(names, read):
    """Three readings missed, and no less than ten seconds."""
    slowest_ms = max([read[name]["every_ms"] for name in names])
    return max(_LEAST_GAP_S, 3 * slowest_ms // 1000)


def _reactive(names, read):
    """[index of reactive import, of export or None, [scale of active, of reactive counts]]."""
    if "energy_reactive_import" not in names:
        return None
    first, other = "energy_reactive_import", "energy_reactive_export"
    if other in names and read[first]["places"] != read[other]["places"]:
        return None
    finer = read[first]["places"] - read[names[0]]["places"]
    scale = [10 ** max(finer, 0), 10 ** max(-finer, 0)]
    return [names.index(first), names.index(other) if other in names else None, scale]


def _read_sliding(spot, values, compact):
    step_s = values["sliding"]
    if step_s is None:
        return
    if values["interval"] % step_s:
        spot.report("does not divide the interval of %s" % ms_text(values["interval"] * 1000))
    elif values["interval"] // step_s > _MOST_STEPS:
        spot.report("makes more than %d steps of an interval" % _MOST_STEPS)
    compact["sliding"] = values["interval"] // step_s


def _check_spans(spot, interval_s, facts):
    """A tariff must not change within an interval."""
    for span in facts.get("rates", []) + facts.get("periods", []):
        for minute in (span["from"], span["to"]):
            if minute is not None and minute * 60 % interval_s:
                clock = "%02d:%02d" % (minute // 60, minute % 60)
                sentence = '%s is longer than up to a change of "%s" at %s; make it shorter'
                spot.report(sentence % (ms_text(interval_s * 1000), span["name"], clock))
                return


def _channels(spot, values, compact, read, facts):
    known = []
    for name in compact["names"]:
        places = read[name]["places"] if name in read else 3
        known += [(name + "_interval", places), (name, places)]
    places = compact["places"]
    known += [("power_active_demand", places), ("power_active_demand_max", places)]
    if compact["reactive"]:
        known.append(("power_factor_total", 3))
    if "sliding" in compact:
        known.append(("power_active_demand_sliding", places))
    known.append(("power_active_demand_predicted", places))
    if "tariff" in facts["written"]:
        known += [("tariff", 0), ("cost", places + 3 + BILL_PLACES)]
    if "co2" in facts["written"]:
        known.append(("co2", places + 3 + BILL_PLACES))
    spot = spot.at("channels")
    model = "this energy function"
    channels = channels_of(spot, values["channels"], model, known, values["interval"] * 1000)
    for channel in channels:
        if channel and channel["name"] == "cost":
            channel["unit"] = facts.get("currency")
        elif channel and channel["name"] == "tariff":
            rates = facts.get("rates", [])
            channel["states"] = {str(i): rates[i]["name"] for i in range(len(rates))}
    return channels


def _watts(places):
    def read(value):
        count = parse_count(text(value), "W", places)
        if count > 0:
            return count
        raise Mistake("must be more than 0 W")

    return read


def _read_shed(spot, settings, devices, places):
    fields = {
        "limit": required(_watts(places), 'limit = "100 kW"'),
        "restore": required(_watts(places), 'restore = "90 kW"'),
        "output": required(entries, "[[gateway.press-07.energy.shed.output]]"),
    }
    values = spot.read_table(settings, fields)
    if values is None:
        return None
    limit, restore = values["limit"], values["restore"]
    if limit is not None and restore is not None and restore >= limit:
        spot.at("restore").report("must be below the limit, or outputs would flutter")
    numbers, times = [], []
    for index in range(len(values["output"] or [])):
        here = spot.at("output", index)
        output = _read_output(here, values["output"][index], devices)
        if output and output[0] in numbers:
            here.at("device").report("is dropped already, further up")
        elif output:
            numbers.append(output[0])
            times.append(output[1])
    return {"limit": limit, "restore": restore, "outputs": numbers, "times": times}


def _read_output(spot, settings, devices):
    """[number of the device, [shortest on in s, shortest off in s, 1 if on at the start]]."""
    fields = {
        "device": required(text, 'device = "heater"'),
        "min_on": optional(duration_s(0, 86400), 60),
        "min_off": optional(duration_s(0, 86400), 300),
    }
    values = spot.read_table(settings, fields)
    found = values and find_device(spot.at("device"), values["device"], devices)
    if not found:
        return None
    number, device = found
    if device.get("driver") != "digital_out":
        spot.at("device").report("is no digital-output")
        return None
    return [number, [values["min_on"], values["min_off"], device.get("safe")]]
