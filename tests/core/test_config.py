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

SMALL_SITE_COMPILED = {
    "v": 1,
    "site": "hall-2",
    "gateway": "g1",
    "ntp": [["pool.ntp.org", 123]],
    "wifi": True,
    "mqtt": {
        "host": "broker.local",
        "port": 1883,
        "keepalive_s": 30,
        "batch_bytes": 1400,
        "in_flight": 8,
    },
    "outbox_bytes": 4096,
    "diag_s": 60,
    "bus": [
        {
            "id": "rs485",
            "kind": "modbus-rtu",
            "uart": 1,
            "tx": 22,
            "rx": 21,
            "de": None,
            "high": [16, 17],
            "baud": 9600,
            "bits": 8,
            "parity": 0,
            "stop": 1,
            "timeout_ms": 300,
        }
    ],
    "device": [
        {
            "id": "meter",
            "bus": 0,
            "address": 1,
            "model": "Acme M1",
            "fc": 4,
            "max_registers": 80,
            "pause_ms": 5,
            "channel": [
                {
                    "name": "voltage_l1",
                    "unit": "V",
                    "kind": "gauge",
                    "places": 2,
                    "every_ms": 10000,
                    "register": [0, "f32", "ABCD", 100, 1],
                },
                {
                    "name": "energy_import",
                    "unit": "kWh",
                    "kind": "counter",
                    "places": 3,
                    "every_ms": 10000,
                    "register": [72, "u32", "CDAB", 10, 1],
                },
            ],
            "counters": [
                [1, 1000000, 42949672960, 10000, 42949672950, 21474836470, 21474836480],
            ],
        }
    ],
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
    compact, problems = check(tables, "g1", PROFILES, BOARDS)
    assert problems == []
    return compact["device"][0]["channel"][0]


def channel_problems(settings, name="power_active_total"):
    lines = said(site(device=[device(every="1s", channels={name: settings})]))
    return [line.replace("device.0.channels." + name, "") for line in lines]


def test_a_small_site_becomes_a_complete_configuration():
    compact, problems = check(site(), "g1", PROFILES, BOARDS)
    assert problems == []
    assert compact == SMALL_SITE_COMPILED


def test_listed_channels_replace_the_default_set_in_the_profile_s_order():
    tables = site(device=[device(channels={"power_factor_total": {}, "voltage_l1": {}})])
    compact, _ = check(tables, "g1", PROFILES, BOARDS)
    names = [entry["name"] for entry in compact["device"][0]["channel"]]
    assert names == ["voltage_l1", "power_factor_total"]


def test_report_and_alarm_are_counts_of_the_resolution():
    entry = channel(
        {
            "report": {
                "deadband": "50 W",
                "or_percent": 2,
                "at_most_every": "2s",
                "at_least_every": "5min",
            },
            "alarm": {"high": "45 kW", "low": "-1 kW", "hysteresis": "1 kW", "delay": "3s"},
        }
    )
    assert entry["report"] == [500, 200, 2000, 300000]
    assert entry["alarm"] == [
        {"name": "high", "limit": 450000, "hysteresis": 10000, "delay_ms": 3000},
        {"name": "low", "limit": -10000, "hysteresis": 10000, "delay_ms": 3000},
    ]


def test_a_pause_no_longer_than_the_period_is_none():
    assert channel({"report": {"at_most_every": "1s"}})["report"] == [0, 0, 0, 0]


def test_what_is_not_written_is_zero():
    assert channel({"report": {"at_least_every": "1h"}})["report"] == [0, 0, 0, 3600000]
    assert channel({"alarm": {"low": "0 W"}})["alarm"] == [
        {"name": "low", "limit": 0, "hysteresis": 0, "delay_ms": 0}
    ]
    assert "report" not in channel({"report": {}})


def test_percentages_are_basis_points():
    for written in (2, "2", "2 %", "2%", "2.00"):
        report = channel({"report": {"deadband": "1 W", "or_percent": written}})["report"]
        assert report == [10, 200, 0, 0]


def test_a_resolution_of_its_own_changes_every_count():
    settings = {"resolution": "10 W", "report": {"deadband": "50 W"}, "every": "500 ms"}
    entry = channel(settings)
    assert entry["places"] == -1
    assert entry["every_ms"] == 500
    assert entry["register"] == [52, "f32", "ABCD", 1, 10]
    assert entry["report"] == [5, 0, 0, 0]


def test_a_quantity_without_unit_takes_bare_numbers_and_keeps_its_sentinel():
    entry = channel({"report": {"deadband": "0.05"}}, "power_factor_total")
    assert entry["report"] == [50, 0, 0, 0]
    assert entry["register"] == [62, "s16", "ABCD", 1, 1, 0x8000]
    assert channel({"alarm": {"low": -1}}, "power_factor_total")["alarm"][0]["limit"] == -1000


def test_missing_parts_are_named():
    assert said({}) == [
        "gateway: is missing; write for example [gateway.press-07]",
        'mqtt: is missing; write for example [mqtt] and below it host = "broker.local"',
        'site: is missing; write for example [site] and below it id = "hall-2"',
    ]
    assert said([]) == [": must be a table of settings, not a list"]
    assert said({"site": {"id": "a"}, "mqtt": {"host": "b"}, "gateway": {}}) == [
        "gateway: there is no gateway to check; write for example [gateway.press-07]"
    ]
    tables = site()
    tables["gateway"]["g1"] = {}
    assert said(tables) == [
        'board: is missing; write for example board = "lilygo-t-can485"',
        "bus: is missing; write for example [[gateway.press-07.bus]]",
        "device: is missing; write for example [[gateway.press-07.device]]",
    ]


def test_site_and_broker():
    tables = site()
    tables["site"] = {"id": "a b", "ntp": ["pool.ntp.org:x"]}
    tables["mqtt"] = {"host": "b", "ca": "f", "password": "x", "keepalive": "1500 ms", "prot": 1}
    assert said(tables) == [
        "mqtt.ca: is of no use without TLS; write tls = true",
        "mqtt.keepalive: must be 5s to 1h, not 1500 ms",
        "mqtt.password: does not belong in the site file; write it in secrets.toml beside it",
        'mqtt.prot: unknown key; did you mean "port"?',
        'site.id: "a b" cannot be part of an MQTT topic; use up to 32 letters, digits, "-" and "_"',
        'site.ntp: "pool.ntp.org:x" does not end with a port of 1 to 65535',
    ]


def test_brokers_in_order_and_tls():
    tables = site()
    tables["mqtt"] = {"hosts": ["one.local", "10.0.0.2:8884"], "tls": True}
    compact, problems = check(tables, "g1", PROFILES, BOARDS)
    assert problems == []
    assert compact["mqtt"] == {
        "host": "one.local",
        "port": 8883,
        "more": [["10.0.0.2", 8884]],
        "tls": True,
        "keepalive_s": 30,
        "batch_bytes": 1400,
        "in_flight": 8,
    }
    tables["mqtt"] = {"hosts": [], "host": "b"}
    assert said(tables) == [
        "mqtt.host: cannot stand beside hosts; write all brokers there",
        'mqtt.hosts: must be a list such as ["broker-1.local", "broker-2.local:8884"]',
    ]
    tables["mqtt"] = {"hosts": ["b:0"]}
    assert said(tables) == ['mqtt.hosts: "b:0" does not end with a port of 1 to 65535']


def test_time_servers_may_have_ports():
    tables = site()
    tables["site"]["ntp"] = ["10.0.0.1:1123", "time.local"]
    compact, problems = check(tables, "g1", PROFILES, BOARDS)
    assert problems == []
    assert compact["ntp"] == [["10.0.0.1", 1123], ["time.local", 123]]


def test_unknown_names_suggest_the_nearest():
    tables = site(
        board="one-prt",
        device=[device(profile="acme-m3", bus="rs458", channels={"voltage_l1": {}})],
    )
    assert said(tables) == [
        'board: there is no board "one-prt"; did you mean "one-port"?',
        'device.0.bus: there is no bus "rs458" on this gateway; did you mean "rs485"?',
        'device.0.profile: there is no profile "acme-m3"; did you mean "acme-m1"?',
    ]
    assert said(site(device=[device(channels={"voltage_L1": {}})])) == [
        'device.0.channels.voltage_L1: Acme M1 has no such channel; did you mean "voltage_l1"?'
    ]


def test_ids_are_unique_and_one_is_reserved():
    tables = site(
        bus=[bus(), bus(tx=4, rx=34)],
        device=[device(), device(address=2), device(id="gateway", address=3)],
    )
    assert said(tables) == [
        "bus.1.id: is the id of bus[0] already; give every bus its own",
        "device.1.id: is the id of device[0] already; give every device its own",
        "device.2.id: is the id of the gateway itself already; give every device its own",
    ]


def test_addresses_of_a_serial_line():
    tables = site(
        device=[
            device(id="a", address=0),
            device(id="b", address=248),
            device(id="c", address=7),
            device(id="d", address=7),
            device(id="e", address="7"),
        ]
    )
    assert said(tables) == [
        "device.0.address: must be 1 to 247 on a modbus-rtu bus, not 0",
        "device.1.address: must be 1 to 247 on a modbus-rtu bus, not 248",
        "device.3.address: address 7 on this bus belongs to device[2] already; two devices at one "
        "address answer at once",
        'device.4.address: must be a whole number, not "7"',
    ]


def test_addresses_on_tcp():
    tables = site(
        bus=[bus(kind="modbus-tcp", host="10.0.0.9")],
        device=[device(id="a", address=0), device(id="b", address=256)],
    )
    assert said(tables) == ["device.1.address: must be 0 to 255 on a modbus-tcp bus, not 256"]


def test_a_bus_behind_a_connection():
    tables = site(bus=[bus(kind="modbus-tcp", host="10.0.0.9")])
    compact, problems = check(tables, "g1", PROFILES, BOARDS)
    assert problems == []
    assert compact["bus"] == [
        {"id": "rs485", "kind": "modbus-tcp", "host": "10.0.0.9", "port": 502, "timeout_ms": 1000}
    ]
    tables = site(bus=[bus(kind="modbus-tcp", host="10.0.0.9", pipeline=4)])
    (ahead,) = check(tables, "g1", PROFILES, BOARDS)[0]["bus"]
    assert (ahead["kind"], ahead["pipeline"]) == ("modbus-tcp-ahead", 4)
    tables = site(bus=[bus(kind="modbus-rtu-tcp", host="10.0.0.9")])
    assert said(tables) == ["bus.0.port: is missing; write for example port = 4196"]


def test_framing_comes_from_the_meters_unless_it_is_written():
    compact, _ = check(site(bus=[bus(baud=19200, parity="none", stop=2)]), "g1", PROFILES, BOARDS)
    framing = [compact["bus"][0][key] for key in ("baud", "parity", "stop")]
    assert framing == [19200, None, 2]
    mixed = [device(id="a"), device(id="b", profile="acme-m2", address=2)]
    ending = "set them alike and write it here, or write it at each device"
    start = "is missing, and the meters on this bus leave the works with "
    assert said(site(device=mixed)) == [
        "bus.0.baud: " + start + "2400 and 9600; " + ending,
        "bus.0.parity: " + start + "even and none; " + ending,
    ]
    assert said(site(bus=[bus(baud=9601)])) == [
        "bus.0.baud: must be one of 1200, 2400, 4800, 9600, 14400, 19200, 28800, 38400, 57600, "
        "76800, 115200, 230400, not 9601"
    ]


def test_a_device_may_have_a_framing_of_its_own_and_then_all_on_its_bus_have_one():
    slow = device(id="b", profile="acme-m2", address=2, baud=2400, parity="none", pause="20ms")
    tables = site(bus=[bus(), bus(id="other", tx=4, rx=34)], device=[device(id="a"), slow])
    tables["gateway"]["g1"]["device"].append(device(id="c", bus="other"))
    compact, problems = check(tables, "g1", PROFILES, BOARDS)
    assert problems == []
    assert [compact["bus"][0][key] for key in ("baud", "parity", "stop")] == [9600, 0, 1]
    framings = [device.get("framing") for device in compact["device"]]
    assert framings == [[9600, 0, 1], [2400, None, 1], None]
    assert [device["pause_ms"] for device in compact["device"]] == [5, 20, 5]
    tables["gateway"]["g1"]["device"][1]["baud"] = 2401
    (problem,) = said(tables)
    assert problem.startswith("device.1.baud: must be one of 1200, 2400, ")


def test_a_device_behind_tcp_has_no_framing():
    tables = site(bus=[{"id": "rs485", "kind": "modbus-tcp", "host": "10.0.0.9"}])
    tables["gateway"]["g1"]["device"][0]["stop"] = 2
    assert "device.0.stop: is for devices on a modbus-rtu bus, which this is not" in said(tables)


def test_pins_written_replace_the_port_of_the_board():
    compact, problems = check(
        site(bus=[bus(), bus(id="b", tx=4, rx=34, de=5)]), "g1", PROFILES, BOARDS
    )
    assert problems == []
    second = compact["bus"][1]
    assert [second[key] for key in ("uart", "tx", "rx", "de", "high")] == [2, 4, 34, 5, []]


def test_pins_that_cannot_be():
    buses = [
        bus(id="a"),
        bus(id="b", tx=34, rx=22, de=4),
        bus(id="c", uart=0, tx=4),
        bus(id="d"),
    ]
    assert said(site(bus=buses, device=[device(bus="a")])) == [
        "bus.1.rx: pin 22 is taken by bus[0].tx already",
        "bus.1.tx: pin 34 of this board cannot be used as an output",
        "bus.2.rx: is missing; tx and rx go together",
        "bus.2.tx: pin 4 is taken by bus[1].de already",
        "bus.2.uart: must be 1 or 2 on this board, not 0",
        "bus.3: the board has no free RS-485 port for this bus; write its pins: tx, rx, de",
    ]


def test_reports_that_contradict_themselves():
    assert channel_problems({"report": {"or_percent": 2}}) == [
        ".report.or_percent: needs a deadband beside it: near zero a percentage tells every flicker"
    ]
    assert channel_problems({"report": {"deadband": "-1 W", "or_percent": 101}}) == [
        ".report.deadband: must not be negative",
        ".report.or_percent: must be 0 to 100, not 101",
    ]
    assert channel_problems({"report": {"at_most_every": "1h", "at_least_every": "5min"}}) == [
        ".report.at_least_every: 5min is shorter than at_most_every 1h"
    ]
    assert channel_problems({"report": {"at_least_every": "500ms"}}) == [
        ".report.at_least_every: 500ms is shorter than the reading, every 1s"
    ]
    assert channel_problems({"every": "0s", "report": {"deadband": 50}}) == [
        ".every: must be 10ms to 6d, not 0s",
        '.report.deadband: must be a text with its unit, such as "10 W"',
    ]


def test_alarms_that_contradict_themselves():
    assert channel_problems({"alarm": {}}) == [".alarm: needs a limit; write high, low or both"]
    assert channel_problems({"alarm": {"high": "1 kW", "low": "1 kW"}}) == [
        ".alarm.high: 1000.0 W is not above low, 1000.0 W"
    ]
    limits = {"high": "1 kW", "low": "0 W", "hysteresis": "1 kW"}
    assert channel_problems({"alarm": limits}) == [
        ".alarm.hysteresis: must be smaller than 1000.0 W, the distance from low to high"
    ]
    assert channel_problems({"alarm": {"high": "45 kV"}}) == [
        '.alarm.high: "45 kV" is not in W; write a number and its unit, such as "10 W"'
    ]


def test_values_of_the_wrong_shape_do_not_stop_the_check():
    tables = site(bus=[5, bus(kind=["modbus-rtu"])], device=["x", device(channels=[])])
    assert said(tables) == [
        "bus.0: must be a table of settings, not 5",
        'bus.1.kind: must be one of "modbus-rtu", "modbus-tcp", "modbus-rtu-tcp", "i2c", '
        '"onewire", "p1", "pins", "spi", not a list',
        'device.0: must be a table of settings, not "x"',
        "device.1.channels: must be a table of settings, not a list",
    ]


RICH = {
    "model": "Acme Controller",
    "fc": 3,
    "max_registers": 8,
    "pause_ms": 0,
    "serial": {"baud": 9600, "parity": "none", "stop": 1},
    "sunspec": [101, 103],
    "default": ["temperature"],
    "channel": [
        ["temperature", 1, [1, "s16*", "ABCD", 2, 6, -105, 1, 0, -1, 0, 0, 0x7FFF]],
        ["temperature_setpoint", 1, [3, "s16", "ABCD", 1, 10], {"write": [6, "-5 °C", "80 °C"]}],
        ["operating_state", 0, [5, "bit", "ABCD", 1, 1], {"fc": 2, "states": {"1": "on"}}],
    ],
}


def rich_channels(**channels):
    tables = site(device=[device(profile="rich", channels=channels)])
    compact, problems = check(tables, "g1", {"rich": RICH}, BOARDS)
    return problems or compact["device"][0]["channel"]


def test_a_derived_number_has_its_offset_scaled_too():
    register = rich_channels()[0]["register"]
    assert register == [1, "s16*", "ABCD", 10, 3, -525, 1, 0, -1, 0, 0, 0x7FFF]
    register = rich_channels(temperature={"resolution": "0.01 °C"})[0]["register"]
    assert register == [1, "s16*", "ABCD", 100, 3, -5250, 1, 0, -1, 0, 0, 0x7FFF]
    register = rich_channels(temperature={"resolution": "10 °C"})[0]["register"]
    assert register[3:6] == [2, 60, -105]


def test_what_a_profile_says_of_a_channel_goes_with_it():
    compact, _ = check(site(device=[device(profile="rich")]), "g1", {"rich": RICH}, BOARDS)
    assert compact["device"][0]["driver"] == "sunspec_device"
    assert compact["device"][0]["sunspec"] == [101, 103]
    state = rich_channels(operating_state={})[0]
    assert (state["fc"], state["states"], state["kind"]) == (2, {"1": "on"}, "state")
    assert "fc" not in rich_channels()[0]


def test_only_what_site_and_profile_both_say_can_be_written():
    assert "write" not in rich_channels(temperature_setpoint={})[0]
    writable = {"writable": True, "resolution": "0.01 °C"}
    assert rich_channels(temperature_setpoint=writable)[0]["write"] == [6, -500, 8000]
    assert "write" not in rich_channels(temperature_setpoint={"writable": False})[0]
    (path, sentence), *rest = rich_channels(temperature={"writable": True})
    assert path[-2:] == ("temperature", "writable") and rest == []
    assert sentence == "this device's profile does not declare the channel writable"
    coarse = {"writable": True, "resolution": "10 °C"}
    (path, sentence), *rest = rich_channels(temperature_setpoint=coarse)
    assert path[-1] == "writable" and "finer than the resolution" in sentence


def counter_rule(settings, name="energy_import"):
    tables = site(device=[device(every="1s", channels={name: settings})])
    compact, problems = check(tables, "g1", PROFILES, BOARDS)
    assert problems == []
    return compact["device"][0].get("counters")


def test_a_counter_has_a_ledger_unless_it_is_not_wanted():
    sentinels = [42949672950, 21474836470, 21474836480]
    rule = counter_rule({"counter": {"largest": "200 kW", "modulus": "1000000 kWh"}})
    assert rule == [[0, 200000, 1000000000, 2000] + sentinels]
    assert counter_rule({"ledger": False}) is None
    assert counter_rule({}, "voltage_l1") is None


def test_a_ledger_needs_exact_counts_and_only_counters_have_one():
    assert channel_problems({"resolution": "1 kWh"}, "energy_import") == [
        ".resolution: must not be coarser than the register, or rollovers would not be exact; "
        "or write ledger = false"
    ]
    assert channel_problems({"resolution": "1 kWh", "ledger": False}, "energy_import") == []
    assert channel_problems({"counter": {"largest": "0 kW"}}, "energy_import") == [
        ".counter.largest: must be more than 0"
    ]
    assert channel_problems({"ledger": False})[0].startswith(".ledger: unknown")
