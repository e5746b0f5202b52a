"""The channels of a smart meter at its P1 port, under the OBIS codes of its lines.

One list serves all versions and countries: a meter sends some of these lines, and a channel that it
does not send has bad quality. Which of the tariffs 1 and 2 is the low one differs by country: in
the Netherlands 1 is, in Belgium 2. A code with "n" is that of another meter behind this one, on any
channel: its medium tells which one is meant. Codes with a + between them are summed up: many meters
tell the tariffs only. Only the validator loads this module.

Sources: DSMR 5.0.2 P1 Companion Standard, chapter 6.12, and 2.2 and 4.2 of it; e-MUCS P1 1.7.1
(Belgium); EN 13757-3 for the media; IEC 62056-61 for what a code means.
"""

from limen.core import quantity
from limen.core.p1 import pack

# (quantity, places, codes, medium); the medium 0 is the meter itself.
CHANNELS = (
    ("energy_import", 3, ("1-0:1.8.0", "1-0:1.8.1+1-0:1.8.2"), 0),
    ("energy_import_t1", 3, ("1-0:1.8.1",), 0),
    ("energy_import_t2", 3, ("1-0:1.8.2",), 0),
    ("energy_export", 3, ("1-0:2.8.0", "1-0:2.8.1+1-0:2.8.2"), 0),
    ("energy_export_t1", 3, ("1-0:2.8.1",), 0),
    ("energy_export_t2", 3, ("1-0:2.8.2",), 0),
    ("energy_reactive_import", 3, ("1-0:3.8.0",), 0),
    ("energy_reactive_export", 3, ("1-0:4.8.0",), 0),
    ("tariff", 0, ("0-0:96.14.0",), 0),
    ("power_import_total", 0, ("1-0:1.7.0",), 0),
    ("power_export_total", 0, ("1-0:2.7.0",), 0),
    ("power_import_l1", 0, ("1-0:21.7.0",), 0),
    ("power_import_l2", 0, ("1-0:41.7.0",), 0),
    ("power_import_l3", 0, ("1-0:61.7.0",), 0),
    ("power_export_l1", 0, ("1-0:22.7.0",), 0),
    ("power_export_l2", 0, ("1-0:42.7.0",), 0),
    ("power_export_l3", 0, ("1-0:62.7.0",), 0),
    ("power_reactive_import_total", 0, ("1-0:3.7.0",), 0),
    ("power_reactive_export_total", 0, ("1-0:4.7.0",), 0),
    ("power_active_demand", 0, ("1-0:1.4.0",), 0),
    ("power_active_demand_max", 0, ("1-0:1.6.0",), 0),
    ("voltage_l1", 1, ("1-0:32.7.0",), 0),
    ("voltage_l2", 1, ("1-0:52.7.0",), 0),
    ("voltage_l3", 1, ("1-0:72.7.0",), 0),
    ("current_l1", 2, ("1-0:31.7.0",), 0),
    ("current_l2", 2, ("1-0:51.7.0",), 0),
    ("current_l3", 2, ("1-0:71.7.0",), 0),
    ("power_factor_total", 3, ("1-0:13.7.0",), 0),
    ("power_factor_l1", 3, ("1-0:33.7.0",), 0),
    ("power_factor_l2", 3, ("1-0:53.7.0",), 0),
    ("power_factor_l3", 3, ("1-0:73.7.0",), 0),
    ("frequency", 2, ("1-0:14.7.0",), 0),
    ("power_failures", 0, ("0-0:96.7.21",), 0),
    ("power_failures_long", 0, ("0-0:96.7.9",), 0),
    ("voltage_sags_l1", 0, ("1-0:32.32.0",), 0),
    ("voltage_sags_l2", 0, ("1-0:52.32.0",), 0),
    ("voltage_sags_l3", 0, ("1-0:72.32.0",), 0),
    ("voltage_swells_l1", 0, ("1-0:32.36.0",), 0),
    ("voltage_swells_l2", 0, ("1-0:52.36.0",), 0),
    ("voltage_swells_l3", 0, ("1-0:72.36.0",), 0),
    ("volume_gas", 3, ("0-n:24.2.1", "0-n:24.2.3", "0-n:24.3.0"), 3),
    ("volume_water", 3, ("0-n:24.2.1",), 7),
    ("energy_heat", 3, ("0-n:24.2.1",), 4),
)

# What a device reads when its channels are not listed.
DEFAULT = (
    "energy_import_t1",
    "energy_import_t2",
    "energy_export_t1",
    "energy_export_t2",
    "power_import_total",
    "power_export_total",
    "volume_gas",
)


def entry_of(name, places, codes, medium):
    """What the driver has to know of a channel: its unit, medium and codes as integers, a list of
    those that are summed up."""
    packed = [[pack(part) for part in code.split("+")] for code in codes]
    codes = [parts if len(parts) > 1 else parts[0] for parts in packed]
    return [quantity.lookup(name)[0], medium] + codes


def profile(title):
    """The channels as `channel_config.read_channels` takes them from a profile."""
    channels = [[entry[0], entry[1], None, {"p1": entry_of(*entry)}] for entry in CHANNELS]
    return {"model": title, "channel": channels, "default": DEFAULT}
