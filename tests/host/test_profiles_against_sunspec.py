"""The SunSpec profiles against SunSpec's own models, as the package pysunspec2 has them.

A device is laid out by pysunspec2 and filled with random points; pysunspec2's Modbus client and the
firmware's driver then both find and read it.
"""

import math
import random
from fractions import Fraction

import pytest
from sunspec2 import device as sunspec
from sunspec2.modbus import client

import meter_reader
from host_tools.profile import load_profile
from limen.core import nameplate
from profile_meters import compact_device, nearest, read_in_interpreter

POINTS = {
    "sunspec-inverter": {
        "current_sum": "A",
        "current_l1": "AphA",
        "current_l2": "AphB",
        "current_l3": "AphC",
        "voltage_l1_l2": "PPVphAB",
        "voltage_l2_l3": "PPVphBC",
        "voltage_l3_l1": "PPVphCA",
        "voltage_l1": "PhVphA",
        "voltage_l2": "PhVphB",
        "voltage_l3": "PhVphC",
        "power_active_total": "W",
        "frequency": "Hz",
        "power_apparent_total": "VA",
        "power_reactive_total": "VAr",
        "power_factor_total": "PF",
        "energy_export": "WH",
        "current_dc": "DCA",
        "voltage_dc": "DCV",
        "power_dc": "DCW",
        "temperature": "TmpCab",
        "operating_state": "St",
        "alarm": "Evt1",
    },
    "sunspec-meter": {
        "current_sum": "A",
        "current_l1": "AphA",
        "current_l2": "AphB",
        "current_l3": "AphC",
        "voltage_ln_avg": "PhV",
        "voltage_l1": "PhVphA",
        "voltage_l2": "PhVphB",
        "voltage_l3": "PhVphC",
        "voltage_ll_avg": "PPV",
        "voltage_l1_l2": ("PPVphAB", "PhVphAB"),
        "voltage_l2_l3": ("PPVphBC", "PhVphBC"),
        "voltage_l3_l1": ("PPVphCA", "PhVphCA"),
        "frequency": "Hz",
        "power_active_total": "W",
        "power_active_l1": "WphA",
        "power_active_l2": "WphB",
        "power_active_l3": "WphC",
        "power_apparent_total": "VA",
        "power_apparent_l1": "VAphA",
        "power_apparent_l2": "VAphB",
        "power_apparent_l3": "VAphC",
        "power_reactive_total": "VAR",
        "power_reactive_l1": "VARphA",
        "power_reactive_l2": "VARphB",
        "power_reactive_l3": "VARphC",
        "power_factor_total": "PF",
        "power_factor_l1": "PFphA",
        "power_factor_l2": "PFphB",
        "power_factor_l3": "PFphC",
        "energy_export": "TotWhExp",
        "energy_export_l1": "TotWhExpPhA",
        "energy_export_l2": "TotWhExpPhB",
        "energy_export_l3": "TotWhExpPhC",
        "energy_import": "TotWhImp",
        "energy_import_l1": "TotWhImpPhA",
        "energy_import_l2": "TotWhImpPhB",
        "energy_import_l3": "TotWhImpPhC",
        "energy_apparent_import": "TotVAhImp",
        "alarm": "Evt",
    },
}
POINTS["sunspec-inverter-float"] = POINTS["sunspec-inverter"]
POINTS["sunspec-meter-float"] = POINTS["sunspec-meter"]
"""The point that each channel is, by SunSpec's name; the models name a few of them differently."""
OWN_UNITS = {"Wh": Fraction(1, 1000), "VAh": Fraction(1, 1000), "Pct": Fraction(1, 100)}
"""From SunSpec's unit to the one of the vocabulary."""
RANGES = {
    "int16": (-32768, 32767),
    "uint16": (0, 65535),
    "acc32": (0, 0xFFFFFFFF),
    "enum16": (1, 8),
    "bitfield32": (0, 0xFFFFFFFF),
    "sunssf": (-4, 4),
    "float32": (-3e6, 3e6),
}
MODELS = [("sunspec-inverter", 101), ("sunspec-inverter", 102), ("sunspec-inverter", 103)]
MODELS += [("sunspec-meter", number) for number in (201, 202, 203, 204)]
MODELS += [("sunspec-inverter-float", number) for number in (111, 112, 113)]
MODELS += [("sunspec-meter-float", number) for number in (211, 212, 213, 214)]


def registers_of(data):
    return [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]


