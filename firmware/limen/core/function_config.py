"""Functions in a site file: what makes values of the values that devices read.

The validator loads this module where a site has a function, a tariff or CO2 factors; each function
has a module of its own that is loaded with it. The zone is filled in on the host, which knows the
rules of all zones.
"""

from limen.core.schema import nothing_of, optional, required, suggestion, text
from limen.core.units import Mistake, parse_count
from limen.core.week import BILL_PLACES
from limen.core.week_config import clock_minute, days, holidays, read_plan

FUNCTIONS = ("energy", "machine", "spc")
"""The keys of a gateway that are lists of functions."""


def _currency(value):
    if len(text(value)) == 3 and value.isalpha() and value == value.upper():
        return value
    raise Mistake('must be the three letters of a currency such as "EUR", not "%s"' % value)


def _list(value):
    if isinstance(value, list):
        return value
    raise Mistake("must be a list of entries")


def span_fields():
    return {
        "days": optional(days),
        "from": optional(clock_minute),
        "to": optional(clock_minute),
    }


def _factor(value):
    factor = parse_count(text(value), "g/kWh", BILL_PLACES - 3)
    if factor >= 0:
        return factor
    raise Mistake("must not be negative")


def read_site(spot, site):
    """{"tariff", "co2", "currency", ...} of the tables of that name; what is absent is absent.

    "written" names the tables that are there, be they right or wrong.
    """
    facts = {"dates": [], "written": [key for key in ("tariff", "co2") if site[key] is not None]}
    if site["holidays"] is not None:
        facts["dates"] = spot.at("holidays").read(site["holidays"], holidays) or []
    if site["tariff"] is not None:
        _read_tariff(spot.at("tariff"), site["tariff"], facts)
    if site["co2"] is not None:
        _read_co2(spot.at("co2"), site["co2"], facts)
    return facts


def _read_tariff(spot, settings, facts):
    fields = {
        "currency": required(_currency, 'currency = "EUR"'),
        "rate": required(_list, "[[site.tariff.rate]]"),
    }
    values = spot.read_table(settings, fields)
    if values is None or values["currency"] is None or not values["rate"]:
        return
    unit = values["currency"] + "/kWh"
    fields = {
        "name": required(text, 'name = "day"'),
        "price": required(
            lambda value: parse_count(text(value), unit, BILL_PLACES), 'price = "0.3 %s"' % unit
        ),
    }
    spots, spans = _read_spans(spot.at("rate"), values["rate"], fields)
    plan = spans and read_plan(spots, spans, facts["dates"], True)
    facts["currency"] = values["currency"]
    if plan:
        facts["tariff"] = [plan, [span["price"] for span in spans]]
        facts["rates"] = spans


def _read_co2(spot, settings, facts):
    fields = {
        "factor": optional(_factor),
        "period": optional(_list, []),
    }
    values = spot.read_table(settings, fields)
    if values is None:
        return
    fields = {"factor": required(_factor, 'factor = "380 g/kWh"')}
    spots, spans = _read_spans(spot.at("period"), values["period"] or [], fields)
    for index in range(len(spans)):
        spans[index]["name"] = settings["period"][index]["factor"]
    if "factor" in settings and values["factor"] is None:
        return
    if values["factor"] is not None:
        spans.append({"days": None, "from": None, "to": None, "factor": values["factor"]})
        spans[-1]["name"] = "factor"
        spots.append(spot.at("factor"))
    if not spans:
        if values["period"] == []:
            spot.report('needs a factor = "380 g/kWh"')
        return
    plan = read_plan(spots, spans, facts["dates"], True)
    if plan:
        facts["co2"] = [plan, [span["factor"] for span in spans]]
        facts["periods"] = spans


def _read_spans(spot, entries, fields):
    """(spots, spans) of a list of tables; no span where one of them is wrong."""
    fields.update(span_fields())
    count = len(spot.problems)
    spots = [spot.at(index) for index in range(len(entries))]
    spans = [spots[index].read_table(entries[index], fields) for index in range(len(entries))]
    return spots, spans if len(spot.problems) == count else []


def read_functions(spot, values, devices, facts):
    """The compact form of all functions of a gateway, numbered behind its devices."""
    found = []
    for kind in FUNCTIONS:
        for index in range(len(values[kind] or ())):
            read = _reader(kind)
            settings = values[kind][index]
            one = read(spot.at(kind, index), settings, devices + found, facts)
            found.append(one or nothing_of(settings))
    return found


def _reader(kind):
    if kind == "energy":
        from limen.core.energy_config import read_energy as read
    elif kind == "spc":
        from limen.core.spc_config import read_spc as read
    else:
        from limen.core.machine_config import read_machine as read
    return read


def claim_id(spot, name, devices):
    """A function is a device: its id must be its own."""
    if name and (name == "gateway" or name in _ids(devices)):
        spot.report('"%s" is the id of a device already; give every one its own' % name)


def find_device(spot, name, devices):
    """(number, compact form) of a device; None, and a problem, if there is none.

    One that is wrong itself has no channels, or no id, and there is nothing to be told but that.
    """
    ids = _ids(devices)
    if name in ids and name is not None:
        device = devices[ids.index(name)]
        if device["channel"] or not spot.problems:
            return ids.index(name) + 1, device
    elif name is not None and None not in ids:
        spot.report('there is no device "%s" on this gateway%s' % (name, suggestion(name, ids)))
    return None


def _ids(devices):
    """The id of each; None where what is written of it is wrong."""
    return [device["id"] for device in devices]


def find_channel(spot, name, devices):
    """([number of the device, index], compact channel) of "main-meter.energy_import"; or None."""
    if name is None:
        return None
    device, _, channel = name.partition(".")
    found = find_device(spot, device, devices)
    return found and channel_of(spot, found[0], found[1], channel)


def channel_names(device):
    """The name of each channel of a device; None of one that is wrong."""
    return [channel and channel["name"] for channel in device["channel"]]


def channel_of(spot, number, device, name):
    """The same of a channel of one device, the one of that number."""
    names = channel_names(device)
    if name in names:
        index = names.index(name)
        return [number, index], device["channel"][index]
    if None not in names or not _is_told(spot, name):
        hint = suggestion(name, [known for known in names if known])
        spot.report('%s reads no channel "%s"%s' % (device["id"] or "this device", name, hint))
    return None


def _is_told(spot, name):
    """True where something is wrong in the settings of a channel of that name."""
    return [path for path, _ in spot.problems if ("channels", name) in zip(path, path[1:])] != []


def channels_of(spot, settings, model, known, every_ms):
    """The channels of a function; `known` {name: places}, whose resolution is as it is."""
    from limen.core.channel_config import read_channels

    profile = {
        "model": model,
        "channel": [[name, places, None] for name, places in known],
        "default": [name for name, _ in known],
    }
    channels = read_channels(spot, {"channels": settings, "every": every_ms}, profile)
    places = dict(known)
    for channel in channels:
        if channel and channel["places"] != places[channel["name"]]:
            spot.at(channel["name"], "resolution").report("is that of the source; leave it out")
    return channels
