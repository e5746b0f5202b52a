"""What a recording does not have: empty cells, pauses, rows in each period."""

import pytest

from host_tools.emulation.recording import Recording
from host_tools.errors import ToolError
from recordings import SECOND_US


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


def test_a_leap_that_time_goes_on_from_is_a_pause(write):
    recording = Recording(write("time,voltage\n0,1\n60,1\n90000000,2\n90000060,3\n"))
    assert recording.rows == 4
    assert "1,041.7 days without a row" in str(recording.problems["pause"])


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