def random_value(rng, kind):
    low, high = RANGES[kind]
    if kind == "float32":
        return rng.choice([low, high, math.nan, rng.uniform(low, high), rng.uniform(-1, 1)])
    return rng.choice([low, high, rng.randint(low, high), rng.randint(low, high)])


def laid_out(rng, number, base):
    """(cells of a device, its model of that number): the common model lies before it."""
    common = sunspec.Model(model_id=1, model_len=66)
    common.Mn.value, common.Md.value, common.SN.value = "Acme", "Sun 8", "0815"
    model = sunspec.Model(model_id=number)
    for name, point in model.points.items():
        if name not in ("ID", "L", "Pad"):
            point.value = random_value(rng, point.pdef["type"])
    model.ID.value, model.L.value = number, model.len - 2
    common.ID.value, common.L.value = 1, 66
    words = registers_of(b"SunS" + common.get_mb() + model.get_mb() + b"\xff\xff\0\0")
    return {f"3/{base + index}": word for index, word in enumerate(words)}


class Client(client.SunSpecModbusClientDevice):
    """pysunspec2's client; its registers come from the cells."""

    def __init__(self, cells):
        super().__init__()
        self.cells = cells

    def connect(self, timeout=None):
        pass

    def disconnect(self):
        pass

    def read(self, addr, count):
        names = [f"3/{address}" for address in range(addr, addr + count)]
        if not set(names) <= self.cells.keys():
            raise client.SunSpecModbusClientException("illegal data address")
        return b"".join(self.cells[name].to_bytes(2, "big") for name in names)


def is_absent(value):
    return value is None or isinstance(value, float) and math.isnan(value)


def truths(cells, number, profile):
    """{channel: exact value or None} as pysunspec2 reads the device."""
    device = Client(cells)
    device.scan()
    (model,) = device.models[number]
    values = {}
    for channel, names in POINTS[profile].items():
        names = (names,) if isinstance(names, str) else names
        (point,) = [model.points[name] for name in names if name in model.points]
        values[channel] = None
        scale = 0
        if point.pdef.get("sf"):
            scale = model.points[point.pdef["sf"]].value
        if not is_absent(point.value) and scale is not None:
            unit = OWN_UNITS.get(point.pdef.get("units"), 1)
            values[channel] = Fraction(point.value) * Fraction(10) ** scale * unit
    return values


@pytest.mark.parametrize(("profile", "number"), MODELS)
def test_a_device_is_read_as_pysunspec2_reads_it(profile, number, tmp_path):
    rng = random.Random(number)
    settings = compact_device(profile, POINTS[profile])
    jobs, wanted, missing = [], [], 0
    for round_number in range(30):
        cells = laid_out(rng, number, (40000, 50000, 0)[round_number % 3])
        exact = truths(cells, number, profile)
        counts = []
        for channel in settings["channel"]:
            value = exact[channel["name"]]
            missing += value is None
            places = Fraction(10) ** channel["places"]
            counts.append(None if value is None else nearest(value * places))
        jobs.append({"settings": settings, "cells": cells, "longest": 125, "refuses": True})
        wanted.append(counts)
    assert [meter_reader.read(job) for job in jobs] == wanted
    assert read_in_interpreter(jobs, tmp_path) == wanted
    assert missing


def test_every_channel_of_the_profiles_is_compared():
    for profile, points in POINTS.items():
        assert {channel[0] for channel in load_profile(profile)["channel"]} == set(points)


@pytest.mark.parametrize("profile", sorted(POINTS))
def test_the_nameplate_is_that_of_the_common_model(profile):
    cells = laid_out(random.Random(1), 203, 40000)
    texts = {}
    for name, function, address, words, kind, order in load_profile(profile)["nameplate"]:
        first = 40000 + 2 + address  # the common model begins behind "SunS"
        held = [cells[f"{function}/{first + at}"] for at in range(words)]
        data = b"".join(word.to_bytes(2, "big") for word in held)
        texts[name] = nameplate.decode(kind, order, data, 0, words)
    known = {"manufacturer": "Acme", "model": "Sun 8", "serial_number": "0815"}
    assert texts == known | {"firmware_version": None}


def test_the_states_are_those_of_the_model():
    symbols = sunspec.Model(model_id=103).points["St"].pdef["symbols"]
    found = [c for c in load_profile("sunspec-inverter")["channel"] if c[0] == "operating_state"]
    assert found[0][3]["states"] == {
        str(symbol["value"]): symbol["name"].lower() for symbol in symbols
    }
