"""Buses in a site file: addresses, framing, pins; and every mistake."""

from fake_site import bus, compiled, device, said, site


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
    compact = compiled(tables)
    assert compact["bus"] == [
        {"id": "rs485", "kind": "modbus-tcp", "host": "10.0.0.9", "port": 502, "timeout_ms": 1000}
    ]
    tables = site(bus=[bus(kind="modbus-tcp", host="10.0.0.9", pipeline=4)])
    (ahead,) = compiled(tables)["bus"]
    assert (ahead["kind"], ahead["pipeline"]) == ("modbus-tcp-ahead", 4)
    tables = site(bus=[bus(kind="modbus-tcp", host="10.0.0.9", pipeline=9)])
    assert said(tables) == ["bus.0.pipeline: must be 1 to 8, not 9"]
    tables = site(bus=[bus(kind="modbus-rtu-tcp", host="10.0.0.9")])
    assert said(tables) == ["bus.0.port: is missing; write for example port = 4196"]


def test_framing_comes_from_the_meters_unless_it_is_written():
    compact = compiled(site(bus=[bus(baud=19200, parity="none", stop=2)]))
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
    compact = compiled(tables)
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
    compact = compiled(site(bus=[bus(), bus(id="b", tx=4, rx=34, de=5)]))
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
