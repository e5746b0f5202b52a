"""Real recordings, read by us and by pandas: the same rows, times and values."""

from decimal import Decimal

import pandas
import pytest

from host_tools.emulation.column_map import Column, ColumnMap
from host_tools.emulation.recording import Recording
from host_tools.paths import PROJECT

DATA = PROJECT / "../shared/data"

CASES = {
    "household_1phase/household_power_consumption_37k.txt": (
        None,
        {"sep": ";"},
        lambda table: pandas.to_datetime(
            table["Date"] + " " + table["Time"], format="%d/%m/%Y %H:%M:%S"
        ).dt.tz_localize("Europe/Paris"),
        {"voltage": ("Voltage", 1), "power_active_total": ("Global_active_power", 1000)},
    ),
    "nab_machine/machine_temperature_system_failure.csv": (
        ColumnMap("nab", ("timestamp",), {"value": Column("temperature")}),
        {},
        lambda table: pandas.to_datetime(table["timestamp"], utc=True),
        {"temperature": ("value", 1)},
    ),
    "metropt2_compressor/metropt2_1000s.csv": (
        ColumnMap(
            "metropt",
            ("timestamp",),
            {"TP2": Column("pressure"), "Motor_current": Column("current")},
        ),
        {},
        lambda table: pandas.to_datetime(table["timestamp"], utc=True),
        {"pressure": ("TP2", 1), "current": ("Motor_current", 1)},
    ),
}
"""file → (map, how pandas reads it, its times, {quantity: (column, factor to the base unit)})"""


@pytest.mark.parametrize("name", CASES)
def test_rows_times_and_values_are_those_that_pandas_reads(name):
    path = DATA / name
    if not path.exists():
        pytest.skip("no shared recordings")
    column_map, options, times_of, quantities = CASES[name]
    recording = Recording(path, column_map)
    table = pandas.read_csv(path, dtype=str, **options).dropna(
        subset=["value"] if "nab" in name else None
    )
    times = times_of(table).dt.as_unit("us").astype("int64")
    growing = times > times.cummax().shift(fill_value=-(2**62))
    table, times = table[growing], times[growing]
    assert recording.rows == len(table) and recording.rows > 900
    assert list(recording.times) == list(times)
    assert recording.skipped == int((~growing).sum())
    for quantity, (column, factor) in quantities.items():
        expected = [round(Decimal(text) * factor, 9) for text in table[column]]
        assert [recording.value(quantity, row) for row in range(recording.rows)] == expected
