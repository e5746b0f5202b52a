"""A small site of one gateway, which tests change, and two meters and a board for it."""

from limen.core.config import check

METER = {
    "model": "Acme M1",
    "fc": 4,
    "max_registers": 80,
    "pause_ms": 5,
    "serial": {"baud": 9600, "parity": "even", "stop": 1},
    "default": ["voltage_l1", "energy_import"],
    "channel": [
        ["voltage_l1", 2, [0, "f32", "ABCD", 1, 1]],
        ["power_active_total", 1, [52, "f32", "ABCD", 1, 1]],
        ["power_factor_total", 3, [62, "s16", "ABCD", 1, 1000, 0x8000]],
        ["energy_import", 3, [72, "u32", "CDAB", 1, 100]],
    ],
}
SLOW = {
    "model": "Acme M2",
    "fc": 3,
    "max_registers": 20,
    "pause_ms": 0,
    "serial": {"baud": 2400, "parity": "none", "stop": 1},
    "default": ["voltage"],
    "channel": [["voltage", 1, [0, "u16", "ABCD", 1, 10]]],
}
PROFILES = {"acme-m1": METER, "acme-m2": SLOW, "other": None}
BOARDS = {
    "one-port": {
        "network": "wifi",
        "uart": [1, 2],
        "output": [4, 5, 22, 32],
        "input": [21, 34],
        "port": [{"uart": 1, "tx": 22, "rx": 21, "de": None, "high": [16, 17]}],
    }
}


def device(**changes):
    table = {"id": "meter", "profile": "acme-m1", "bus": "rs485", "address": 1}
    table.update(changes)
    return table


def bus(**changes):
    table = {"id": "rs485", "kind": "modbus-rtu"}
    table.update(changes)
    return table


def site(**changes):
    gateway = {"board": "one-port", "bus": [bus()], "device": [device()]}
    gateway.update(changes)
    return {"site": {"id": "hall-2"}, "mqtt": {"host": "broker.local"}, "gateway": {"g1": gateway}}


def compiled(tables):
    """The configuration, where there is no problem."""
    compact, problems = check(tables, "g1", PROFILES, BOARDS)
    assert problems == []
    return compact


def said(tables):
    """The problems as sorted text; a path inside the gateway begins there."""
    compact, problems = check(tables, "g1", PROFILES, BOARDS)
    assert (compact is None) == bool(problems)
    lines = []
    for path, sentence in problems:
        if path[:2] == ("gateway", "g1"):
            path = path[2:]
        lines.append(".".join([str(key) for key in path]) + ": " + sentence)
    return sorted(lines)


def channel(settings, name="power_active_total"):
    tables = site(device=[device(every="1s", channels={name: settings})])
    compact = compiled(tables)
    return compact["device"][0]["channel"][0]


def channel_problems(settings, name="power_active_total"):
    lines = said(site(device=[device(every="1s", channels={name: settings})]))
    return [line.replace("device.0.channels." + name, "") for line in lines]
