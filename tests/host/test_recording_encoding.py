"""Encodings and separators are found out; no bytes stop the reading."""

from decimal import Decimal

import pytest

from host_tools.emulation.recording import Recording
from recordings import SECOND_US

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


def test_marks_of_byte_order_in_the_middle_are_passed_over(write):
    recording = Recording(write("\ufefftime,voltage\n0,1\n\ufefftime,voltage\n1,2\n\ufeff2,3\n"))
    assert (recording.rows, list(recording.problems)) == (3, ["heading again"])
