"""The numbers and units of a recording: read in one way, or not at all."""

from decimal import Decimal

import pytest

from host_tools.emulation.recording import Recording
from recordings import MAP, failure


def test_more_places_later_change_no_earlier_value(write):
    recording = Recording(write("time,voltage\n1,230\n2,230.25\n3,-0.000001\n"))
    assert [recording.value("voltage", row) for row in range(3)] == [
        230,
        Decimal("230.25"),
        Decimal("-0.000001"),
    ]


def test_contacts_may_be_written_as_words(write):
    recording = Recording(write("time,digital_input,voltage\n0,on,1\n1,False,1\n2,1,1\n3,1,on\n"))
    assert [recording.value("digital_input", row) for row in range(3)] == [1, 0, 1]
    assert recording.problems["no number"].line == 5


def test_the_noise_of_floats_is_rounded_away(write):
    recording = Recording(write("time,voltage\n0,0.30000000000000004\n1,-0.1234567894999\n"))
    assert recording.value("voltage", 0) == Decimal("0.3")
    assert recording.value("voltage", 1) == Decimal("-0.123456789")


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
        ("k.A.|-.-|12,5", "12.5"),
    ],
)
def test_numbers_are_read_in_one_way_or_not_at_all(write, numbers, values):
    rows = "".join(f"{at};{number}\n" for at, number in enumerate(numbers.split("|")))
    recording = Recording(write("time;voltage [V]\n" + rows))
    read = [recording.value("voltage", row) for row in range(recording.rows)]
    assert read == [Decimal(value) for value in values.split()]


@pytest.mark.parametrize(
    "numbers, mark",
    [("1.234|999|12,5", "."), ("1.234|1.999,5", "."), ("1,234|12.5 V", ","), ("1,5 V|2", "")]
    + [
        ("1.234|2.5|12,5", ""),
        ("0.123|12,5", ""),
        ("1,234|x", ""),
        ("12'300.5|1,5", ""),
        ("1.234|n.a.|12,5", "."),
    ],
)
def test_a_number_that_shows_others_to_be_read_wrongly_stops_all(write, numbers, mark):
    rows = "".join(f"{at};{number}\n" for at, number in enumerate(numbers.split("|")))
    path = write("time;voltage [V]\n" + rows)
    if mark:
        first, last = numbers.split("|")[0], numbers.split("|")[-1]
        line = 2 + numbers.count("|")
        assert failure(path).endswith(
            f"{path}:{line}: column 'voltage [V]' has {last!r}, but {first!r} was read as a number "
            f'with decimals; say in a map what is meant, thousands = "{mark}" or '
            f'decimal = "{mark}"; skipped'
        )
    else:
        assert Recording(path).rows


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


def test_a_map_tells_the_mark_of_thousands(write):
    table = write(MAP.replace('decimal = ","', 'decimal = ","\nthousands = "."'), "map.toml")
    recording = Recording(write("Tag;Zeit;Leistung\n15.07.2024;12:00;1.250\n"), table)
    assert recording.value("power_active_total", 0) == -5_000_000
    only = write(
        'thousands = "."\n[time]\ncolumns = ["t"]\n[columns]\nU.quantity = "voltage"\n', "u.toml"
    )
    recording = Recording(write("t;U\n0;1.5\n1;1.234\n2;1,5\n"), only)
    assert [recording.value("voltage", row) for row in (0, 1)] == [1234, Decimal("1.5")]


def test_of_a_long_cell_the_beginning_is_told(write):
    told = failure(write(f"time,voltage\n0,{'x' * 5000}\n{'y' * 5000},1\n"))
    assert f"has '{'x' * 80}…', not a number" in told and f"'{'y' * 80}…' is not a time" in told
