"""A recording of a meter or a machine: rows of a CSV or Parquet file, played as signals.

A row's values hold until the next row, so that every value served is one that stands in the file,
exactly: numbers go from their text to integers without passing through a float. Rows that cannot
be used are skipped and counted by kind; none is repaired.
"""

import bisect
import itertools
import re
import statistics
from array import array
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from host_tools.emulation.column_map import ColumnMap, choose_map, load_map
from host_tools.emulation.signals import Signals
from host_tools.errors import ToolError
from host_tools.table_file import open_rows

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)


@dataclass
class Problem:
    """One kind of bad row: how many there are, and the first of them."""

    kind: str
    line: int
    detail: str
    count: int = 1


class _BadRow(Exception):
    """A row that cannot be used: its kind and what is wrong with it."""


class _Column:
    """Decimals as integers with one common number of places: 8 bytes each."""

    def __init__(self):
        self._counts = array("q")
        self._places = 0

    def __getitem__(self, row: int) -> Decimal:
        return Decimal(self._counts[row]).scaleb(-self._places)

    def make_room(self, value: Decimal) -> None:
        """Raise OverflowError, with nothing changed, if the value does not fit."""
        places = max(self._places, -value.as_tuple().exponent)
        array("q", [int(value.scaleb(places))])
        if places > self._places:
            shift = 10 ** (places - self._places)
            self._counts = array("q", [count * shift for count in self._counts])
            self._places = places

    def append(self, value: Decimal) -> None:
        self._counts.append(int(value.scaleb(self._places)))


class Recording:
    """A recording file, read row by row into compact columns.

    `times` are Unix microseconds, growing; `rows` and `skipped` count what was read and what was
    not; `problems` says why, each kind once. Raises ToolError (status 2) where nothing is usable.
    """

    def __init__(
        self,
        path: str | Path,
        column_map: ColumnMap | str | Path | None = None,
        device: str | None = None,
    ):
        self.path = Path(path)
        self.times = array("q")
        self.problems: dict[str, Problem] = {}
        try:
            if column_map is None:
                column_map = choose_map(self.path, device)
            elif not isinstance(column_map, ColumnMap):
                column_map = load_map(Path(column_map))
            self.column_map = column_map
            self._columns = {column.quantity: _Column() for column in column_map.columns.values()}
            self._read()
        except OSError as error:
            raise ToolError(f"cannot read recording {path}: {error.strerror}", 2) from None
        if not self.times:
            told = "".join(f"\n{sentence}" for sentence in self.summary())
            raise ToolError(f"{path}: no row can be used{told}", 2)

    @property
    def rows(self) -> int:
        return len(self.times)

    @property
    def skipped(self) -> int:
        return sum(problem.count for problem in self.problems.values())

    @property
    def step_s(self) -> Fraction:
        """The usual time from one row to the next, in seconds; 0 for a single row."""
        steps = [after - before for before, after in itertools.pairwise(self.times)]
        return Fraction(statistics.mode(steps) if steps else 0, 1_000_000)

    def quantities(self) -> frozenset[str]:
        return frozenset(self._columns)

    def value(self, quantity: str, row: int) -> Decimal:
        """What a row holds, in the quantity's base unit."""
        return self._columns[quantity][row]

    def summary(self) -> list[str]:
        """A sentence for each kind of row that was skipped."""
        return [
            f"{self.path}:{problem.line}: {problem.detail}; skipped"
            + (f" (the first of {problem.count} like it)" if problem.count > 1 else "")
            for problem in self.problems.values()
        ]

    def signals(self, start_us: int = 0, speed: int | Fraction = 1) -> "RecordingSignals":
        """Play the rows from `start_us` of the world's time on, `speed` times as fast."""
        return RecordingSignals(self, start_us, Fraction(speed))

    def _read(self) -> None:
        layout = self.column_map
        with open_rows(self.path, layout.delimiter, layout.encoding) as rows:
            header = next(rows, (1, []))[1]
            missing = layout.missing_from(header)
            if missing:
                raise ToolError("\n".join(f"{self.path}:1: {one}" for one in missing), 2)
            places = {name: header.index(name) for name in layout.headings}
            for line, cells in rows:
                if any(cells):
                    self._take(cells, header, places, line)

    def _take(self, cells: list[str], header: list[str], places: dict[str, int], line: int) -> None:
        try:
            if len(cells) < len(header):
                raise _BadRow("cut row", f"the row has {len(cells)} of {len(header)} columns")
            time_us = self._time(cells, places)
            values = [
                self._number(name, cells[places[name]]) for name in self.column_map.columns
            ]  # fmt: skip
        except _BadRow as bad:
            self._skip(line, *bad.args)
            return
        self.times.append(time_us)
        for column, value in zip(self._columns.values(), values, strict=True):
            column.append(value)

    def _skip(self, line: int, kind: str, detail: str) -> None:
        if kind in self.problems:
            self.problems[kind].count += 1
        else:
            self.problems[kind] = Problem(kind, line, detail)

    def _time(self, cells: list[str], places: dict[str, int]) -> int:
        text = " ".join(cells[places[name]].strip() for name in self.column_map.time)
        last_us = self.times[-1] if self.times else -(2**63)
        try:
            time_us = self.column_map.time_us(text, last_us)
        except ValueError:
            raise _BadRow("no time", f"{text!r} is not a time") from None
        if time_us <= last_us:
            raise _BadRow("time not growing", f"the time {text} does not lie after the row before")
        return time_us

    def _number(self, name: str, text: str) -> Decimal:
        text = text.strip()
        if not text:
            raise _BadRow("empty cell", f"column {name!r} is empty")
        if self.column_map.decimal != ".":
            text = text.replace(self.column_map.decimal, ".")
        if not _NUMBER.fullmatch(text):
            raise _BadRow("no number", f"column {name!r} has {text!r}, not a number")
        column = self.column_map.columns[name]
        value = Decimal(text) * column.factor
        try:
            self._columns[column.quantity].make_room(value)
        except OverflowError:
            raise _BadRow("too many digits", f"column {name!r} has too many digits") from None
        return value


class RecordingSignals(Signals):
    """A recording at a place in the world's time; before its first row that row holds.

    `end_us` is when the last row begins; it holds for ever after.
    """

    def __init__(self, recording: Recording, start_us: int, speed: Fraction):
        self._recording = recording
        first = recording.times[0]
        self._starts = array(
            "q", (start_us + -(-(time_us - first) // speed) for time_us in recording.times)
        )
        self.start_us = start_us
        self.end_us = self._starts[-1]

    def quantities(self) -> frozenset[str]:
        return self._recording.quantities()

    def step_at(self, time_us: int) -> int:
        """The row that holds."""
        return max(0, bisect.bisect_right(self._starts, time_us) - 1)

    def step_start_us(self, step: int) -> int:
        return self._starts[step] if step else 0

    def step_value(self, quantity: str, step: int) -> Decimal:
        return self._recording.value(quantity, step)
