"""The only validator: a gateway's part of a site file becomes its configuration, or its faults.

The input is the canonical form, nested tables as a site file has them; the output is the compact
form that a gateway stores: durations are milliseconds or seconds, limits are integer counts of
their channel's resolution, and nothing is left to be looked up. All problems are found in one
pass, as (path, sentence). The host runs this file; a gateway loads it only when a new
configuration comes.

Profiles and boards are this project's own data, checked when the host loads them: {name: facts},
where facts may be None for a name that the site does not use, False for one whose own mistakes are
told beside those of the site.
"""

from limen.core.bus_config import (
    METERS,
    framing_fields,
    own_framing,
    read_buses,
    set_framings,
    wire_buses,
)
from limen.core.channel_config import period, read_channels
from limen.core.dialects_config import compact_dialects
from limen.core.mqtt_config import compact_mqtt, read_mqtt
from limen.core.network_config import read_network
from limen.core.schema import (
    Owners,
    Spot,
    boolean,
    describe,
    duration_ms,
    duration_s,
    entries,
    host_and_port,
    identifier,
    integer,
    nothing_of,
    optional,
    required,
    suggestion,
    table,
    text,
    whole,
)
from limen.core.units import Mistake

_VERSION = 1
_ADDRESSES = {"modbus-rtu": (1, 247), "modbus-rtu-tcp": (1, 247), "modbus-tcp": (0, 255)}
_RTC_ADDRESS = 0x68  # of a DS3231
_LIGHTS = ("plain", "inverted", "addressable")  # in the order of `light.shine`
_FROM_PROFILE = ("model", "fc", "max_registers", "pause_ms")


def check(site, gateway, profiles, boards):
    """(compact form, []) of the gateway of that name in a site, or (None, problems)."""
    problems = []
    spot = Spot(problems)
    top = spot.read_table(site, _TOP)
    if top is None:
        return None, problems
    place = _read_part(spot.at("site"), top["site"], _SITE)
    broker = None if top["mqtt"] is None else read_mqtt(spot.at("mqtt"), top["mqtt"])
    facts = _read_facts(spot.at("site"), place)
    compact = _read_gateway(spot.at("gateway"), top["gateway"], gateway, profiles, boards, facts)
    if broker and place and compact:
        board = boards.get(str(top["gateway"][gateway].get("board")))
        dialects = compact_dialects(spot.at("mqtt"), broker, place["id"], gateway, board)
    if problems:
        return None, problems
    compact["v"] = _VERSION
    compact["site"] = place["id"]
    compact["ntp"] = place["ntp"]
    compact["mqtt"] = compact_mqtt(broker)
    compact["mqtt"].update(dialects)
    return compact, problems


def _read_part(spot, part, fields):
    return None if part is None else spot.read_table(part, fields)


def _read_facts(spot, place):
    """What functions need to know of the site: tariffs, CO2 factors, holidays."""
    if place is None or not [key for key in _FACTS if place[key] is not None]:
        return {"dates": [], "written": []}
    from limen.core.function_config import read_site

    return read_site(spot, place)


def _any(value):
    return value


def _time_servers(value):
    """A list of [host, port]; an empty one asks nobody."""
    if isinstance(value, list):
        return [host_and_port(entry, 123) for entry in value]
    raise Mistake('must be a list such as ["pool.ntp.org"]')


def _gateways(value):
    """{name: table} of the gateways of a site."""
    if isinstance(value, dict) and not [True for key in value if not isinstance(value[key], dict)]:
        return value
    if isinstance(value, (dict, list)):
        raise Mistake("must be a table for each gateway, by its name; write [gateway.press-07]")
    return table(value)


_TOP = {
    "site": required(table, '[site] and below it id = "hall-2"'),
    "mqtt": required(table, '[mqtt] and below it host = "broker.local"'),
    "gateway": required(_gateways, "[gateway.press-07]"),
}
_SITE = {
    "id": required(identifier, 'id = "hall-2"'),
    "timezone": optional(text),
    "ntp": optional(_time_servers, [["pool.ntp.org", 123]]),
    "holidays": optional(_any),
    "tariff": optional(table),
    "co2": optional(table),
}
_FACTS = ("holidays", "tariff", "co2")
_SPAN = duration_s(1, 86400)
_GATEWAY = {
    "board": required(text, 'board = "lilygo-t-can485"'),
    "outbox_bytes": optional(integer(1024, 65536), 4096),
    "diag_every": optional(duration_s(1, 86400), 60),
    "alarms": optional(table),
    "rtc": optional(text),
    "bus": required(entries, "[[gateway.press-07.bus]]"),
    "device": required(entries, "[[gateway.press-07.device]]"),
    "network": optional(table),
    "allow_strapping": optional(entries, []),
    "energy": optional(entries),
    "machine": optional(entries),
    "spc": optional(entries),
}
_FUNCTIONS = ("energy", "machine", "spc")
_DEVICE = {
    "id": required(identifier, 'id = "main-meter"'),
    "profile": required(text, 'profile = "eastron-sdm630"'),
    "bus": required(text, 'bus = "rs485"'),
    "address": required(whole, "address = 1"),
    "every": optional(period, 10000),
    "pause": optional(duration_ms(0, 10000)),
    "nameplate": optional(boolean, False),
    "channels": optional(table, {}),
}
_DEVICE.update(framing_fields())


