"""Machines in a site file: what shows their state, parts, shifts, and what OEE is measured by."""

from limen.core.function_config import (
    channels_of,
    claim_id,
    find_channel,
    span_fields,
)
from limen.core.machine import NAMES
from limen.core.schema import (
    describe,
    duration_ms,
    entries,
    identifier,
    integer,
    one_of,
    optional,
    required,
    table,
    text,
)
from limen.core.units import Mistake, count_text, parse_count
from limen.core.week_config import read_plan

_KINDS = NAMES.split()[:-1]
_LONGEST_NAME = 20  # an event has to fit into a record
_DWELL = duration_ms(0, 3600000)
_FIELDS = {
    "id": required(identifier, 'id = "press"'),
    "power": optional(text),
    "energy": optional(text),
    "hysteresis": optional(text),
    "state": required(entries, "[[gateway.press-07.machine.state]]"),
    "names": optional(table, {}),
    "parts": optional(text),
    "parts_each": optional(integer(1, 1000), 1),
    "rejects": optional(text),
    "ideal_cycle": optional(duration_ms(10, 86400000)),
    "shift": optional(entries),
    "break": optional(entries),
    "channels": optional(table, {}),
}
_STATE = {
    "kind": required(one_of(_KINDS), 'kind = "running"'),
    "below": optional(text),
    "input": optional(text),
    "level": optional(integer(0, 1), 1),
    "dwell": optional(_DWELL, 0),
}


def read_machine(spot, settings, devices, facts):
    """The compact form of one; None where it is wrong. See `limen.functions.machine`."""
    values = spot.read_table(settings, _fields(settings))
    if values is None:
        return None
    claim_id(spot.at("id"), values["id"], devices)
    compact = {"function": "machine", "id": values["id"], "model": "Machine"}
    sources = _Sources(spot, values, devices)
    power = sources.read("power", ("W",))
    energy = sources.read("energy", ("kWh",), "counter")
    compact["ideal_ms"] = values["ideal_cycle"]
    if values["state"]:
        _read_states(spot, values, compact, power, sources)
    for key in ("parts", "rejects"):
        channel = sources.read(key, ("",))
        if channel:
            _read_pieces(spot.at(key), key, values, compact, channel, sources)
    if "rejects" in compact and "parts" not in settings:
        spot.at("rejects").report("needs parts beside it: a reject is one of them")
    _read_shifts(spot, values, compact, facts)
    for key in ("tariff", "co2"):
        if energy and key in facts:
            compact[key] = facts[key]
    compact.update(sources.compact)
    compact["follows"] = sources.numbers
    compact["channel"] = _channels(spot, settings, values)
    return compact


def _fields(settings):
    """The fields of a machine; where it has bands of power, it needs one."""
    states = settings.get("state") if isinstance(settings, dict) else None
    states = states if isinstance(states, list) else []
    if not [state for state in states if isinstance(state, dict) and "below" in state]:
        return _FIELDS
    power = required(text, 'power = "main-meter.power_active_total"')
    return dict(_FIELDS, power=power)


class _Sources:
    """The channels from which a machine learns what it does; `numbers` are their devices."""

    def __init__(self, spot, values, devices):
        self._spot = spot
        self._values = values
        self._devices = devices
        self.numbers = []
        self.compact = {}

    def read(self, key, units, kind=None):
        """The compact channel that a key names; its place is noted. None if there is none."""
        found = self.find(self._spot.at(key), self._values[key])
        if found is None:
            return None
        place, channel = found
        if channel["unit"] not in units or kind and channel["kind"] != kind:
            wanted = "a count or a digital input"
            if units[0]:
                wanted = "a %s in %s" % (kind or "gauge", units[0])
            unit = channel["unit"] or "no unit"
            told = (self._values[key], channel["kind"], unit, wanted)
            self._spot.at(key).report("%s is a %s in %s; this must be %s" % told)
            return None
        self.compact[key] = place
        return channel

    def find(self, spot, name):
        found = find_channel(spot, name, self._devices)
        if found and found[0][0] not in self.numbers:
            self.numbers.append(found[0][0])
        return found


def _read_states(spot, values, compact, power, sources):
    """Bands of power and inputs, in the order in which they are written; the inputs come first."""
    limits, states, inputs = [], [], []
    dwell_ms = [0] * (len(_KINDS) + 1)
    are_read = True
    for index in range(len(values["state"])):
        here, written = spot.at("state", index), values["state"][index]
        count = len(spot.problems)
        state = here.read_table(written, _STATE)
        is_read = len(spot.problems) == count
        are_read &= is_read
        if state is None:
            continue
        kind = _KINDS.index(state["kind"] or _KINDS[0])
        dwell_ms[kind] = max(dwell_ms[kind], state["dwell"] or 0)
        if "input" in written:
            _read_input(here, state, kind, inputs, sources)
        elif len(states) > len(limits):
            here.report("comes behind one without below or input, which takes all that is left")
        elif is_read or "below" in written:
            states.append(kind)
            if "below" in written:
                _read_limit(here.at("below"), state["below"], limits, power)
    if are_read and len(states) == len(limits):
        spot.at("state").report("needs one without below and input, for all that is left")
    hysteresis = _read_hysteresis(spot.at("hysteresis"), values["hysteresis"], limits, power)
    compact["bands"] = [limits, states, hysteresis]
    compact["inputs"] = inputs
    compact["dwell_ms"] = dwell_ms


