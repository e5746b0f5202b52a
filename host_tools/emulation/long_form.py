"""Recordings in the long form: each row has a time, the name of what changed, and its value.

Such are exports of databases of time series and of what was logged as it changed. Rows may come one
name after the other or mixed, oldest or newest first: those of each name go to disk, and come back
in the order of their times.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from host_tools.emulation.column_map import ColumnMap
from host_tools.emulation.picked_cells import PickedCells
from host_tools.emulation.recording_problems import BadRow, Problems
from host_tools.emulation.recording_rows import open_recording
from host_tools.emulation.row_devices import NOTHING
from host_tools.emulation.row_reader import RowReader
from host_tools.emulation.row_spool import RowSpool

_VALUES = ("value", "_value", "wert", "state", "varvalue", "payload")
_NAMES = (
    "name", "entity_id", "_measurement", "_field", "device", "channel", "variable", "metric",
    "topic", "tag", "sensor", "signal", "varname",
)  # fmt: skip
_NO_VALUES = ("", "unavailable", "unknown", "none", "null", "nan")


class LongReader:
    """Reads (line, cells), of time, names and value, and gives rows of all columns to `take`, with
    None in the others."""

    def __init__(self, layout: ColumnMap, reader: RowReader, problems: Problems):
        self._columns = layout.columns
        self._reader = reader
        self._problems = problems
        self._times = len(layout.time)
        self._series = {name: _Series(at) for at, name in enumerate(layout.columns)}

    def read(self, rows: Iterator[tuple[int, list[str]]], take: Callable) -> None:
        for line, cells in rows:
            name = name_in(cells[self._times : -1])
            if name in self._series:
                try:
                    self._read(line, cells, name)
                except BadRow as bad:
                    self._problems.skip(line, *bad.args)
        merged = heapq.merge(*(series.rows() for series in self._series.values()))
        for time_us, at, line, value, text in merged:
            values = [None] * len(self._columns)
            values[at] = value
            take(time_us, values, line, text)

    def _read(self, line: int, cells: list[str], name: str) -> None:
        series = self._series[name]
        text = self._reader.time_text(cells)
        time_us = self._reader.time_after(text, series.last_us)
        if cells[-1].strip().lower() in _NO_VALUES:
            told = f"{name!r} has {cells[-1]!r}, no value; its device is silent until it has one"
            self._problems.note(line, "no value", told)
            value = NOTHING
        else:
            value = self._reader.number(name, self._columns[name], cells[-1])
        series.add(time_us, line, value, text)


class _Series:
    """The rows of one name, the column `at`."""

    def __init__(self, at: int):
        self._at = at
        self._spool = RowSpool()
        self._backwards = 0
        self.last_us = -(2**63)

    def add(self, time_us: int, line: int, value: Decimal, text: str) -> None:
        self._backwards += 1 if time_us < self.last_us else -1
        self.last_us = time_us
        self._spool.add((time_us, self._at, line, value, text))

    def rows(self) -> Iterator[tuple]:
        """Oldest first, if they came in any order."""
        return reversed(self._spool) if self._backwards > 0 else iter(self._spool)


def name_in(cells: list[str]) -> str:
    """The name that cells make."""
    return ".".join(cell.strip() for cell in cells)


def long_columns(header: list[str]) -> tuple[str, ...]:
    """The columns with names, and that with the value; empty where it is no heading of such."""
    names = [cell for cell in header if cell.lower() in _NAMES]
    values = [cell for cell in header if cell.lower() in _VALUES]
    return (*names, values[0]) if names and values else ()


def names_below(path: Path, delimiter: str, header: list[str], headings: list[str]) -> list[str]:
    """All names in a file, of cells under these headings, in the order in which they come."""
    layout = ColumnMap("", (), {}, long=tuple(headings))
    with open_recording(path, delimiter) as rows:
        picked = PickedCells(layout, header, Problems())
        below = itertools.dropwhile(lambda row: [cell.strip() for cell in row[1]] != header, rows)
        found = dict.fromkeys(name_in(cells) for _, cells in picked.rows(below))
    return list(filter(None, found))