def _read_gateway(spot, gateways, name, profiles, boards, facts):
    """The compact form of one gateway's own part; None if there is nothing to read."""
    if gateways is None:
        return None
    if name not in gateways:
        spot.report("there is no gateway to check; write for example [gateway.press-07]")
        return None
    spot = spot.at(name)
    spot.read(name, identifier)
    values = spot.read_table(gateways[name], _GATEWAY)
    if values is None:
        return None
    board = _look_up(spot.at("board"), values["board"], boards, "board")
    if board and values["allow_strapping"]:
        board = _allow_strapping(spot.at("allow_strapping"), board, values["allow_strapping"])
    buses = read_buses(spot.at("bus"), values["bus"] or [])
    owners = Owners()
    inputs = _inputs(values["device"] or [], buses, board, owners)
    rtc = _find_rtc(spot.at("rtc"), values["rtc"], buses, owners)
    devices = _read_devices(spot.at("device"), values["device"] or [], buses, profiles, inputs)
    wired = wire_buses(spot.at("bus"), buses, board, owners)
    _complete(spot, wired, devices, inputs)
    compact = {
        "gateway": name,
        "outbox_bytes": values["outbox_bytes"],
        "diag_s": values["diag_every"],
        "bus": wired,
        "device": devices,
    }
    compact.update(rtc)
    compact.update(light_of(board))
    compact.update(read_network(spot.at("network"), values["network"], board, owners))
    _add_functions(spot, values, facts, compact)
    return compact


def light_of(board):
    """{"light": [pin, kind]} as `light.shine` takes it; {} for a board without one."""
    led = board and board.get("led")
    return {"light": [led["pin"], _LIGHTS.index(led["kind"])]} if led else {}


def _add_functions(spot, values, facts, compact):
    """What makes values of values; "function" is there only where something does."""
    if [kind for kind in _FUNCTIONS if values[kind]]:
        from limen.core.function_config import read_functions

        compact["function"] = read_functions(spot, values, compact["device"], facts)
    flood = _flood(spot.at("alarms"), values["alarms"])
    _add_shafts(spot, compact)
    _add_windows(spot.at("device"), compact)
    _add_alarms(spot, flood, compact)


def _flood(spot, settings):
    """[alarms, in so many seconds] from which on there are more than anybody can read."""
    fields = {"flood": optional(integer(0, 1000), 10), "flood_window": optional(_SPAN, 600)}
    values = spot.read_table(settings or {}, fields)
    return [values["flood"], values["flood_window"]]


def _add_alarms(spot, flood, compact):
    """What is more than a plain limit is a function of its own, for the whole gateway."""
    for device in compact["device"] + compact.get("function", []):
        for channel in device["channel"]:
            if channel and "alarms" in channel:
                from limen.core.alarm_config import gather_alarms

                alarms = gather_alarms(spot, flood, compact)
                compact["function"] = compact.get("function", []) + [alarms]
                return


def _complete(spot, wired, devices, inputs):
    """Add what buses and devices know of each other once all are read."""
    if inputs:
        for bus in wired:
            inputs.wire(bus)
    if not spot.problems:
        set_framings(devices, wired)
        for device in devices:
            _gather_counters(device)


def _find_rtc(spot, name, buses, owners):
    """{"rtc": index of the I2C bus that has the DS3231}; {} where none is named."""
    index = _find_bus(spot, name, buses)
    if index is None:
        return {}
    kind = buses[index]["kind"]
    if kind and kind != "i2c":
        spot.report('is a bus of kind %s; a DS3231 is on one of kind "i2c"' % kind)
    owners.claim((name, _RTC_ADDRESS, None), "the RTC", spot, "")
    return {"rtc": index}


def _add_shafts(spot, compact):
    """Where orders are those of a speed in a channel, what hands it on is a function."""
    if [device for device in compact["device"] if "shaft" in device]:
        from limen.core.signature_config import gather_shafts

        shafts = gather_shafts(spot, compact)
        if shafts:
            compact["function"] = compact.get("function", []) + [shafts]


