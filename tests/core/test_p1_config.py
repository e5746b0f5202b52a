"""The port of a smart meter in a site file: what becomes of it, and every mistake."""

from fake_inputs import P1, checked, compiled, said


def port(**changes):
    """The compact form of the bus of a smart meter."""
    bus = dict({key: value for key, value in P1.items() if changes.get(key, 0) is not None})
    bus.update({key: value for key, value in changes.items() if value is not None})
    configuration, problems = checked(bus, [{"profile": "dsmr-p1"}])
    assert problems == []
    return configuration["bus"][0]


def test_a_smart_meter_needs_no_more_than_its_pins():
    assert port() == {
        "id": "port", "kind": "p1", "uart": 2, "rx": 34, "tx": 13, "request": None,
        "baud": 115200, "bits": 8, "parity": None, "stop": 1, "invert": True,
        "timeout_ms": 12000, "rx_bytes": 2048,
    }  # fmt: skip
    device = compiled("p1", profile="dsmr-p1")
    assert [channel["name"] for channel in device["channel"]] == [
        "energy_import_t1", "energy_import_t2", "energy_export_t1", "energy_export_t2",
        "power_import_total", "power_export_total", "volume_gas",
    ]  # fmt: skip
    assert device["channel"][0]["p1"] == ["kWh", 0, 1 << 27 | 1 << 16 | 8 << 8 | 1]
    assert device["channel"][6]["p1"][:2] == ["m³", 3]
    assert [rule[0] for rule in device["counters"]] == [0, 1, 2, 3, 6]


def test_a_smart_meter_before_version_4_and_one_as_it_is_written():
    old = port(dsmr="2")
    assert (old["baud"], old["bits"], old["parity"]) == (9600, 7, 0)
    odd = port(dsmr="2", parity="none", bits=8, invert=False)
    assert (odd["baud"], odd["bits"], odd["parity"], odd["invert"]) == (9600, 8, None, False)
    assert port(tx=None, request=21)["tx"] == 21


def test_what_a_port_cannot_be():
    assert said("p1", {"profile": "dsmr-p1"}, {"profile": "dsmr-p1"}) == [
        "1.bus: has device[0] already: a port is that of one meter"
    ]
    alone = {"id": "port", "kind": "p1", "rx": 34}
    assert [text.split(";")[0] for text in said("p1", {"profile": "dsmr-p1"}, bus=alone)] == [
        "0.tx: is missing: the chip drives a pin for sending although nothing is sent"
    ]
    busy = dict(P1, uart=0, rx=99)
    assert said("p1", {"profile": "dsmr-p1"}, bus=busy)[-1] == (
        "0.uart: must be 1 or 2 on this board, not 0"
    )
    secret = dict(P1, key="00112233")
    assert (
        said("p1", {"profile": "dsmr-p1"}, bus=secret)[0]
        .split(";")[0]
        .endswith("telegrams that are encrypted, as in Austria and Luxembourg, are not read")
    )
    assert said("p1", {"profile": "dsmr-p1", "channels": {"energy_imports": {}}})[0].startswith(
        "0.channels.energy_imports: DSMR P1 has no such channel"
    )
