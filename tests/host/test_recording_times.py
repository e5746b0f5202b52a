"""The times of a recording, in the forms that loggers and spreadsheets give them."""

from decimal import Decimal

import pytest

from host_tools.emulation.recording import Recording
from recordings import MAP, SECOND_US, failure


@pytest.mark.parametrize(
    "times",
    ["1704067200|1704067260", "1704067200000|1704067260000", "1704067200.0|1704067260,0"]
    + ["2024-01-01T00:00:00Z|2024-01-01T00:01:00Z", "1.704067200E+12|1.704067260E+12"]
    + ["2024-01-01T01:00:00+0100|2024-01-01T01:01:00+01:00", "2024-W01-1|2024-1-1 0:01"]
    + ["2024010100|202401010001", "20240101|20240101000100"]
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
        ("So, 01.03.2026 10:00 Uhr", 1_772_359_200),
        ("Sun, 01 Mar 2026 10:00:00 GMT", 1_772_359_200),
        ("Sunday, March 1, 2026 10:00:00 AM", 1_772_359_200),
        ("Sun Mar 01 2026 11:00:00 GMT+0100 (CET)", 1_772_359_200),
        ("2026-03-01T11:00:00+01:00[Europe/Berlin]", 1_772_359_200),
        ("DT#2026-03-01-10:00:00", 1_772_359_200),
        ("DTL#2026-03-01-10:00:00.0", 1_772_359_200),
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
        ("matlab", "740042.416666667"),
        ("Europe/Berlin, matlab", "740042,458333333"),
        ("UTC+1", "2026-03-01 11:00"),
        ("UTC-05:30, %d/%m/%Y %H:%M", "01/03/2026 04:30"),
        ("GMT+0100", "1.3.2026 11:00"),
        ("+01", "2026-03-01 11:00"),
    ],
)
def test_the_heading_tells_the_form_of_times(write, form, text):
    recording = Recording(write(f"t;voltage\n{text};1\n"), called={"t": f"time [{form}]"})
    assert recording.times[0] == 1_772_359_200 * SECOND_US


@pytest.mark.parametrize(
    "heading, times",
    [("time [s]", "0|2.5"), ("Time (ms)", "0|2500,0"), ("time [µs]", "0.000E+00|2.5E+06")]
    + [
        ("timestamp [ns]", "0|2500000000"),
        ("t [s]", "0|1E-3"),
        ("time [ms]", "-1|NaN|1e999999999|inf|x"),
    ],
)
def test_the_heading_tells_the_unit_of_times_that_are_counted(write, heading, times):
    rows = "".join(f"{time};1\n" for time in times.split("|"))
    path, called = write(f"{heading};voltage\n{rows}"), {"t [s]": "time [s]"}
    if "x" in times:
        assert "'-1' is not a time; its form was told to be ms" in failure(path)
    else:
        called = called if heading in called else None
        step_us = 1000 if called else 2_500_000
        assert list(Recording(path, called=called).times) == [0, step_us]


def test_a_data_log_of_siemens_has_a_date_and_a_time_in_utc(write):
    recording = Recording(write("Record,Date,UTC Time,voltage\n1,2026-03-01,10:00:00,230\n"))
    assert recording.times[0] == 1_772_359_200 * SECOND_US


def test_times_may_be_counted_in_hours(write):
    recording = Recording(write("time [h];voltage\n0;1\n0,25;2\n"))
    assert list(recording.times) == [0, 900 * SECOND_US]


def test_an_offset_has_no_summer_time(write):
    recording = Recording(write("Zeit (UTC+01:00);voltage\n2026-07-01 11:00;1\n"))
    assert recording.times[0] == 1_782_900_000 * SECOND_US


@pytest.mark.parametrize("name", ["CET", "EST", "MEZ", "CET/CEST", "local", "UTC+15"])
def test_a_zone_that_may_have_a_summer_time_is_asked_for(write, name):
    told = failure(write(f"timestamp [{name}];voltage\n2026-03-01 11:00;1\n"))
    assert f"timezone {name!r}" in told
    assert "write a place, as `time [Europe/Berlin]`" in told and "`time [UTC+01:00]`" in told


def test_a_heading_may_name_the_days_of_matlab(write):
    recording = Recording(write("datenum,voltage\n738000.5,1\n738000.75,2\n"))
    assert recording.times[0] == 1_595_937_600 * SECOND_US
    assert recording.times[1] - recording.times[0] == 6 * 3600 * SECOND_US


@pytest.mark.parametrize("form", ["excel, Europe/Berlin", "Europe/Berlin, ms", "h, min\n"])
def test_a_heading_that_tells_no_form_of_times_is_one_sentence(write, form):
    told = failure(write(f'"time [{form}]";voltage\n0;1\n'))
    assert f"timezone {form.strip()!r} is not known on this machine" in told


