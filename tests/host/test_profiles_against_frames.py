"""Profiles against frames that real devices sent: each reply decodes to the value on record."""

import json
from decimal import Decimal

import pytest

from host_tools.paths import PROJECT
from host_tools.profile import load_profile
from limen.core import modbus
from limen.core.numbers import number

VECTORS = PROJECT.parent / "shared/vectors/modbus_rtu"
FRAMES = VECTORS / "real_frames.json"
CONSTRUCTED = VECTORS / "minimalmodbus_constructed.json"

pytestmark = pytest.mark.skipif(not FRAMES.exists(), reason=f"{FRAMES} is not on this machine")

PROFILES = {
    "ABB B-series": "abb-b23-b24",
    "ORNO WE-516/517": "orno-we516-517",
    "PZEM AC": "pzem-004t-v3-016",
    "Eastron SDM230": "eastron-sdm230",
    "Eastron SDM630": "eastron-sdm630",
}
WHOLE_BLOCK = "01040000000a700d"
"""The request that the PZEM's recorded reply answers; ESPHome sends it."""


def frames():
    return json.loads(FRAMES.read_text())


def read(name, request, response):
    """{quantity: Decimal or None} for the profile's channels that lie in a recorded reply."""
    request, response = bytes.fromhex(request), bytes.fromhex(response)
    reply = modbus.Reply()
    reply.expect(request)
    assert reply.feed(response, len(response)) == modbus.OK
    start, count = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
    profile = load_profile(name)
    values = {}
    for quantity, places, register, *extra in profile["channel"]:
        address, kind, order, numerator, denominator, *rest = register
        function = extra[0].get("fc", profile["fc"]) if extra else profile["fc"]
        if function != request[1] or not start <= address < start + count:
            continue
        at = reply.data + 2 * (address - start)
        if kind == "bit":
            values[quantity] = reply.buffer[reply.data] >> address - start & 1
            continue
        decoder = number(kind, order, numerator * 10**places, denominator, tuple(rest))
        if address + decoder.words <= start + count:
            decoded = decoder.decode(reply.buffer, at)
            values[quantity] = None if decoded is None else Decimal(decoded).scaleb(-places)
    return values


def test_recorded_replies_of_meters():
    seen = 0
    for frame in frames()["frames"]:
        if frame["device"] not in PROFILES or not frame["response"]:
            continue
        request = frame["request"] or WHOLE_BLOCK
        values = read(PROFILES[frame["device"]], request, frame["response"])
        expected = {
            name: None if value is None else Decimal(str(value))
            for name, value in frame["decoded"].items()
        }
        assert values == expected, frame["id"]
        seen += len(values)
    assert seen == 20


def test_recorded_values_of_eastron_meters():
    for vector in frames()["value_vectors"]:
        profile = load_profile(PROFILES[vector["device"]])
        words = bytes.fromhex("".join(vector["words"]))
        found = [channel for channel in profile["channel"] if channel[2][0] == vector["addr"]]
        ((_, places, register),) = found
        count = number(*register[1:3], register[3] * 10**places, register[4]).decode(words, 0)
        # The log prints three to six digits.
        assert abs(Decimal(count).scaleb(-places) - Decimal(str(vector["value"]))) <= Decimal(
            "0.06"
        )


def controller_values(name, address):
    """All values that one recorded controller sent, in the order of the recording."""
    values = []
    for pair in frames()["recorded_devices"]["pairs"]:
        request = bytes.fromhex(pair["request"])
        if request[0] == address and request[1] in (2, 3):
            values.append(read(name, pair["request"], pair["response"]))
    return [value for value in values if value]


def test_a_recorded_omega_cn7500():
    assert controller_values("omega-cn7500", 10) == [
        {"operating_state": 1},
        {"temperature": Decimal("25.0")},
        {"temperature_setpoint": Decimal("325.8")},
    ]
    assert controller_values("omega-cn7500", 1) == [
        {"operating_state": 1},
        {"temperature_setpoint": Decimal("823.6")},
    ]


def test_a_recorded_delta_dtb4824():
    assert controller_values("delta-dtb", 7) == [
        {"operating_state": 0},  # in a block of nine bits
        {"operating_state": 0},
        {"temperature": Decimal("-54.6"), "temperature_setpoint": Decimal("35.0")},
        {"temperature": Decimal("-54.6")},
        {"temperature_setpoint": Decimal("80.0")},
        {"control_output": Decimal("0.0")},
    ]


def test_writing_to_a_controller_is_declared_as_it_was_recorded():
    """Function codes of the recorded writes to the addresses that the profiles declare writable."""
    recorded = {
        (request[0], int.from_bytes(request[2:4], "big")): request[1]
        for request in map(
            bytes.fromhex, (pair["request"] for pair in frames()["recorded_devices"]["pairs"])
        )
        if request[1] in (5, 6, 16)
    }
    for name, address in (("omega-cn7500", 10), ("delta-dtb", 7)):
        declared = {
            register[0]: extra[0]["write"][0]
            for _, _, register, *extra in load_profile(name)["channel"]
            if extra and "write" in extra[0]
        }
        assert declared == {
            at: function
            for (who, at), function in recorded.items()
            if who == address and at in declared
        }
        assert set(declared) == {0x0814, 0x1001}


def test_a_eurotherm_3500_as_minimalmodbus_tests_it():
    pairs = {
        pair["request"]: pair["response"] for pair in json.loads(CONSTRUCTED.read_text())["pairs"]
    }
    for request, expected in (
        ("010300050001940b", {"temperature_setpoint": Decimal("18.4")}),
        ("010301210001d5fc", {"temperature": Decimal("77.0")}),
    ):
        assert read("eurotherm-3500", request, pairs[request]) == expected


def test_a_temperature_that_the_controller_has_not_got():
    for code in ("8002", "8003", "8004", "8006", "8007"):
        wire = bytes.fromhex(code)
        for name in ("delta-dtb", "omega-cn7500"):
            register = load_profile(name)["channel"][0][2]
            assert number(*register[1:5], tuple(register[5:])).decode(wire, 0) is None
