"""The buses of a gateway: their settings, their framing, and their pins on the board."""

from limen.core.input_buses import BUSES, claim_pin, wire_bus
from limen.core.schema import (
    Owners,
    duration_ms,
    host,
    identifier,
    integer,
    loosely,
    one_of,
    optional,
    required,
)

BAUDS = (1200, 2400, 4800, 9600, 14400, 19200, 28800, 38400, 57600, 76800, 115200, 230400)
PARITIES = {"none": None, "even": 0, "odd": 1}  # as machine.UART has them
_AHEAD = "modbus-tcp-ahead"
_TCP_KINDS = ("modbus-tcp", "modbus-rtu-tcp")
METERS = ("modbus-rtu",) + _TCP_KINDS
KINDS = METERS + tuple(sorted(BUSES))
_kind = one_of(KINDS)


def framing_fields(baud=None, parity=None, stop=None):
    """The fields of a serial framing, with their defaults."""
    return {
        "baud": optional(one_of(BAUDS), baud),
        "parity": optional(one_of(("none", "even", "odd")), parity),
        "stop": optional(integer(1, 2), stop),
    }


_pin = integer(0, 48)
_RTU = {
    "id": required(identifier, 'id = "rs485"'),
    "kind": required(_kind, 'kind = "modbus-rtu"'),
    "timeout": optional(duration_ms(10, 10000), 300),
    "uart": optional(integer(0, 2)),
    "tx": optional(_pin),
    "rx": optional(_pin),
    "de": optional(_pin),
}
_RTU.update(framing_fields())
_TCP = {
    "id": required(identifier, 'id = "line-3"'),
    "kind": required(_kind, 'kind = "modbus-tcp"'),
    "timeout": optional(duration_ms(10, 10000), 1000),
    "host": required(host, 'host = "192.168.1.20"'),
    "port": optional(integer(1, 65535), 502),
}
_RTU_TCP = dict(_TCP)
_TCP["pipeline"] = optional(integer(1, 8), 1)
_RTU_TCP["port"] = required(integer(1, 65535), "port = 4196")
_FIELDS = {"modbus-rtu": _RTU, "modbus-tcp": _TCP, "modbus-rtu-tcp": _RTU_TCP}
for _kind_of_input in BUSES:
    _FIELDS[_kind_of_input] = {
        "id": required(identifier, 'id = "sensors"'),
        "kind": required(_kind, 'kind = "%s"' % _kind_of_input),
    }
    _FIELDS[_kind_of_input].update(BUSES[_kind_of_input])


def read_buses(spot, buses):
    """The settings of every bus, None for one that is not a table; a wrong kind is None.

    Beside its settings each has `written`, the table as it was written, and `devices`, for the
    tables and profiles of the devices on it.
    """
    read, ids = [], Owners()
    for index in range(len(buses)):
        bus, here = buses[index], spot.at(index)
        kind = bus.get("kind") if isinstance(bus, dict) else None
        kind = kind if kind in KINDS else None
        values = here.read_table(bus, _FIELDS[kind] if kind else _loosely(bus))
        read.append(values)
        if values is None:
            continue
        values["kind"], values["written"], values["devices"] = kind, bus, []
        if values["id"] is not None:
            sentence = "is the id of %s already; give every bus its own"
            ids.claim(values["id"], "bus[%d]" % index, here.at("id"), sentence)
    return read


def _loosely(bus):
    return loosely(bus, {key: _RTU[key] for key in ("id", "kind")}) if isinstance(bus, dict) else {}


