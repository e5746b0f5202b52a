"""Several devices in one recording: each plays on its own."""

import pytest

from host_tools.emulation.column_map import load_map
from host_tools.emulation.recording import Recording
from host_tools.errors import ToolError
from recordings import EMPTY, SECOND_US, failure

HOUSE = (
    "time,grid.power_active_total [kW],grid.voltage,boiler.temperature\n"
    "0,1.5,230,\n"
    "60,1.6,231,55\n"
    "120,,232,56\n"
    "180,,,\n"
    "240,1.7,233,57\n"
)


def test_columns_of_several_devices_play_each_on_its_own(write):
    recording = Recording(write(HOUSE))
    assert recording.devices == ["grid", "boiler"]
    assert recording.rows == 4
    assert recording.value("power_active_total", 1, "grid") == 1600
    assert recording.value("power_active_total", 2, "grid") == 1600  # held, and silent
    assert [recording.value("temperature", row, "boiler") for row in range(3)] == [55, 55, 56]
    minute = 60 * SECOND_US
    silences = {device: list(spans) for device, spans in recording.silences.items()}
    assert silences == {
        "boiler": [(0, minute)],
        "grid": [(2 * minute, 4 * minute)],
    }
    assert [sentence.split(":", 1)[1] for sentence in recording.summary()[:2]] == [
        f"2: column 'boiler.temperature' {EMPTY}; its device is silent (the first of 2 like it)",
        "5: the row has no device with all its cells; skipped",
    ]
    signals = recording.signals_by_device()
    assert signals.of_device("boiler").value("temperature", minute) == 55
    assert signals.of_device("grid").quantities() == {"power_active_total", "voltage"}


def test_empty_cells_of_several_devices_hold_where_that_is_asked_for(write):
    recording = Recording(write(HOUSE), holds_empty=True)
    assert recording.rows == 5
    assert [recording.value("voltage", row, "grid") for row in range(5)] == [
        230,
        231,
        232,
        232,
        233,
    ]
    assert {device: list(spans) for device, spans in recording.silences.items()} == {
        "boiler": [(0, 60 * SECOND_US)]
    }


def test_one_device_of_several_can_be_chosen(write):
    recording = Recording(write(HOUSE), device="boiler")
    assert (recording.devices, recording.rows) == ([], 3)
    assert "there is no device 'gridd'; the nearest is 'grid'" in failure(
        write(HOUSE), None, "gridd"
    )


def test_a_map_gives_columns_to_devices_and_counts_rows_without_a_time(write):
    table = write(
        '[time]\nstart = 2026-03-01T00:00:00Z\nstep = "100ms"\n[columns]\n'
        'a = { device = "x", quantity = "current" }\nb = { device = "y", quantity = "current" }\n',
        "map.toml",
    )
    recording = Recording(write("a,b\n1,2\nNaN,3\n4,5\n"), table)
    first_us = 1_772_323_200 * SECOND_US
    assert list(recording.times) == [first_us, first_us + 200_000]
    assert recording.value("current", 1, "y") == 5


def test_a_map_that_mixes_devices_up_is_told(write):
    table = write(
        '[time]\nstep = "soon"\nstart = 3\n[columns]\na = { quantity = "current" }\n'
        'b = { quantity = "current" }\nc = { device = "y", quantity = "current" }\n',
        "map.toml",
    )
    with pytest.raises(ToolError) as caught:
        load_map(table)
    assert [line.split(": ", 1)[1] for line in str(caught.value).splitlines()] == [
        "column 'b' is current like 'a': name the device of each",
        "column 'a' needs a device, as others have one",
        "[time] needs start = 2026-03-01T00:00:00Z beside its step",
    ]


def test_two_columns_that_mean_the_same_are_told(write):
    told = failure(
        write("time,P1,P2,Voltage\n0,1,2,3\n"), None, None, {"P1": "voltage", "P2": "current"}
    )
    assert "column 'Voltage' is voltage like 'voltage': name the device of each" in told
    recording = Recording(write("time,a.voltage,b.Voltage\n0,1,2\n"))
    assert recording.devices == ["a", "b"]
