"""Recordings: every value exactly as it stands in the file, every bad row named and counted."""

import gzip
import tracemalloc
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from host_tools.emulation import long_array, row_spool
from host_tools.emulation.column_map import load_map
from host_tools.emulation.completed import Completed
from host_tools.emulation.heading import MAPS
from host_tools.emulation.recording import Recording
from host_tools.errors import ToolError

HOUSEHOLD = (
    Path(__file__).parents[2]
    / "../shared/data/household_1phase/household_power_consumption_37k.txt"
)
SECOND_US = 1_000_000
EMPTY = "is empty (with --hold the value before holds)"


@pytest.fixture
def write(tmp_path):
    def write_file(text, name="recording.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


GOOD = (
    "time,power_active_total [kW],voltage\n"
    "2024-01-01 00:00:00,4.216,234.840\n"
    "2024-01-01 00:01:00,-0.05,233.63\n"
    "2024-01-01 00:02:00,5.36,1e2\n"
)


def test_columns_named_as_quantities_need_no_map(write):
    recording = Recording(write(GOOD))
    assert (recording.rows, recording.skipped, recording.step_s) == (3, 0, 60)
    assert [recording.value("power_active_total", row) for row in range(3)] == [4216, -50, 5360]
    assert recording.value("voltage", 0) == Decimal("234.84")
    assert recording.value("voltage", 2) == 100
    assert recording.times[0] == 1_704_067_200 * SECOND_US


def test_a_row_holds_until_the_next(write):
    signals = Recording(write(GOOD)).signals(start_us=1000)
    volts = [signals.value("voltage", 1000 + second * SECOND_US) for second in (0, 59, 60, 119)]
    assert volts == [Decimal("234.84")] * 2 + [Decimal("233.63")] * 2
    assert signals.value("voltage", 1000 + 60 * SECOND_US - 1) == Decimal("234.84")
    assert signals.value("voltage", 0) == Decimal("234.84")
    assert signals.value("voltage", 10**12) == 100
    assert signals.end_us == 1000 + 120 * SECOND_US


def test_speed_shortens_the_steps(write):
    recording = Recording(write(GOOD))
    assert recording.signals(speed=60).end_us == 2 * SECOND_US
    assert recording.signals(speed=7).end_us == 17_142_858
    assert recording.signals(speed=Fraction(1, 2)).end_us == 240 * SECOND_US


def test_a_meter_integrates_a_recording(write):
    signals = Completed(Recording(write(GOOD)).signals())
    at_end = signals.value("energy_import", 180 * SECOND_US)
    assert at_end == (Fraction(4216) + 5360) / 60_000
    assert signals.value("energy_export", 180 * SECOND_US) == Fraction(50, 60_000)


def test_bad_rows_are_named_by_kind_with_their_first_line(write):
    recording = Recording(
        write(
            "time,voltage,current\n"
            "10,230,1\n"
            "20,2x0,1\n"
            "30,NaN,1\n"
            "30,231,2\n"
            "25,230,1\n"
            "noon,230,1\n"
            "40,,1\n"
            "\n"
            "50,12345678901234567890,1\n"
            "60,232\n"
        )
    )
    assert [recording.value("voltage", row) for row in range(recording.rows)] == [230] * 2 + [231]
    assert {kind: (bad.count, bad.line) for kind, bad in recording.problems.items()} == {
        "no number": (2, 3),
        "late row": (1, 6),
        "no time": (1, 7),
        "empty cell": (1, 8),
        "too many digits": (1, 10),
        "cut row": (1, 11),
    }
    assert recording.skipped == 6
    path = recording.path
    assert recording.summary() == [
        f"{path}:3: column 'voltage' has '2x0', not a number; skipped (the first of 2 like it)",
        f"{path}:6: the row of 25 comes after later ones; it is put in its place",
        f"{path}:7: 'noon' is not a time; skipped",
        f"{path}:8: column 'voltage' {EMPTY}; skipped",
        f"{path}:10: column 'voltage' has too many digits; skipped",
        f"{path}:11: the row has 2 of 3 columns; skipped",
    ]


def test_more_places_later_change_no_earlier_value(write):
    recording = Recording(write("time,voltage\n1,230\n2,230.25\n3,-0.000001\n"))
    assert [recording.value("voltage", row) for row in range(3)] == [
        230,
        Decimal("230.25"),
        Decimal("-0.000001"),
    ]


@pytest.mark.parametrize(
    "times",
    ["1704067200|1704067260", "1704067200000|1704067260000", "1704067200.0|1704067260,0"]
    + ["2024-01-01T00:00:00Z|2024-01-01T00:01:00Z", "1.704067200E+12|1.704067260E+12"]
    + ["2024-01-01T01:00:00+0100|2024-01-01T01:01:00+01:00", "2024-W01-1|2024-1-1 0:01"]
    + ["1.1.2024 0:00|01.01.2024, 00:01:00,000", "2023-12-31 24:00|2024/01/01 00:01:00.0 Z"],
)
def test_times_of_many_forms(write, times):
    one, two = times.split("|")
    recording = Recording(write(f"timestamp;current [mA]\n{one};5\n{two};-7\n"))
    assert list(recording.times) == [1_704_067_200 * SECOND_US, 1_704_067_260 * SECOND_US]
    assert recording.value("current", 1) == Decimal("-0.007")


@pytest.mark.parametrize(
    "text, second",
    [
        ("2026-03-01 12:30:00 AM", 1_772_325_000),
        ("2026-03-01 1:05 p.m.", 1_772_370_300),
        ("01-Mar-2026 10:00:00", 1_772_359_200),
        ("1. März 2026, 10:00", 1_772_359_200),
        ("Mar 1, 2026 10:00 AM", 1_772_359_200),
        ("1 juil. 2026", 1_782_864_000),
        ("2026-03-01 10:00 UTC", 1_772_359_200),
        ("2026-03-01 10:00 MEZ", 1_772_355_600),
        ("2026-03-01 10:00:00+01", 1_772_355_600),
        ("2026-03-01T10:00:00.000000789Z", 1_772_359_200),
    ],
)
def test_times_that_can_be_read_in_one_way_are_read(write, text, second):
    recording = Recording(write(f"Zeit;voltage\n{text};1\n"))
    assert (recording.times[0], recording.problems) == (second * SECOND_US, {})


@pytest.mark.parametrize(
    "form, text",
    [
        ("Europe/Berlin, %m/%d/%Y %I:%M %p", "3/1/2026 11:00 AM"),
        ("%d/%m/%Y %H:%M", "01/03/2026 10:00"),
        ("excel", "46082.4166666667"),
    ],
)
def test_the_heading_tells_the_form_of_times(write, form, text):
    recording = Recording(write(f"t;voltage\n{text};1\n"), called={"t": f"time [{form}]"})
    assert recording.times[0] == 1_772_359_200 * SECOND_US


def test_contacts_may_be_written_as_words(write):
    recording = Recording(write("time,digital_input,voltage\n0,on,1\n1,False,1\n2,1,1\n3,1,on\n"))
    assert [recording.value("digital_input", row) for row in range(3)] == [1, 0, 1]
    assert recording.problems["no number"].line == 5


def test_a_column_without_a_heading_may_have_the_time(write):
    path = write(",voltage\n2026-03-01 10:00:00,230\n")
    assert '--column "=time"' in failure(path)
    assert Recording(path, called={"": "time"}).times[0] == 1_772_359_200 * SECOND_US


def test_what_may_be_meant_by_a_time_is_told(write):
    told = failure(write("time,voltage\n3/1/2026 13:00,1\n"))
    assert "day or month may stand first; tell its form by --column" in told
    recording = Recording(write("time,voltage\n46082.5,1\n46082.75,2\n"))
    assert "if they are days, as spreadsheets count them" in recording.summary()[0]


@pytest.mark.parametrize(
    "text",
    [
        "1 Foo 2026",
        "2026-03-01 13:00 PM",
        "3/1/2026 1:00 PM",
        "03-01-26 13:00",
        "1.13.2026",
        "24:00",
    ],
)
def test_a_time_that_can_be_read_in_two_ways_is_none(write, text):
    assert "is not a time" in failure(write(f"time,voltage\n{text},1\n"))


@pytest.mark.parametrize(
    "form, text", [("excel", "46082,5416666667"), ("%m/%d/%Y %I:%M %p", "3/1/2026 1:00 PM")]
)
def test_a_map_tells_the_form_of_times(write, form, text):
    table = write(MAP.replace("%d.%m.%Y %H:%M", form).replace('"Tag", "Zeit"', '"t"'), "map.toml")
    recording = Recording(write(f"t;Leistung\n{text};1\n"), table)
    assert recording.times[0] == 1_772_366_400 * SECOND_US  # 13:00 in Berlin


HEADED = "Time ,Voltage (V), x.POWER_ACTIVE_TOTAL[kW]\n0,230,1\n"


def test_the_heading_is_found_below_lines_about_the_file(write):
    recording = Recording(write("Logger: 1738\n\n# exported;2026\n" + HEADED), device="x")
    assert recording.value("power_active_total", 0) == 1000
    assert "stands above the heading and is not read (the first of 2 like it)" in str(
        recording.problems["above"]
    )


def test_date_and_time_may_stand_apart_with_spaces_between_cells(write):
    recording = Recording(write("date  time     voltage\n2026-03-01 10:00:00   230\n"))
    assert (recording.times[0], recording.value("voltage", 0)) == (1_772_359_200_000_000, 230)


def test_empty_cells_hold_where_a_map_says_so(write):
    table = write(
        'empty = "hold"\n[time]\ncolumns = ["t"]\n[columns]\n'
        'a = { quantity = "voltage" }\nb = { quantity = "current" }\n',
        "map.toml",
    )
    recording = Recording(write("t,a,b\n0,230,\n1,,5\n2,231,\n3,,\n4,NaN,6\n"), table)
    rows = range(recording.rows)
    assert [recording.value("voltage", row) for row in rows] == [230, 231, 231]
    assert [recording.value("current", row) for row in rows] == [5, 5, 5]
    assert {kind: one.line for kind, one in recording.problems.items()} == {
        "empty cell": 2,
        "no number": 6,
    }


def test_headings_are_told_to_mean_something(write):
    path = write("ts;P=;unit;P=\n1.3.2026 10:00;1,5;x;9\n")
    called = {"ts": "time [Europe/Berlin]", "P=": "grid.power_active_total [kW]"}
    recording = Recording(path, called=called)
    assert recording.times[0] == 1_772_355_600_000_000
    assert recording.value("power_active_total", 0) == 1500
    assert failure(path, None, None, called | {"Q": "voltage"}) == (
        f"{path}:1: column 'Q' is missing"
    )
    assert "--column" in failure(path)


def test_a_map_names_the_columns_of_a_file_without_a_heading(write):
    table = write(
        'headings = ["t", "", "T"]\n[time]\ncolumns = ["t"]\n'
        '[columns]\nT = { quantity = "temperature", unit = "°F", factor = 1 }\n',
        "map.toml",
    )
    recording = Recording(write("0,x,32\n60,y,-40\n"), table)
    assert [recording.value("temperature", row) for row in (0, 1)] == [0, -40]


def test_a_clock_that_was_ahead_for_some_rows_takes_nothing_from_the_others(write):
    days = [0, 60, 120, 900_000_000, 900_000_060, 180, 240]
    recording = Recording(write("time,voltage\n" + "".join(f"{day},1\n" for day in days)))
    assert list(recording.times) == [60 * SECOND_US * row for row in range(5)]
    assert recording.summary() == [
        f"{recording.path}:5: the time lies far ahead of rows that follow; skipped"
        " (the first of 2 like it)"
    ]


def test_a_leap_that_time_goes_on_from_is_a_pause(write):
    recording = Recording(write("time,voltage\n0,1\n60,1\n900000000,2\n900000060,3\n"))
    assert recording.rows == 4
    assert "10,416.7 days without a row" in str(recording.problems["pause"])


def test_a_file_with_the_newest_row_first_is_played_from_its_last(write):
    rows = [
        f"2024-10-27 0{hour}:{minute:02}:00,{minute}\n"
        for hour in (1, 2, 2, 3)
        for minute in range(60)
    ]
    recording = Recording(write("time [Europe/Berlin],voltage\n" + "".join(reversed(rows))))
    assert (recording.rows, recording.skipped, recording.step_s) == (240, 0, 60)
    assert recording.length_us == 239 * 60 * SECOND_US
    assert [recording.value("voltage", row) for row in range(240)] == list(range(60)) * 4
    told = f"{recording.path}:2: the newest row comes first; played from the last"
    assert recording.summary() == [told]
    with pytest.raises(ToolError, match="the newest row comes first"):
        recording.require_no_problem()


def test_what_is_odd_in_a_file_that_is_turned_bears_its_first_line(write):
    rows = ["300,1", "240,x", "180,1", "120,", "60,y", "60,2", "0,3"]
    recording = Recording(write("time,voltage\n" + "\n".join(rows)))
    assert list(recording.times) == [at * SECOND_US for at in (0, 60, 180, 300)]
    assert {kind: (bad.count, bad.line) for kind, bad in recording.problems.items()} == {
        "newest first": (1, 2),
        "no number": (2, 3),
        "empty cell": (1, 5),
    }


def test_long_files_with_the_newest_row_first_are_the_same(write):
    rows = "".join(f"{second},{second % 7}\n" for second in range(20_000, 0, -1))
    recording = Recording(write("time,voltage\n" + rows))
    assert list(recording.times) == [second * SECOND_US for second in range(1, 20_001)]
    assert recording.value("voltage", 9_999) == 10_000 % 7


def test_late_rows_come_to_their_places(write):
    seconds = [0, 1, 4, 2, 3, 5, 9, 6, 7, 8, *range(10, 30), 12, 30]
    recording = Recording(write("time,voltage\n" + "".join(f"{at},{at}\n" for at in seconds)))
    assert list(recording.times) == [at * SECOND_US for at in range(31)]
    assert [recording.value("voltage", row) for row in range(31)] == list(range(31))
    assert [one.split(":", 1)[1] for one in recording.summary()] == [
        "5: the row of 2 comes after later ones; it is put in its place (the first of 5 like it)",
        "32: the time 12 lies behind those of rows before; if clocks were put back here, name the"
        " zone, as `time [Europe/Berlin]`; else sort the file by its times; skipped",
    ]


def test_rows_of_one_time_that_do_not_gainsay_each_other_are_one(write):
    head = "time,grid.voltage,grid.current,boiler.temperature\n"
    recording = Recording(write(head + "0,230,,\n0,,5,\n0,,,60\n1,231,6,61\n1,,7,\n"))
    assert list(recording.times) == [0, SECOND_US]
    assert recording.value("current", 0, "grid") == 5
    assert recording.value("temperature", 0, "boiler") == 60
    assert list(recording.problems) == ["time twice"]


def test_a_heading_that_comes_again_tells_where_the_columns_stand(write):
    text = (
        "time,voltage,current\n0,230,1\ntime,voltage,current\n1,231,2\nunit,current,time,voltage\n"
        "x,3,2,232\ncurrent,time\n4,3\n5,4\n\ntime,voltage,current\n5,235,6\n"
    )
    recording = Recording(write(text))
    assert [recording.value("current", row) for row in range(recording.rows)] == [1, 2, 3, 6]
    told = (
        "rows from here on have another heading: column 'voltage' of map of the header is missing"
    )
    assert [one.split(":", 1)[1] for one in recording.summary()] == [
        "3: a heading comes again, and holds from here (the first of 3 like it)",
        f"7: {told}; skipped (the first of 3 like it)",
        "12: 3 s without a row, where one usually comes each 1 s; the last values hold",
    ]


MAP = """
delimiter = ";"
decimal = ","
[time]
columns = ["Tag", "Zeit"]
format = "%d.%m.%Y %H:%M"
timezone = "Europe/Berlin"
[columns]
Leistung = { quantity = "power_active_total", unit = "kW", factor = "-4" }
"""


def test_a_map_tells_decimal_comma_unit_sign_and_byte_order_mark(write):
    table = write(MAP, "map.toml")
    text = "Tag;Zeit;Leistung\n15.07.2024;12:00;1,25\n15.07.2024;12:15;-3,5\n"
    recording = Recording(write(b"\xef\xbb\xbf" + text.encode()), table)
    assert recording.times[0] == 1_721_037_600 * SECOND_US
    assert [recording.value("power_active_total", row) for row in (0, 1)] == [-5000, 14000]
    assert recording.step_s == 900


def test_the_hour_that_comes_twice_in_autumn_is_kept(write):
    clock_times = ("02:00", "02:30", "02:00", "02:30", "03:00")
    rows = "".join(f"27.10.2024;{time};1\n" for time in clock_times)
    recording = Recording(write("Tag;Zeit;Leistung\n" + rows), write(MAP, "map.toml"))
    assert recording.skipped == 0
    assert [time - recording.times[0] for time in recording.times] == [
        half_hours * 1800 * SECOND_US for half_hours in range(5)
    ]


def test_hours_that_clocks_leave_out_are_no_times(write):
    rows = "".join(f"2024-03-31 {hour}:30:00,1\n" for hour in ("01", "02", "03"))
    recording = Recording(write("time [Europe/Berlin],voltage\n" + rows))
    assert recording.times[1] - recording.times[0] == 3600 * SECOND_US
    assert recording.summary() == [
        f"{recording.path}:3: in Europe/Berlin the clocks leave out 2024-03-31 02:30:00; skipped"
    ]


def test_duplicates_pauses_and_unused_columns_are_told(write):
    recording = Recording(
        write("time,voltage,pump [°C]\n0,230,1\n60,231,1\n60,232,1\n120,233,1\n300,234,1\n")
    )
    assert recording.rows == 4
    assert [sentence.split(":", 1)[1] for sentence in recording.summary()] == [
        "1: not used, as no quantity is named so: 'pump [°C]'",
        "4: the time 60 is that of a row before; skipped",
        "6: 180 s without a row, where one usually comes each 60 s; the last values hold",
    ]
    with pytest.raises(ToolError, match="the time 60 is that of a row before"):
        recording.require_no_problem()


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


def test_the_noise_of_floats_is_rounded_away(write):
    recording = Recording(write("time,voltage\n0,0.30000000000000004\n1,-0.1234567894999\n"))
    assert recording.value("voltage", 0) == Decimal("0.3")
    assert recording.value("voltage", 1) == Decimal("-0.123456789")


GERMAN = "time;voltage;Öltemperatur\n0;230,5;1\n1;1.230;1\n2;-0,25;1\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_encoding_and_decimal_comma_are_found_out(write, encoding):
    recording = Recording(write(GERMAN.encode(encoding)))
    volts = [recording.value("voltage", row) for row in range(recording.rows)]
    assert volts == [Decimal("230.5"), Decimal("-0.25")]
    problems = {kind: (bad.count, bad.line) for kind, bad in recording.problems.items()}
    assert problems.pop("no number") == (1, 3)  # a point for the thousands, or a second mark
    assert problems.pop("unused column") == (1, 1)
    assert problems == ({"encoding": (1, 1)} if encoding == "cp1252" else {})


def test_no_bytes_stop_the_reading(write):
    quoted = b'time,voltage\n0,230\n1,"' + b"9" * 200_000 + b'"\n2,231\n3;232\n4,\x00\n5,\xff\n'
    recording = Recording(write(quoted))
    assert recording.rows == 2
    assert {kind: bad.line for kind, bad in recording.problems.items()} == {
        "broken row": 3,
        "cut row": 5,
        "no number": 6,
        "encoding": 7,
    }


RESAMPLED = """
gap = "30min"
[resample]
every = "15min"
rule = "{rule}"
[time]
columns = ["t"]
[columns]
u = {{ quantity = "voltage" }}
"""


@pytest.mark.parametrize(
    "rule, volts",
    [
        ("mean", [231, 235]),
        ("first", [230, 235]),
        ("last", [231, 235]),
        ("max", [232, 235]),
        ("min", [230, 235]),
    ],
)
def test_a_map_brings_rows_to_a_period(write, rule, volts):
    table = write(RESAMPLED.format(rule=rule), "map.toml")
    recording = Recording(write("t,u\n900,230\n1000,232\n1799,231\n1799,1\n9000,235\n"), table)
    assert [recording.value("voltage", row) for row in range(2)] == volts
    assert list(recording.times) == [900 * SECOND_US, 9000 * SECOND_US]
    assert list(recording.gaps) == [((900 + 1800) * SECOND_US, 9000 * SECOND_US)]


def test_long_recordings_are_the_same_from_disk(write):
    rows = 150_000
    text = "".join(f"{second},{second % 1000}.{second % 7}\n" for second in range(rows))
    recording = Recording(write("time,voltage\n" + text))
    signals = recording.signals()
    for row in (0, 149_999, 7, 8191, 8192, 65_536, 140_000, 65_535):
        expected = Decimal(f"{row % 1000}.{row % 7}")
        assert recording.value("voltage", row) == expected
        assert signals.value("voltage", row * SECOND_US + 999_999) == expected
    assert signals.end_us == (rows - 1) * SECOND_US


def peaks_of_memory(monkeypatch, text_of, read):
    """{rows: bytes at most} of reading so many, and ten times as many."""
    monkeypatch.setattr(long_array, "BLOCK", 16)
    monkeypatch.setattr(long_array, "_BLOCK_BYTES", 128)
    monkeypatch.setattr(row_spool, "_ROWS_AT_ONCE", 100)
    peaks = {}
    for rows in (1_000, 1_000, 10_000):
        path = text_of(rows)
        tracemalloc.start()
        read(path, rows)
        peaks[rows] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peaks


def test_ten_times_the_rows_take_no_more_memory(write, monkeypatch):
    """Of many devices that have few cells each, in a file whose newest row comes first."""
    table = write(
        'gap = "2s"\n[time]\ncolumns = ["t"]\n[columns]\n'
        'a = { device = "x", quantity = "voltage" }\nb = { device = "y", quantity = "voltage" }\n',
        "map.toml",
    )

    def text_of(rows):
        sparse = (f"{at * 5},{'7,'[:: 1 - at % 2 * 2]}\n" for at in range(rows, 0, -1))
        return write("t,a,b\n" + "".join(sparse))

    def read(path, rows):
        recording = Recording(path, table)
        assert len(recording.gaps) == rows - 1
        assert sum(map(len, recording.silences.values())) == rows

    peaks = peaks_of_memory(monkeypatch, text_of, read)
    assert peaks[10_000] < peaks[1_000] * 1.2


def test_ten_times_the_changes_take_no_more_memory(write, monkeypatch):
    def text_of(rows):
        changes = (
            f"{at % (rows // 2)},{('voltage', 'current')[at * 2 // rows]},{at}\n"
            for at in range(rows)
        )
        return write("time,name,value\n" + "".join(changes))

    def read(path, rows):
        assert Recording(path).rows == rows // 2

    peaks = peaks_of_memory(monkeypatch, text_of, read)
    assert peaks[10_000] < peaks[1_000] * 1.2


def failure(*arguments):
    with pytest.raises(ToolError) as caught:
        Recording(*arguments)
    assert caught.value.status == 2
    return str(caught.value)


def test_missing_columns_are_all_named_with_the_nearest(write):
    path = write("Tag;Uhrzeit;Leistungen\n")
    assert failure(path, write(MAP, "map.toml")).splitlines() == [
        f"{path}:1: column 'Zeit' of map map.toml is missing; the nearest is 'Uhrzeit'",
        f"{path}:1: column 'Leistung' of map map.toml is missing; the nearest is 'Leistungen'",
    ]


def test_a_header_without_sense_is_an_error(write):
    path = write("a,b\n1,2\n")
    told = failure(path).splitlines()
    assert told[0].startswith(f"{path}:1: no column for the time; name it time or timestamp")
    assert told[1].startswith(f"{path}:1: no column is named as a quantity")
    assert "kWh is no unit" in failure(write("time,voltage [kWh]\n")).replace("'", "")


def test_a_file_without_a_usable_row_is_an_error(write):
    path = write("time,voltage\n1,?\n2,?\n")
    assert failure(path).splitlines() == [
        f"{path}: no row can be used",
        f"{path}:2: column 'voltage' has '?', not a number; skipped (the first of 2 like it)",
    ]
    assert failure(write("")).endswith("the file is empty")


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    assert failure(tmp_path / "none.csv").endswith("none.csv: No such file or directory")
    assert "cannot read column map" in failure(tmp_path / "none.csv", tmp_path / "none.toml")


def test_a_map_tells_all_its_mistakes_at_once(write):
    path = write(
        'delimeter = ";"\nencoding = "latin-x"\ndecimal = "comma"\ngap = "soon"\n'
        'resample = { every = "1min", rule = "men" }\n'
        '[time]\ncolumns = ["t"]\ntimezone = "Europe/Berlinn"\n[columns]\n'
        'P = { quantity = "power_activ_total", unit = "kW" }\n'
        'U = { quantity = "voltage", unit = "kW" }\nI = { quantity = "current", factor = "x" }\n',
        "map.toml",
    )
    with pytest.raises(ToolError) as caught:
        load_map(path)
    assert str(caught.value).splitlines() == [
        f"{path}: unknown key 'delimeter' in the map; the nearest is 'delimiter'",
        f"{path}: column 'P': unknown quantity 'power_activ_total';"
        " the nearest is 'power_active_total'",
        f"{path}: column 'U': 'kW' is no unit of voltage; there are V, mV, kV",
        f"{path}: column 'I': factor 'x' is not a number",
        f"{path}: timezone 'Europe/Berlinn' is not known on this machine",
        f"{path}: encoding 'latin-x': must be one that Python knows, as \"latin-1\"",
        f'{path}: decimal \'comma\': must be "." or ","',
        f"{path}: resample: there is no rule 'men'; there are first, last, min, max, mean",
        f'{path}: gap: "soon" does not begin with a number',
    ]


def test_the_maps_of_the_examples_are_right():
    names = [load_map(path).name for path in sorted(MAPS.glob("*.toml"))]
    assert len(names) == 7


def test_the_household_plays_as_it_was_recorded():
    if not HOUSEHOLD.exists():
        pytest.skip("no shared recordings")
    recording = Recording(HOUSEHOLD)
    assert recording.column_map.name == "household_1phase.toml"
    assert (recording.rows, recording.skipped, recording.step_s) == (37283, 0, 60)
    signals = recording.signals()
    lines = HOUSEHOLD.read_text().splitlines()[1:]
    for row in range(0, recording.rows, 97):
        time_us = recording.times[row] - recording.times[0]
        kilowatts, kilovars, volts, amperes = map(Decimal, lines[row].split(";")[2:6])
        assert signals.value("power_active_total", time_us) == kilowatts * 1000
        assert signals.value("power_reactive_total", time_us) == kilovars * 1000
        assert signals.value("voltage", time_us) == volts
        assert signals.value("current", time_us + 59_999_999) == amperes


def test_what_stands_before_the_heading_is_passed_over(write):
    for head in ("\n\n", "sep=;\n", "  \n"):
        recording = Recording(write(head + "time;voltage\n0;230\n1;231\n"))
        assert (recording.rows, recording.problems) == (2, {})


def test_utf_32_and_other_separators_are_found_out(write):
    recording = Recording(write("time|voltage\n0|230\n1|231\n".encode("utf-32")))
    assert recording.value("voltage", 1) == 231


def test_rows_that_are_too_long_and_quotes_that_do_not_end_are_told(write):
    head = "time,voltage\n0,230\n1,230,5\n2,231,\n"
    recording = Recording(write(head + "3," + "9" * 3_000_000 + '\n4,232\n5,"2\n6,233\n'))
    assert list(recording.times) == [0, 2 * SECOND_US, 4 * SECOND_US]
    told = [sentence.split(":", 1)[1] for sentence in recording.summary()]
    assert told[:3] == [
        "3: the row has 3 cells for 2 columns; skipped",
        "5: the line has more than 1048576 characters; skipped",
        "7: a quote holds 2 lines together",
    ]


def test_a_column_that_stands_twice_is_told(write):
    recording = Recording(write("time,voltage,voltage\n0,230,1\n"))
    assert recording.value("voltage", 0) == 230
    assert "stands twice, the first one is used: 'voltage'" in recording.summary()[0]


def test_a_time_that_no_recording_can_have_does_not_spoil_the_rows_behind_it(write):
    recording = Recording(write("time,voltage\n0,230\n9999-12-31T00:00:00Z,9\n1,231\n"))
    assert (recording.rows, recording.skipped) == (2, 1)


@pytest.mark.parametrize(
    "numbers, values",
    [
        ("1.234,5|1.234|2,5", "1234.5 1234 2.5"),
        ("1.234.567|8.901|0,25", "1234567 8901 0.25"),
        ("2,5|1.234", "2.5"),  # a point alone may be anything
        ("12'300.5|1.234", "12300.5 1.234"),
        ("12\u202f300,5|\u22121 000", "12300.5 -1000"),
        ("-0|-0.0|5.|1e3|+.5", "0 0 5 1000 0.5"),
        ("7|NaN|INF|-INF|-|null|#DIV/0!|1e400|0x10|1_000|\u0661\u0662|1,2,3|1 2", "7"),
        ("12,5 V|13V|14 kV", "12.5 13"),
    ],
)
def test_numbers_are_read_in_one_way_or_not_at_all(write, numbers, values):
    rows = "".join(f"{at};{number}\n" for at, number in enumerate(numbers.split("|")))
    recording = Recording(write("time;voltage [V]\n" + rows))
    read = [recording.value("voltage", row) for row in range(recording.rows)]
    assert read == [Decimal(value) for value in values.split()]


def test_units_may_stand_in_a_row_below_the_heading_and_a_sum_below_all(write):
    head = "Datum;Uhrzeit;power_active_total;energy_import [MWh];note\n;;[kW];MWh;-\n"
    rows = "1.3.2026;10:00;1,5;2;x\n1.3.2026;10:01;-0,25;2;y\n\nSumme;;1,25;4;\n;;;;\n"
    recording = Recording(write(head + rows))
    assert [recording.value("power_active_total", row) for row in (0, 1)] == [1500, -250]
    assert recording.value("energy_import", 0) == 2000
    assert [one.split(":", 1)[1] for one in recording.summary()] == [
        "1: not used, as no quantity is named so: 'note'",
        "6: 'Summe' is not a time; skipped",
    ]
    assert "'kPa' is no unit of voltage" in failure(write("time;voltage;current\n;kPa;A\n1;2;3\n"))


def test_units_may_be_written_in_other_ways_where_they_can_only_be_one(write):
    head = (
        "time,power_active_total [KW],power_reactive_total [kVAr],temperature [degF],flow [m^3/h]"
    )
    recording = Recording(write(head + "\n0,1,2,50,3\n"))
    values = [recording.value(quantity, 0) for quantity in recording.quantities()]
    assert sorted(values) == [3, 10, 1000, 2000]
    assert "'mw' is no unit of power_active_total" in failure(
        write("time,power_active_total [mw]\n")
    )


def test_two_columns_that_mean_the_same_are_told(write):
    told = failure(
        write("time,P1,P2,Voltage\n0,1,2,3\n"), None, None, {"P1": "voltage", "P2": "current"}
    )
    assert "column 'Voltage' is voltage like 'voltage': name the device of each" in told
    recording = Recording(write("time,a.voltage,b.Voltage\n0,1,2\n"))
    assert recording.devices == ["a", "b"]


@pytest.mark.parametrize(
    "begin, told",
    [
        (b"BZh91AY", "is packed by bzip2: unpack it first."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is of an old Excel: save it as CSV."),
        (b"SQLite format 3\0", "is a database of SQLite: export a table of it as CSV."),
        (b'[{"time": 1}]', "is JSON: save it as CSV."),
        (b"<!DOCTYPE html>", "is a page of the web, perhaps that of a login: download the file"),
        (b"2026-03-01,230\n", "no heading: a map names the columns"),
        (b"time,voltage\n", "there is no row below the heading"),
        (b"voltage\n1\n", 'say so by --column "heading=time"'),
    ],
)
def test_a_file_that_is_something_else_is_told(write, begin, told):
    assert told in failure(write(begin))


def test_marks_of_byte_order_in_the_middle_are_passed_over(write):
    recording = Recording(write("\ufefftime,voltage\n0,1\n\ufefftime,voltage\n1,2\n\ufeff2,3\n"))
    assert (recording.rows, list(recording.problems)) == (3, ["heading again"])


HOME = (
    "entity_id,state,last_changed\n"
    "sensor.power,1.5,2026-03-01T10:00:00.000Z\nsensor.power,unavailable,2026-03-01T10:01:00Z\n"
    "sensor.power,1.7,2026-03-01T10:02:30Z\nsun.sun,up,2026-03-01T10:02:30Z\n"
    "sensor.volts,230,2026-03-01T09:59:00Z\nsensor.volts,231,2026-03-01T10:02:30Z\n"
)


def test_an_export_of_home_assistant_is_played_by_its_times(write):
    called = {"sensor.power": "power_active_total [kW]", "sensor.volts": "voltage"}
    recording = Recording(write(HOME), called=called)
    start_us = 1_772_359_200 * SECOND_US
    assert [time - start_us for time in recording.times] == [0, 60 * SECOND_US, 150 * SECOND_US]
    assert recording.value("power_active_total", 2) == 1700
    assert [recording.value("voltage", row) for row in (0, 2)] == [230, 231]
    assert list(recording.silences[None]) == [(start_us + 60 * SECOND_US, recording.times[2])]
    assert [one.split(":", 1)[1] for one in recording.summary()] == [
        "1: not used, as no quantity is named so: 'sun.sun'",
        "3: 'sensor.power' has 'unavailable', no value; its device is silent until it has one",
        "6: column 'sensor.power' is empty, as is each before it; skipped",
    ]
    assert "the columns are 'sensor.power', 'sun.sun', 'sensor.volts'" in failure(write(HOME))


def test_an_annotated_file_of_influxdb_is_played(write):
    head = "#datatype,string,long,dateTime:RFC3339,double,string,string\n#group,,,,,,\n"
    head += "#default,_result,,,,,\n"
    first = ",result,table,_time,_value,_field,host\n"
    second = ",result,table,host,_field,_value,_time\n"
    rows = "".join(f",,0,2026-03-01T10:00:0{at}Z,{at},voltage,a\n" for at in (2, 1, 0))
    more = "".join(f",,1,a,current,{at},2026-03-01T10:00:0{at}Z\n" for at in (2, 1, 0))
    text = head + first + rows + "\n" + head + second + more
    called = {"voltage": "a.voltage", "current": "b.current [mA]"}
    recording = Recording(write(text), called=called)
    assert recording.length_us == 2 * SECOND_US
    assert [recording.value("voltage", row, "a") for row in range(3)] == [0, 1, 2]
    assert recording.value("current", 1, "b") == Decimal("0.001")
    assert list(recording.problems) == ["heading again"]


def test_what_a_replay_published_is_a_recording(write):
    text = "time,device,channel,value,quality,kind,seq,boot\n"
    text += "".join(
        f"2026-03-01T10:00:0{at // 2}.000Z,meter,{name},{at},good,data,{at},1\n"
        for at, name in enumerate(["voltage_l1", "current_l1"] * 3)
    )
    recording = Recording(write(text))
    assert [recording.value("voltage_l1", row) for row in range(3)] == [0, 2, 4]
    assert (recording.rows, recording.problems) == (3, {})


def test_a_map_tells_which_cells_name_what_has_a_value(write):
    table = write(
        'long = { names = ["what"], value = "much" }\n[time]\ncolumns = ["when"]\n'
        '[columns]\nU = { device = "x", quantity = "voltage" }\n'
        'I = { device = "y", quantity = "current" }\n',
        "map.toml",
    )
    recording = Recording(write("when,what,much\n0,U,230\n5,I,x\n5,I,7\n5,U,231\n5,U,232\n"), table)
    assert recording.value("current", 1, "y") == 7
    assert list(recording.silences["y"]) == [(0, 5 * SECOND_US)]
    assert {kind: one.line for kind, one in recording.problems.items()} == {
        "no number": 3,
        "empty cell": 2,
        "time twice": 6,
    }
    with pytest.raises(ToolError, match='long needs { names = \\["entity_id"\\]'):
        load_map(write("long = 1\n", "other.toml"))


def test_a_map_tells_the_mark_of_thousands(write):
    table = write(MAP.replace('decimal = ","', 'decimal = ","\nthousands = "."'), "map.toml")
    recording = Recording(write("Tag;Zeit;Leistung\n15.07.2024;12:00;1.250\n"), table)
    assert recording.value("power_active_total", 0) == -5_000_000


def test_a_packed_file_is_read_or_one_sentence(write):
    packed = gzip.compress(GOOD.encode() * 2000)
    assert Recording(write(packed)).rows == 3
    assert "is packed, as .zip and .xlsx files are" in failure(write(b"PK\x03\x04" + bytes(300)))
    assert "is packed and damaged" in failure(write(b"\x1f\x8b\x08" + bytes(300)))
    cut = Recording(write(packed[: len(packed) // 2]))
    assert cut.rows == 3 and "is cut or damaged from here on" in str(cut.problems["broken row"])


def test_parquet_with_nulls_zones_and_nanoseconds(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    start_ns = 1_772_366_400_000_000_000
    times = pyarrow.array([start_ns + 1_000_000_000 * at for at in range(4)])
    zoned = times.cast(pyarrow.timestamp("ns", tz="Europe/Berlin"))
    for name, column in (("zoned", zoned), ("numbers", times)):
        path = tmp_path / f"{name}.parquet"
        volts = pyarrow.array([230.1, None, float("nan"), 231.5])
        parquet.write_table(pyarrow.table({"time": column, "voltage": volts}), path)
        recording = Recording(path)
        assert list(recording.times) == [start_ns // 1000, start_ns // 1000 + 3 * SECOND_US]
        assert [one.split(":", 1)[1] for one in recording.summary()] == [
            f"3: column 'voltage' {EMPTY}; skipped",
            "4: column 'voltage' has 'nan', not a number; skipped",
        ]
    path.write_bytes(b"PAR1" + bytes(50) + b"PAR1")
    assert "is no Parquet file that can be read" in failure(path)
