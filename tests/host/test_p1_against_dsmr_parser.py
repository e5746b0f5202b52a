"""Recorded telegrams as our reader and as dsmr_parser read them: every value must be the same.

What dsmr_parser calls a value is set beside our quantity here by hand, so that neither list of
OBIS codes checks itself.
"""

from decimal import Decimal

import pytest
from dsmr_parser import telegram_specifications
from dsmr_parser.parsers import TelegramParser

from host_tools.paths import PROJECT
from limen.core.p1 import Framer, Lines
from limen.core.p1_channels import CHANNELS, DEFAULT
from limen.core.quality import GOOD
from limen.core.quantity import lookup
from limen.drivers import p1

VECTORS = PROJECT.parent / "shared/vectors/dsmr_p1"
TELEGRAMS = sorted(VECTORS.glob("*.txt"))

NAMES = {
    "ELECTRICITY_IMPORTED_TOTAL": "energy_import",
    "ELECTRICITY_EXPORTED_TOTAL": "energy_export",
    "ELECTRICITY_USED_TARIFF_1": "energy_import_t1",
    "ELECTRICITY_USED_TARIFF_2": "energy_import_t2",
    "ELECTRICITY_DELIVERED_TARIFF_1": "energy_export_t1",
    "ELECTRICITY_DELIVERED_TARIFF_2": "energy_export_t2",
    "ELECTRICITY_REACTIVE_IMPORTED_TOTAL": "energy_reactive_import",
    "ELECTRICITY_REACTIVE_EXPORTED_TOTAL": "energy_reactive_export",
    "ELECTRICITY_ACTIVE_TARIFF": "tariff",
    "CURRENT_ELECTRICITY_USAGE": "power_import_total",
    "CURRENT_ELECTRICITY_DELIVERY": "power_export_total",
    "CURRENT_REACTIVE_IMPORTED": "power_reactive_import_total",
    "CURRENT_REACTIVE_EXPORTED": "power_reactive_export_total",
    "INSTANTANEOUS_ACTIVE_POWER_L1_POSITIVE": "power_import_l1",
    "INSTANTANEOUS_ACTIVE_POWER_L2_POSITIVE": "power_import_l2",
    "INSTANTANEOUS_ACTIVE_POWER_L3_POSITIVE": "power_import_l3",
    "INSTANTANEOUS_ACTIVE_POWER_L1_NEGATIVE": "power_export_l1",
    "INSTANTANEOUS_ACTIVE_POWER_L2_NEGATIVE": "power_export_l2",
    "INSTANTANEOUS_ACTIVE_POWER_L3_NEGATIVE": "power_export_l3",
    "INSTANTANEOUS_VOLTAGE_L1": "voltage_l1",
    "INSTANTANEOUS_VOLTAGE_L2": "voltage_l2",
    "INSTANTANEOUS_VOLTAGE_L3": "voltage_l3",
    "INSTANTANEOUS_CURRENT_L1": "current_l1",
    "INSTANTANEOUS_CURRENT_L2": "current_l2",
    "INSTANTANEOUS_CURRENT_L3": "current_l3",
    "INSTANTANEOUS_POWER_FACTOR_TOTAL": "power_factor_total",
    "INSTANTANEOUS_POWER_FACTOR_L1": "power_factor_l1",
    "INSTANTANEOUS_POWER_FACTOR_L2": "power_factor_l2",
    "INSTANTANEOUS_POWER_FACTOR_L3": "power_factor_l3",
    "FREQUENCY": "frequency",
    "SHORT_POWER_FAILURE_COUNT": "power_failures",
    "LONG_POWER_FAILURE_COUNT": "power_failures_long",
    "VOLTAGE_SAG_L1_COUNT": "voltage_sags_l1",
    "VOLTAGE_SAG_L2_COUNT": "voltage_sags_l2",
    "VOLTAGE_SAG_L3_COUNT": "voltage_sags_l3",
    "VOLTAGE_SWELL_L1_COUNT": "voltage_swells_l1",
    "VOLTAGE_SWELL_L2_COUNT": "voltage_swells_l2",
    "VOLTAGE_SWELL_L3_COUNT": "voltage_swells_l3",
    "GAS_METER_READING": "volume_gas",
}
MEDIA = {3: "volume_gas", 4: "energy_heat", 7: "volume_water"}

