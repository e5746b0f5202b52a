"""The heading of a recording: where it stands, and what its columns mean."""

from host_tools.emulation.recording import Recording
from recordings import MAP, failure

HEADED = "Time ,Voltage (V), x.POWER_ACTIVE_TOTAL[kW]\n0,230,1\n"


def test_the_heading_is_found_below_lines_about_the_file(write):
    recording = Recording(write("Logger: 1738\n\n# exported;2026\n" + HEADED), device="x")
    assert recording.value("power_active_total", 0) == 1000
    assert "stands above the heading and is not read (the first of 2 like it)" in str(
        recording.problems["above"]
    )


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


SMA = (
    "sep=;\nVersion CSV1|Tool SE|Delimiter semicolon|Decimalpoint comma\n\n;SN: 21;SN: 22\n"
    ";Yield;Power\ndd.MM.yyyy HH:mm:ss;kWh;kW\n01.03.2026 11:00:00;12345,678;1,234\n"
)


def test_of_lines_without_sense_those_above_the_values_are_shown(write):
    path = write(SMA)
    told = failure(path)
    assert (
        f"{path}:6: no column for the time; name it time or timestamp, say so by --column" in told
    )
    assert '--column "dd.MM.yyyy HH:mm:ss=time"' in told and "'kWh', 'kW'" in told
    called = {"dd.MM.yyyy HH:mm:ss": "time", "kW": "power_active_total [kW]"}
    assert Recording(path, called=called).value("power_active_total", 0) == 1234


def test_a_heading_that_is_likely_that_of_the_time_is_named(write):
    assert '--column "Startzeit=time"' in failure(write("voltage;Startzeit\n1;1.3.2026 10:00\n"))


def test_what_stands_before_the_heading_is_passed_over(write):
    for head in ("\n\n", "sep=;\n", "  \n"):
        recording = Recording(write(head + "time;voltage\n0;230\n1;231\n"))
        assert (recording.rows, recording.problems) == (2, {})


def test_a_column_that_stands_twice_is_told(write):
    recording = Recording(write("time,voltage,voltage\n0,230,1\n"))
    assert recording.value("voltage", 0) == 230
    assert "stands twice, the first one is used: 'voltage'" in recording.summary()[0]
