"""Column maps: what they tell of a recording, and all their mistakes at once."""

from decimal import Decimal

import pytest

from host_tools.emulation.column_map import load_map
from host_tools.emulation.heading import MAPS
from host_tools.emulation.recording import Recording
from host_tools.errors import ToolError
from recordings import MAP, SECOND_US, failure


def test_a_map_tells_decimal_comma_unit_sign_and_byte_order_mark(write):
    table = write(MAP, "map.toml")
    text = "Tag;Zeit;Leistung\n15.07.2024;12:00;1,25\n15.07.2024;12:15;-3,5\n"
    recording = Recording(write(b"\xef\xbb\xbf" + text.encode()), table)
    assert recording.times[0] == 1_721_037_600 * SECOND_US
    assert [recording.value("power_active_total", row) for row in (0, 1)] == [-5000, 14000]
    assert recording.step_s == 900


@pytest.mark.parametrize("mark", [";", ",", "\t", "|", " "])
@pytest.mark.parametrize("head", ["t{0}P{0}note\n", ""])
def test_the_delimiter_of_a_file_is_found_where_its_map_tells_none(write, mark, head):
    headings = "" if head else 'headings = ["t", "P", "note"]\n'
    columns = '[time]\ncolumns = ["t"]\n[columns]\nP = { quantity = "voltage" }\n'
    number = "1.234" if mark == "," else "230,5"
    table = write(headings + columns, "map.toml")
    path = write(head.format(mark) + mark.join(["2026-03-01T10:00:00", number, "x"]) + "\n")
    assert Recording(path, table).value("voltage", 0) == Decimal(number.replace(",", "."))


def test_a_quoted_comma_is_read_in_a_file_with_commas_where_its_map_tells_what_it_is(write):
    columns = '[time]\ncolumns = ["t"]\n[columns]\nP = { quantity = "voltage" }\n'
    path = write('t,P\n0,"1,234"\n')
    for told, value in (
        ('decimal = ","', "1.234"),
        ('thousands = "."', "1.234"),
        ('thousands = ","', "1234"),
    ):
        table = write(f"{told}\n{columns}", "map.toml")
        assert Recording(path, table).value("voltage", 0) == Decimal(value)
    assert (
        "has '1,234', not a number, as the decimal mark is \".\"; if it is another, a map tells"
        ' decimal = ",", else thousands = ","'
    ) in failure(path, write(columns, "map.toml"))
    assert failure(write("t,P\n0,x\n"), table).endswith("has 'x', not a number; skipped")


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