def _read_input(spot, state, kind, inputs, sources):
    found = sources.find(spot.at("input"), state["input"])
    if state["below"] is not None:
        spot.at("below").report("cannot be beside input; write two states of this kind")
    if found is None:
        return
    place, channel = found
    if channel["kind"] != "state":
        spot.at("input").report("%s is no digital signal" % state["input"])
    inputs.append(place + [state["level"], kind])


def _watts(value, power):
    count = parse_count(value, "W", power["places"])
    if count < 0:
        raise Mistake("must not be negative")
    return count


def _read_limit(spot, written, limits, power):
    limit = None
    if written is not None and power is not None:
        limit = spot.read(written, lambda value: _watts(value, power))
    if limit is not None and limits and limit <= limits[-1]:
        before = count_text(limits[-1], "W", power["places"])
        spot.report("is not above the limit before, %s; write states in rising order" % before)
    limits.append(0 if limit is None else limit)


def _read_hysteresis(spot, written, limits, power):
    if written is None or power is None:
        return 0
    count = spot.read(written, lambda value: _watts(value, power)) or 0
    widths = [limits[i + 1] - limits[i] for i in range(len(limits) - 1)] + limits[:1]
    if widths and count >= min(widths) > 0:
        distance = count_text(min(widths), "W", power["places"])
        spot.report("must be smaller than %s, the narrowest band" % distance)
    return count


def _read_pieces(spot, key, values, compact, channel, sources):
    """[number, index, pieces of a pulse, whether edges count]."""
    if channel["kind"] == "gauge":
        spot.report("%s is neither a counter nor a digital input" % values[key])
    is_edge = 1 if channel["kind"] == "state" else 0
    compact[key] = sources.compact.pop(key) + [values["parts_each"], is_edge]


def _read_shifts(spot, values, compact, facts):
    if values["shift"]:
        plan, spans = _plan(spot.at("shift"), values["shift"], facts, "shift")
        if plan:
            compact["shifts"] = plan
            compact["shift_names"] = [span["name"] for span in spans]
    if values["break"]:
        plan, _ = _plan(spot.at("break"), values["break"], facts, None)
        if plan:
            compact["breaks"] = plan


def _plan(spot, listed, facts, kind):
    fields = span_fields()
    if kind:
        fields["name"] = required(_short_name, 'name = "early"')
    count = len(spot.problems)
    spots = [spot.at(index) for index in range(len(listed))]
    spans = [spots[index].read_table(listed[index], fields) for index in range(len(listed))]
    if len(spot.problems) > count:
        return None, spans
    for span in spans:
        if not kind:
            span["name"] = "a break"
    return read_plan(spots, spans, facts["dates"], False), spans


def _short_name(value):
    if len(text(value)) <= _LONGEST_NAME and '"' not in value and "\\" not in value:
        return value
    raise Mistake("must be up to %d characters without quotes" % _LONGEST_NAME)


def _channels(spot, settings, values):
    """What it tells by what is written of it, be that right or wrong."""
    known = [("machine_state", 0)]
    if "parts" in settings:
        known += [("part_count", 0), ("cycle_time", 3)]
    if "rejects" in settings:
        known.append(("reject_count", 0))
    known += [("availability", 1), ("utilisation", 1)]
    if "rejects" in settings:
        known.append(("quality_ratio", 1))
    if "parts" in settings and "ideal_cycle" in settings:
        known += [("performance", 1), ("oee", 1)]
    missing = [key for key in ("parts", "rejects", "ideal_cycle") if key not in settings]
    model = "a machine" + (" without " + " and ".join(missing) if missing else "")
    channels = channels_of(spot.at("channels"), values["channels"], model, known, 60000)
    for channel in channels:
        if channel and channel["name"] == "machine_state":
            channel["states"] = _state_names(spot.at("names"), values["names"] or {})
    return channels


def _state_names(spot, written):
    """{number as text: name} of the states, as people want to read them."""
    for kind in written:
        if kind not in _KINDS:
            spot.at(kind).report("is no state; known here: " + ", ".join(_KINDS))
        elif not isinstance(written[kind], str):
            spot.at(kind).report("must be a text, not " + describe(written[kind]))
    return {str(i): written.get(_KINDS[i], _KINDS[i]) for i in range(len(_KINDS))}