def test_a_column_without_a_heading_may_have_the_time(write):
    path = write(",voltage\n2026-03-01 10:00:00,230\n")
    assert '--column "=time"' in failure(path)
    assert Recording(path, called={"": "time"}).times[0] == 1_772_359_200 * SECOND_US


def test_what_may_be_meant_by_a_time_is_told(write):
    told = failure(write("time,voltage\n3/1/2026 13:00,1\n"))
    assert "day or month may stand first; tell its form by --column" in told
    recording = Recording(write("time,voltage\n46082.5,1\n46082.75,2\n"))
    assert "if they are days, as spreadsheets count them" in recording.summary()[0]
    recording = Recording(write("time,voltage\n738000.5,1\n738000.75,2\n"))
    assert recording.summary()[0].endswith(
        'if they are days, as MATLAB counts them, say so by --column "HEADING=time [matlab]"'
    )


@pytest.mark.parametrize(
    "text, form",
    [
        ("3/1/2026 1:05:00 PM", "%m/%d/%Y %I:%M:%S %p"),
        ("03-01-26, 01:05am", "%m-%d-%y, %I:%M%p"),
        ("31/1/2026 1:05 PM", "%d/%m/%Y %I:%M %p"),
        ("1/31/2026 13:05", "%m/%d/%Y %H:%M"),
        ("3/1/2026 13:05:00,5", "%d/%m/%Y %H:%M:%S,%f"),
        ("31.12.26", "%d.%m.%y"),
    ],
)
def test_the_form_that_a_time_is_likely_to_have_is_told_and_reads_it(write, text, form):
    path = write(f"t;voltage\n{text};1\n")
    told = failure(path, None, None, {"t": "time"})
    assert (
        f'day or month may stand first; tell its form by --column "HEADING=time [{form}]"' in told
    )
    assert Recording(path, called={"t": f"time [{form}]"}).rows == 1


def test_a_time_of_day_without_a_day_is_told(write):
    told = failure(write("time;voltage\n10:00:00,5;1\n"))
    assert "'10:00:00,5' is not a time; a time of day needs its day" in told


def test_of_date_and_time_apart_the_date_tells_the_form_of_both(write):
    path = write("Date;Time;voltage\n3/1/2026;1:05 PM;1\n")
    assert 'by --column "HEADING=date [%m/%d/%Y %I:%M %p]"' in failure(path)
    recording = Recording(path, called={"Date": "date [%m/%d/%Y %I:%M %p]"})
    assert recording.times[0] == 1_772_370_300 * SECOND_US


@pytest.mark.parametrize(
    "text",
    [
        "1 Foo 2026",
        "2026-03-01 13:00 PM",
        "3/1/2026 1:00 PM",
        "03-01-26 13:00",
        "1.13.2026",
        "24:00",
        "Foo 1.3.2026",
        "1.3.2026-10:00",
        "1.3.2026 10:00 (CET)",
    ],
)
def test_a_time_that_can_be_read_in_two_ways_is_none(write, text):
    assert "is not a time" in failure(write(f"time,voltage\n{text},1\n"))


@pytest.mark.parametrize(
    "form, text",
    [
        ("excel", "46082,5416666667"),
        ("matlab", "740042.541666667"),
        ("%m/%d/%Y %I:%M %p", "3/1/2026 1:00 PM"),
    ],
)
def test_a_map_tells_the_form_of_times(write, form, text):
    table = write(MAP.replace("%d.%m.%Y %H:%M", form).replace('"Tag", "Zeit"', '"t"'), "map.toml")
    recording = Recording(write(f"t;Leistung\n{text};1\n"), table)
    assert recording.times[0] == 1_772_366_400 * SECOND_US  # 13:00 in Berlin


def test_date_and_time_may_stand_apart_with_spaces_between_cells(write):
    recording = Recording(write("date  time     voltage\n2026-03-01 10:00:00   230\n"))
    assert (recording.times[0], recording.value("voltage", 0)) == (1_772_359_200_000_000, 230)


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


def test_a_time_that_no_recording_can_have_does_not_spoil_the_rows_behind_it(write):
    recording = Recording(write("time,voltage\n0,230\n9999-12-31T00:00:00Z,9\n1,231\n"))
    assert (recording.rows, recording.skipped) == (2, 1)


def test_rows_from_before_a_clock_was_set_are_no_pause_of_decades(write):
    unset = "".join(f"1970-01-01T00:00:{at:02}Z,1\n" for at in range(20))
    path = write("time,voltage\n" + unset + "2026-03-01T10:00:00Z,230\n")
    assert failure(path).startswith(f"{path}:22: more than ten years without a row")


@pytest.mark.parametrize("number, year", [("134167968000000000", 1974), ("3855168000", 2092)])
def test_numbers_that_count_from_another_year_are_told(write, number, year):
    recording = Recording(write(f"time,voltage\n{number},230\n"))
    assert recording.summary()[0].split(":", 1)[1].startswith(f"2: its times mean the year {year};")