# How many values each telegram has, so that none is lost unnoticed.
VALUES = {
    "esy5q3da1004_v304": 5,
    "esy5q3db1024_v304": 6,
    "iskra_ie": 19,
    "sagemcom_t210_d_r": 12,
    "unpadded_crc": 1,
    "v2_2": 8,
    "v3": 8,
    "v4_2": 25,
    "v5": 28,
    "v5_eon_hu": 22,
    "v5_two_mbus": 28,
}

needs_telegrams = pytest.mark.skipif(not TELEGRAMS, reason=f"{VECTORS} is not on this machine")


def every_object():
    """The objects that are compared, of all specifications of dsmr_parser, each once."""
    specifications = [
        getattr(telegram_specifications, name) for name in dir(telegram_specifications)
    ]
    objects = {}
    for specification in specifications:
        if isinstance(specification, dict) and "objects" in specification:
            for entry in specification["objects"]:
                if entry["value_name"] in NAMES or entry["value_name"].startswith("MBUS_"):
                    objects.setdefault(entry["value_name"], entry)
    return {"checksum_support": False, "objects": list(objects.values())}


def in_our_unit(name, value, unit):
    """A value of dsmr_parser in the unit of our quantity."""
    ours = lookup(name)[0]
    unit = {"m3": "m³", None: ""}.get(unit, unit)
    if unit == ours:
        return value
    factors = {
        ("kW", "W"): 1000,
        ("Wh", "kWh"): Decimal("0.001"),
        ("varh", "kvarh"): Decimal("0.001"),
    }
    factors["kvar", "var"] = 1000
    return value * factors[unit, ours]


def theirs(text):
    """{quantity: Decimal} as dsmr_parser reads the telegram."""
    telegram = TelegramParser(every_object()).parse(text)
    values = {}
    for name, entry in telegram:
        if name in NAMES:
            values[NAMES[name]] = in_our_unit(NAMES[name], Decimal(entry.value), entry.unit)
    for device in getattr(telegram, "MBUS_DEVICES", []):
        values.update(reading_of(device))
    return values


def reading_of(device):
    entries = dict(device)
    reading = entries.get("MBUS_METER_READING") or entries.get("GAS_METER_READING")
    if reading is None or reading.unit is None:
        return {}
    name = MEDIA[int(entries["MBUS_DEVICE_TYPE"].value)]
    return {name: in_our_unit(name, Decimal(reading.value), reading.unit)}


class Channel:
    fresh = True

    def __init__(self, name):
        self.name = name
        self.unit = lookup(name)[0]
        self.places = 7


def ours(data):
    """{quantity: Decimal} as the driver gives them, at seven places."""
    framer = Framer()
    framer.take(data, 0, len(data))
    assert framer.ready
    lines = Lines(framer.buffer)
    lines.open(framer.length)
    channels = [Channel(entry[0]) for entry in CHANNELS]
    entries = [{"obis": codes, "medium": medium} for _, _, codes, medium in CHANNELS]

    class Bus:
        async def read(self):
            self.lines = lines
            return True

    task = p1.Device(Bus(), {"channel": entries}, channels).read()
    with pytest.raises(StopIteration):
        task.send(None)
    good = [channel for channel in channels if channel.quality == GOOD]
    return {channel.name: Decimal(channel.value).scaleb(-7) for channel in good}


@needs_telegrams
@pytest.mark.parametrize("path", TELEGRAMS, ids=lambda path: path.stem)
def test_every_value_is_the_one_that_dsmr_parser_reads(path):
    data = path.read_bytes()
    read = ours(data)
    assert read == theirs(data.decode("latin-1"))
    assert len(read) == VALUES[path.stem.removeprefix("telegram_")]


@needs_telegrams
def test_all_eleven_telegrams_are_there():
    assert {path.stem.removeprefix("telegram_") for path in TELEGRAMS} == set(VALUES)


def test_the_list_of_channels_keeps_to_the_vocabulary():
    names = [entry[0] for entry in CHANNELS]
    assert [name for name in names if lookup(name) is None] == []
    assert len(set(names)) == len(names)
    assert set(DEFAULT) <= set(names)
    codes = [(code, medium) for _, _, codes, medium in CHANNELS for code in codes]
    assert len(set(codes)) == len(codes)
