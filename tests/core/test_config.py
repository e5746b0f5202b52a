"""A whole site becomes a configuration; what is missing, unknown or there twice."""

from fake_site import bus, compiled, device, said, site

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


def test_a_small_site_becomes_a_complete_configuration():
    compact = compiled(site())
    assert compact == SMALL_SITE_COMPILED


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
    compact = compiled(tables)
    assert compact["mqtt"] == {
        "host": "one.local",
        "port": 8883,
        "more": [["10.0.0.2", 8884]],
        "tls": True,
        "keepalive_s": 30,
        "batch_bytes": 1400,
        "in_flight": 8,
    }
    tables["mqtt"]["last_every"] = "1min"
    assert compiled(tables)["mqtt"] == dict(compact["mqtt"], last_s=60)
    tables["mqtt"] = {"hosts": [], "host": "b"}
    assert said(tables) == [
        "mqtt.host: cannot stand beside hosts; write all brokers there",
        'mqtt.hosts: must be a list such as ["broker-1.local", "broker-2.local:8884"]',
    ]
    tables["mqtt"] = {"hosts": ["b:0"]}
    assert said(tables) == ['mqtt.hosts: "b:0" does not end with a port of 1 to 65535']


def test_a_broker_given_as_a_url_is_told_with_what_to_write():
    cases = (
        ("mqtt://broker:1883", "broker:1883"),
        ("tcp://user:secret@broker/", "broker"),
        ("http://broker:8083/mqtt", "broker"),
        ("mqtts://broker.local:8883", 'broker.local:8883", and tls = true'),
    )
    for url, instead in cases:
        sentence = 'must be a host, not a URL; write "%s"' % instead
        tables = site()
        tables["mqtt"] = {"host": url}
        assert said(tables) == ["mqtt.host: " + sentence.replace('true"', "true")]
        tables["mqtt"] = {"hosts": ["broker.local", url]}
        assert said(tables) == ["mqtt.hosts: " + sentence.replace('true"', "true")]
    tcp = {"id": "rs485", "kind": "modbus-tcp", "host": "tcp://10.0.0.7:502"}
    assert said(site(bus=[tcp])) == ['bus.0.host: must be a host, not a URL; write "10.0.0.7"']


def test_gateways_have_names_and_lists_have_double_brackets():
    sentence = "gateway: must be a table for each gateway, by its name; write [gateway.press-07]"
    for wrong in ([{"board": "one-port"}], {"board": "one-port", "bus": [bus()]}, []):
        assert said(dict(site(), gateway=wrong)) == [sentence]
    brackets = "device: must be a list of entries; write [[ ]] around its name, not [ ]"
    assert said(site(device=device())) == [brackets]


def test_time_servers_may_have_ports():
    tables = site()
    tables["site"]["ntp"] = ["10.0.0.1:1123", "time.local"]
    compact = compiled(tables)
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


def test_values_of_the_wrong_shape_do_not_stop_the_check():
    tables = site(bus=[5, bus(kind=["modbus-rtu"])], device=["x", device(channels=[])])
    assert said(tables) == [
        "bus.0: must be a table of settings, not 5",
        'bus.1.kind: must be one of "modbus-rtu", "modbus-tcp", "modbus-rtu-tcp", "i2c", '
        '"onewire", "p1", "pins", "spi", not a list',
        'device.0: must be a table of settings, not "x"',
        "device.1.channels: must be a table of settings, not a list",
    ]


def test_a_bus_that_is_wrong_is_told_once():
    on_pins = {"id": "lamp", "profile": "digital-input", "bus": "pins", "pin": 4}
    cases = (
        (bus(id="rs 485"), "bus.0.id"),
        (bus(id=5), "bus.0.id"),
        (bus(kind="modbus"), "bus.0.kind"),
        ({"id": "rs485", "sda": 4, "scl": 5}, "bus.0.kind"),
        (5, "bus.0"),
    )
    for wrong, place in cases:
        pins = {"id": "pins", "kind": "pins"}
        tables = site(bus=[wrong, pins], device=[device(baud=9600), on_pins], rtc="rs485")
        assert [line.partition(":")[0] for line in said(tables)] == [place]
    del tables["gateway"]["g1"]["bus"]
    assert [line.partition(":")[0] for line in said(tables)] == ["bus"]


def test_of_a_sensor_on_a_bus_that_is_not_there_the_bus_is_told():
    lamp = {"id": "lamp", "profile": "digital-input", "bus": "pin", "pin": 34}
    shaken = {"id": "shaken", "profile": "st-lis3dh", "bus": "wires", "cs": 5, "rate": "3 Hz"}
    lines = said(site(device=[device(), lamp, shaken]))
    assert [line.partition(":")[0] for line in lines] == [
        "device.1.bus",
        "device.2.bus",
        "device.2.rate",
    ]
