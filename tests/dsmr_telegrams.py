"""Recorded telegrams as dsmr_parser reads them.

What dsmr_parser calls a value is set beside our quantity here by hand, so that neither list of
OBIS codes checks itself.
"""

from decimal import Decimal

import pytest
from dsmr_parser import telegram_specifications
from dsmr_parser.parsers import TelegramParser

from host_tools.paths import PROJECT
from limen.core.quantity import lookup

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
    """{quantity: Decimal} of a telegram, in the units of our quantities."""
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
