"""Long recordings: the same values from disk, and no more memory for more rows."""

import tracemalloc
from decimal import Decimal

from host_tools.emulation import long_array, row_spool
from host_tools.emulation.recording import Recording
from recordings import SECOND_US


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