def wire_buses(spot, buses, board, owners):
    """The buses in compact form, with the framing of their meters and the pins of the board."""
    wired = []
    for index in range(len(buses)):
        bus, here = buses[index], spot.at(index)
        if bus and bus["kind"] in BUSES:
            wired.append(wire_bus(here, bus, board, owners, "bus[%d]" % index))
        if bus and bus["kind"] in _TCP_KINDS:
            compact = {"timeout_ms": bus["timeout"]}
            compact.update([(key, bus[key]) for key in ("id", "kind", "host", "port")])
            if (bus.get("pipeline") or 1) > 1:
                # A master of its own: elsewhere nobody pays for it.
                compact.update({"kind": _AHEAD, "pipeline": bus["pipeline"]})
            wired.append(compact)
        if bus is None or bus["kind"] != "modbus-rtu":
            continue
        compact = {"id": bus["id"], "kind": bus["kind"], "timeout_ms": bus["timeout"], "bits": 8}
        _set_framing(here, compact, bus)
        if board and _set_pins(here, compact, bus, board, owners):
            _claim_pins(here, compact, board, owners, "bus[%d]" % index)
        wired.append(compact)
    return wired


def _set_framing(spot, compact, bus):
    """Baud, parity and stop bits as written, else as all meters on the bus leave the works."""
    for key, usual in (("baud", 9600), ("parity", "none"), ("stop", 1)):
        compact[key] = bus[key]
        if key in bus["written"]:
            continue
        left = [profile for device, profile in bus["devices"] if profile and key not in device]
        choices = sorted({profile["serial"][key] for profile in left})
        compact[key] = choices[0] if choices else usual
        if len(choices) > 1:
            names = " and ".join([str(choice) for choice in choices])
            sentence = "is missing, and the meters on this bus leave the works with %s; "
            spot.at(key).report(
                (sentence + "set them alike and write it here, or write it at each device") % names
            )
    compact["parity"] = PARITIES.get(compact["parity"])


def own_framing(spot, device, bus):
    """What a device says of its own framing, {} if nothing; only a serial bus has any."""
    own = {key: device[key] for key in framing_fields() if device[key] is not None}
    if own and bus["kind"] not in ("modbus-rtu", None):
        spot.at(sorted(own)[0]).report("is for devices on a modbus-rtu bus, which this is not")
    return own


def set_framings(devices, buses):
    """Where a device has a framing of its own, each one on its bus gets one: [baud, parity, stop].

    The gateway changes between them; elsewhere nobody pays for it.
    """
    mixed = [device["bus"] for device in devices if device.get("framing")]
    for device in devices:
        own = device.pop("framing", {})
        if device["bus"] in mixed:
            bus = buses[device["bus"]]
            parity = PARITIES[own["parity"]] if "parity" in own else bus["parity"]
            framing = [own.get("baud", bus["baud"]), parity, own.get("stop", bus["stop"])]
            device["framing"] = framing


def _set_pins(spot, compact, bus, board, owners):
    """UART and pins as written, else those of the board's next free port; False if none is."""
    written = bus["written"]
    port = {"uart": bus["uart"], "tx": bus["tx"], "rx": bus["rx"], "de": bus["de"], "high": []}
    if "tx" in written or "rx" in written:
        for key in ("tx", "rx"):
            if key not in written:
                spot.at(key).report("is missing; tx and rx go together")
        if "uart" not in written:
            free = [uart for uart in board["uart"] if not owners.has(("uart", uart))]
            port["uart"] = (free or board["uart"])[0]
    else:
        port = _free_port(bus["uart"], board, owners)
    if port is None:
        sentence = "the board has no free RS-485 port for this bus; write its pins: tx, rx, de"
        spot.report(sentence)
        return False
    compact.update(port)
    if "de" in written:
        compact["de"] = bus["de"]
    return True


def _free_port(wanted, board, owners):
    for port in board["port"]:
        if wanted in (None, port["uart"]) and not owners.has(("uart", port["uart"])):
            return port
    return None


def _claim_pins(spot, compact, board, owners, name):
    """Give the UART and the pins to this bus; two buses cannot share them."""
    uart = compact["uart"]
    if uart in board["uart"]:
        owners.claim(("uart", uart), name, spot.at("uart"), "is taken by %s already")
    elif uart is not None:
        names = " or ".join([str(known) for known in board["uart"]])
        spot.at("uart").report("must be %s on this board, not %d" % (names, uart))
    for key in ("tx", "rx", "de"):
        claim_pin(spot.at(key), compact[key], name + "." + key, board, owners, key != "rx")
