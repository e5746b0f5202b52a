"""Every profile against meters that are made from collected register maps, not from the profile.

The maps lie beside the project: addresses, types and scales as public drivers and documents have
them. A meter is filled with values by `struct`, and the firmware's driver, with the profile's
compact configuration, must read each of them exactly: under CPython and in the interpreter that
stands for the chip.
"""

import json
import random
import struct
from fractions import Fraction

import pytest

import meter_reader
from host_tools.paths import PROJECT
from host_tools.profile import load_profile
from profile_meters import compact_device, nearest, read_in_interpreter

REGISTER_MAPS = PROJECT.parent / "shared/meters/register_maps.json"
METERS = json.loads(REGISTER_MAPS.read_text())["meters"] if REGISTER_MAPS.exists() else {}
ROUNDS = 12

pytestmark = pytest.mark.skipif(not METERS, reason=f"{REGISTER_MAPS} is not on this machine")

CODES = {"uint16": "H", "int16": "h", "uint32": "I", "int32": "i", "uint64": "Q", "int64": "q"}
CODES |= {"float32": "f", "float64": "d"}
RENAMED = {"energy_import_i64": "energy_import", "energy_export_i64": "energy_export"}
"""The PM5xxx map has its energies twice; the 64-bit ones are exact, as its quirk argues."""
LEFT_OUT = {
    ("schneider_pm5xxx", "energy_import"),
    ("schneider_pm5xxx", "energy_export"),
    ("schneider_iem3155_iem3255", "energy_import_f32"),
    ("schneider_iem3155_iem3255", "energy_export_f32"),
}
SIGNED_IN_FACT = {"saia_ale3"}
"""Its map says uint16 and doubts the sign: values above 32767 are not drawn for it."""
UNITS = {"deg": "°"}


def profile_name(key):
    return key.replace("_", "-")


def draw(rng, key, register):
    """(bytes most significant first, exact value in the map's unit or None)."""
    code = CODES[register["type"]]
    scale = Fraction(str(register["scale"]))
    size = struct.calcsize(">" + code)
    if code in "fd":
        value = rng.choice([0.0, -0.0, 230.1, -12.75, rng.uniform(-99999, 99999), rng.random()])
        if "encoding" in register:
            value = rng.choice([1.0, -1.0, 2.0, rng.uniform(-2, 2)])
        data = struct.pack(">" + code, value)
        (held,) = struct.unpack(">" + code, data)
        exact = Fraction(held)
        if "encoding" in register and abs(exact) > 1:
            exact = (2 if exact > 0 else -2) - exact
        return data, exact * scale
    low, high = (0, (1 << 8 * size) - 2) if code.isupper() else (-(1 << 8 * size - 1), 0)
    high = high or -low - 2
    if key in SIGNED_IN_FACT:
        high = min(high, 32766)
    raw = rng.choice([low, 1, high, rng.randint(low, high), rng.randint(low // 999, high // 999)])
    return struct.pack(">" + code, raw), raw * scale


def words_on_the_wire(data, order):
    words = [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]
    return words[::-1] if order.startswith("CDAB") else words


def wanted_registers(key):
    """{channel name: register of the map}, without those that the profile leaves out."""
    registers = METERS[key]["registers"]
    return {
        RENAMED.get(name, name): register
        for name, register in registers.items()
        if (key, name) not in LEFT_OUT
    }


def make_jobs(key):
    """Jobs for the reader, and for each {channel: exact value} in the map's units."""
    rng = random.Random(key)
    registers = wanted_registers(key)
    settings = compact_device(profile_name(key), registers)
    longest = min(125, METERS[key].get("max_regs_per_request", 125))
    jobs, truths = [], []
    for _ in range(ROUNDS):
        cells, truth = {}, {}
        for name, register in registers.items():
            data, truth[name] = draw(rng, key, register)
            for index, word in enumerate(words_on_the_wire(data, METERS[key]["word_order"])):
                cells[f"{METERS[key]['fc']}/{register['addr'] + index}"] = word
        jobs.append({"settings": settings, "cells": cells, "longest": longest})
        truths.append(truth)
    return jobs, truths


def expected(job, truth):
    """The counts that must be read, in the order of the channels."""
    counts = []
    for channel in job["settings"]["channel"]:
        counts.append(nearest(truth[channel["name"]] * Fraction(10) ** channel["places"]))
    return counts


@pytest.mark.parametrize("key", METERS)
def test_a_meter_made_from_its_map_is_read_exactly(key, tmp_path):
    jobs, truths = make_jobs(key)
    wanted = [expected(job, truth) for job, truth in zip(jobs, truths, strict=True)]
    for job, counts in zip(jobs, wanted, strict=True):
        names = [channel["name"] for channel in job["settings"]["channel"]]
        assert dict(zip(names, meter_reader.read(job), strict=True)) == dict(
            zip(names, counts, strict=True)
        )
    assert read_in_interpreter(jobs, tmp_path) == wanted


@pytest.mark.parametrize("key", METERS)
def test_units_resolutions_and_limits_are_those_of_the_map(key):
    registers, meter = wanted_registers(key), METERS[key]
    device = compact_device(profile_name(key), registers)
    for channel in device["channel"]:
        register = registers[channel["name"]]
        assert channel["unit"] == UNITS.get(register["unit"], register["unit"])
        steps = Fraction(str(register["scale"])) * Fraction(10) ** channel["places"]
        if "int" in register["type"]:
            assert steps.denominator == 1, "a step of the meter is lost"
        else:
            assert channel["places"] >= 1
    assert device["max_registers"] <= min(125, meter.get("max_regs_per_request", 125))
    assert device["fc"] in (meter["fc"], *meter.get("fc_alternatives", ()))


@pytest.mark.parametrize("key", METERS)
def test_what_no_source_confirms_is_not_in_the_default_set(key):
    registers = wanted_registers(key)
    doubtful = {name for name, register in registers.items() if register.get("verified") is False}
    assert not doubtful & set(load_profile(profile_name(key))["default"])


def test_abb_s_patterns_for_not_available_are_no_numbers(tmp_path):
    """The largest number of each type, for all registers at once."""
    registers = wanted_registers("abb_b23_b24")
    cells = {}
    for register in registers.values():
        code = CODES[register["type"]]
        size = struct.calcsize(">" + code)
        largest = (1 << 8 * size) - 1 if code.isupper() else (1 << 8 * size - 1) - 1
        for index, word in enumerate(words_on_the_wire(struct.pack(">" + code, largest), "ABCD")):
            cells[f"3/{register['addr'] + index}"] = word
    job = {"settings": compact_device("abb-b23-b24", registers), "cells": cells, "longest": 125}
    nothing = [None] * len(registers)
    assert meter_reader.read(job) == nothing
    assert read_in_interpreter([job], tmp_path) == [nothing]


def test_saia_s_power_has_the_sign_of_meters_that_count_both_ways():
    job = {"settings": compact_device("saia-ale3", ["power_active_total"]), "longest": 20}
    job["cells"] = {"3/50": 0x10000 - 123}
    assert meter_reader.read(job) == [-123]
    assert job["settings"]["channel"][0]["places"] == -1