def _add_windows(spot, compact):
    """Where reports of channels have windows, what aggregates is a function of its own."""
    for device in compact["device"]:
        for channel in device["channel"]:
            if channel and isinstance(channel.get("report"), dict):
                from limen.core.report_config import read_windows

                functions = compact.get("function", [])
                functions = functions + read_windows(spot, compact["device"], functions)
                if functions:
                    compact["function"] = functions
                return


def _look_up(spot, name, known, word):
    """The facts about a profile or a board; None, and a problem, if there are none."""
    facts = known.get(name)
    if name is not None and facts is None:
        spot.report('there is no %s "%s"%s' % (word, name, suggestion(name, list(known))))
    return facts


def _allow_strapping(spot, board, allowed):
    """The board with those strapping pins free for use."""
    known = board.get("strapping", ())
    for pin in allowed:
        if pin not in known:
            names = ", ".join([str(strapping) for strapping in known])
            spot.report("lists %s; strapping pins of this chip are %s" % (describe(pin), names))
    board = dict(board)
    board["strapping"] = [pin for pin in known if pin not in allowed]
    return board


def _inputs(devices, buses, board, owners):
    """What reads devices that are no meters; None where all are on buses of meters."""
    meters = [bus["id"] for bus in buses if bus and bus["kind"] in METERS]
    on = [device.get("bus") for device in devices if isinstance(device, dict)]
    if len(meters) == len(buses) and not [name for name in on if name not in meters]:
        return None
    from limen.core.input_config import Inputs

    return Inputs(board, owners)


def _read_devices(spot, devices, buses, profiles, inputs):
    """The compact form of every device; each bus learns which profiles are on it."""
    ids, addresses = Owners(), Owners()
    ids.claim("gateway", "the gateway itself", spot, "")
    read = []
    for index in range(len(devices)):
        here = spot.at(index)
        input_fields = inputs and inputs.fields(devices[index], buses)
        values = here.read_table(devices[index], input_fields or _DEVICE)
        if values is None:
            read.append(nothing_of(devices[index]))
            continue
        owner = "device[%d]" % index
        sentence = "is the id of %s already; give every device its own"
        if values["id"] is not None:
            ids.claim(values["id"], owner, here.at("id"), sentence)
        bus = _find_bus(here.at("bus"), values["bus"], buses)
        if input_fields:
            read.append(inputs.read(here, values, buses, bus, owner) or nothing_of(devices[index]))
            continue
        profile = _look_up(here.at("profile"), values["profile"], profiles, "profile")
        if bus is not None:
            _check_address(here.at("address"), values["address"], buses[bus], owner, addresses)
            buses[bus]["devices"].append((devices[index], profile))
        channels = read_channels(here.at("channels"), values, profile)
        if values["nameplate"] and profile and "nameplate" not in profile:
            here.at("nameplate").report("is not known of this profile; leave it out")
        read.append(_compact_device(values, bus, profile or {}, channels))
        if bus is not None:
            read[-1]["framing"] = own_framing(here, values, buses[bus])
    return read or [nothing_of(None)]


def _find_bus(spot, name, buses):
    """Index of the bus of that id; None, and a problem, if there is none.

    Where the id of a bus is wrong, or all of them are missing, that is the problem.
    """
    ids = [bus and bus["id"] for bus in buses] or [None]
    if name in ids and name is not None:
        return ids.index(name)
    if name is not None and None not in ids:
        spot.report('there is no bus "%s" on this gateway%s' % (name, suggestion(name, ids)))
    return None


def _check_address(spot, address, bus, owner, addresses):
    if address is None:
        return
    low, high = _ADDRESSES.get(bus["kind"], (0, address))
    if low <= address <= high:
        sentence = "address %d on this bus belongs to" % address
        sentence += " %s already; two devices at one address answer at once"
        addresses.claim((bus["id"], address), owner, spot, sentence)
    else:
        spot.report("must be %d to %d on a %s bus, not %d" % (low, high, bus["kind"], address))


def _gather_counters(device):
    """Where a device has counters with a ledger: [[index of the channel, rule...], ...]."""
    counters = []
    for index in range(len(device["channel"])):
        rule = device["channel"][index].pop("counter", None)
        if rule:
            counters.append([index] + rule)
    if counters:
        device["counters"] = counters


def _compact_device(values, bus, profile, channels):
    device = {"id": values["id"], "bus": bus, "address": values["address"], "channel": channels}
    for key in _FROM_PROFILE:
        device[key] = profile.get(key)
    if values["pause"] is not None:
        device["pause_ms"] = values["pause"]
    if "sunspec" in profile:
        device["driver"] = "sunspec_device"
        device["sunspec"] = profile["sunspec"]
    if values["nameplate"]:
        device["nameplate"] = profile.get("nameplate")
    return device
