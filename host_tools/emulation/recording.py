"""A recording of a meter or a machine: rows of a CSV or Parquet file, played as signals.

A row's values hold until the next row, so that every value served is one that stands in the file,
exactly to nine places: numbers go from their text to integers without passing through a float.
Rows that cannot be used are skipped and counted by kind; none is repaired. Where the columns are of
several devices a row counts for those that have all their cells; one that lacks some is silent
until it has them again. The file is read once, in a stream, and what is kept of it is on disk where
it is long: memory does not grow with it.
"""

import bisect
import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from host_tools.emulation.column_map import Column, ColumnMap, load_map
from host_tools.emulation.heading import choose_map
from host_tools.emulation.long_array import LongArray
from host_tools.emulation.resampling import Resampler
from host_tools.emulation.row_number import Numbers
from host_tools.emulation.row_order import RowOrder
from host_tools.emulation.signals import PerDevice, Signals
from host_tools.errors import ToolError
from host_tools.table_file import open_rows

_MOST_STEPS = 1000
_MOST_PLACES = 9
_EMPTY = "is empty (a map can let the value before hold)"


@dataclass
class Problem:
    """One kind of oddity: how many there are, the first of them, and whether rows were skipped."""

    kind: str
    line: int
    detail: str
    count: int = 1
    skipped: bool = True

    def __str__(self) -> str:
        more = f" (the first of {self.count} like it)" if self.count > 1 else ""
        return f"{self.line}: {self.detail}{'; skipped' * self.skipped}{more}"


class _BadRow(Exception):
    """A row that cannot be used: its kind and what is wrong with it."""


class _Column:
    """Decimals as whole numbers of 64 bits; from some rows on they have more places."""

    def __init__(self):
        self._counts = LongArray()
        self._rows = [0]
        self._places = [0]

    def __getitem__(self, row: int) -> Decimal:
        places = self._places[bisect.bisect_right(self._rows, row) - 1]
        return Decimal(self._counts[row]).scaleb(-places)

    def require_room(self, value: Decimal) -> None:
        """Raise OverflowError if the value does not fit."""
        if not -(2**63) <= value.scaleb(self._places_for(value)) < 2**63:
            raise OverflowError

    def append(self, value: Decimal | None) -> None:
        """Add a row; None holds what was before."""
        if value is None:
            self._counts.append(self._counts[-1] if len(self._counts) else 0)
            return
        places = self._places_for(value)
        if places > self._places[-1]:
            self._rows.append(len(self._counts))
            self._places.append(places)
        self._counts.append(int(value.scaleb(places)))

    def _places_for(self, value: Decimal) -> int:
        return max(self._places[-1], -value.as_tuple().exponent)


def _rounded(value: Decimal) -> Decimal:
    """The number, without the noise of floats that were written with all their digits."""
    return value if value.as_tuple().exponent >= -_MOST_PLACES else round(value, _MOST_PLACES)


def _length_text(us: int) -> str:
    """A length of time as people say it."""
    seconds = us / 1_000_000
    if seconds < 3600:
        return f"{seconds:g} s"
    return f"{seconds / 3600:g} h" if seconds < 2 * 86400 else f"{seconds / 86400:,.1f} days"


class _Steps:
    """How long rows are apart: how often each step comes, and its first line."""

    def __init__(self):
        self._seen: dict[int, list[int]] = {}

    def take(self, step_us: int, line: int) -> None:
        entry = self._seen.get(step_us)
        if entry:
            entry[0] += 1
        elif len(self._seen) < _MOST_STEPS:
            self._seen[step_us] = [1, line]

    @property
    def usual_us(self) -> int:
        """The step that comes most often; 0 without one."""
        return max(self._seen, key=lambda step_us: self._seen[step_us][0], default=0)

    def pause(self) -> Problem | None:
        """What is to be told of steps of more than one row and a half."""
        long = [step_us for step_us in self._seen if 2 * step_us > 3 * self.usual_us]
        if not long:
            return None
        first_us = min(long, key=lambda step_us: self._seen[step_us][1])
        told = (
            f"{_length_text(first_us)} without a row, where one usually comes each "
            f"{_length_text(self.usual_us)}; the last values hold"
        )
        count = sum(self._seen[step_us][0] for step_us in long)
        return Problem("pause", self._seen[first_us][1], told, count, skipped=False)


def _place_of(column: Column) -> tuple[str | None, str]:
    return column.device, column.quantity


class Recording:
    """A recording file, read row by row into compact columns.

    `times` are Unix microseconds, growing; `rows` and `skipped` count what was read and what was
    not; `problems` says why, each kind once. `gaps` are from when to when there is none, where the
    map says how long a row holds; `silences` are those of single devices. `devices` is empty where
    all columns are of one load. Raises ToolError (status 2) where nothing is usable.
    """

    def __init__(
        self,
        path: str | Path,
        column_map: ColumnMap | str | Path | None = None,
        device: str | None = None,
        called: dict[str, str] | None = None,
    ):
        self.path = Path(path)
        self.times = LongArray()
        self.problems: dict[str, Problem] = {}
        self.gaps: list[tuple[int, int]] = []
        self.silences: dict[str, list[tuple[int, int]]] = {}
        self._steps = _Steps()
        self._before: dict[str, str] = {}
        self._kept_us: int | None = None
        self._row = -1
        try:
            if column_map is None:
                column_map = choose_map(self.path, device, called)
            elif not isinstance(column_map, ColumnMap):
                column_map = load_map(Path(column_map))
            self.column_map = column_map
            self._numbers = Numbers(column_map.decimal, column_map.thousands)
            self._columns = {
                place: _Column() for place in map(_place_of, column_map.columns.values())
            }
            named = (device for device, _ in self._columns if device is not None)
            self.devices = list(dict.fromkeys(named))
            self._silent_us: dict[str, int] = {}
            self._read()
        except OSError as error:
            raise ToolError(f"cannot read recording {path}: {error.strerror}", 2) from None
        if not len(self.times):
            told = "".join(f"\n{sentence}" for sentence in self.summary())
            raise ToolError(f"{path}: no row can be used{told}", 2)

    @property
    def rows(self) -> int:
        return len(self.times)

    @property
    def skipped(self) -> int:
        return sum(problem.count for problem in self.problems.values() if problem.skipped)

    @property
    def step_s(self) -> Fraction:
        """The usual time from one row to the next, in seconds; 0 for a single row."""
        return Fraction(self._steps.usual_us, 1_000_000)

    @property
    def length_us(self) -> int:
        """From the first row to the last."""
        return self.times[-1] - self.times[0]

    def quantities(self, device: str | None = None) -> frozenset[str]:
        return frozenset(quantity for of, quantity in self._columns if of == device)

    def value(self, quantity: str, row: int, device: str | None = None) -> Decimal:
        """What a row holds, in the quantity's base unit."""
        return self._columns[device, quantity][row]

    def summary(self) -> list[str]:
        """A sentence for each kind of oddity."""
        return [f"{self.path}:{problem}" for problem in self.problems.values()]

    def require_no_problem(self) -> None:
        """Raise ToolError (status 2) with all that is odd in it."""
        if self.problems:
            raise ToolError("\n".join(self.summary()), 2)

    def signals(self, start_us: int = 0, speed: int | Fraction = 1) -> "RecordingSignals":
        """Play the rows from `start_us` of the world's time on, `speed` times as fast."""
        return RecordingSignals(self, start_us, Fraction(speed))

    def signals_by_device(self, start_us: int = 0, speed: int | Fraction = 1) -> Signals:
        """The same, of each device its own where the columns name several."""
        if not self.devices:
            return self.signals(start_us, speed)
        return PerDevice(
            {
                device: RecordingSignals(self, start_us, Fraction(speed), device)
                for device in self.devices
            }
        )

    def _read(self) -> None:
        layout = self.column_map
        keep = self._append
        resampler = Resampler(layout.every_us, layout.rule, keep) if layout.every_us else None
        self._order = RowOrder(resampler.take if resampler else keep, self._tell_ahead)
        with open_rows(self.path, layout.delimiter, layout.encoding, self._note) as rows:
            line, header = layout.header_in(rows, self._note)
            missing = layout.missing_from(header)
            if missing:
                raise ToolError("\n".join(f"{self.path}:{line}: {one}" for one in missing), 2)
            if layout.unused:
                names = ", ".join(map(repr, layout.unused))
                self._note(line, "unused column", f"not used, as no quantity is named so: {names}")
            twice = [name for name in layout.headings if header.count(name) > 1]
            if twice:
                names = ", ".join(map(repr, twice))
                self._note(line, "column twice", f"stands twice, the first one is used: {names}")
            places = {name: header.index(name) for name in layout.headings}
            for line, cells in rows:
                if any(cells):
                    self._row += 1
                    self._take(cells, header, places, line)
        self._order.finish()
        if resampler:
            resampler.finish()
        for device in list(self._silent_us):
            self._end_silence(device, self._kept_us)
        back = self.problems.get("time goes back")
        if back and self.rows == 1:
            back.detail += "; as the newest row seems to stand first, turn the file round"
        pause = None if layout.gap_us else self._steps.pause()
        if pause:
            self.problems[pause.kind] = pause

    def _take(self, cells: list[str], header: list[str], places: dict, line: int) -> None:
        try:
            if len(cells) < len(header):
                raise _BadRow("cut row", f"the row has {len(cells)} of {len(header)} columns")
            if any(cells[len(header) :]):
                told = f"the row has {len(cells)} cells for {len(header)} columns"
                raise _BadRow("long row", told)
            if self.column_map.empty == "hold":
                self._fill(cells, places)
            time_us = self._time(cells, places)
            absent = self._absent(cells, places, line)
            values = [
                None if column.device in absent else self._number(name, cells[places[name]])
                for name, column in self.column_map.columns.items()
            ]
        except _BadRow as bad:
            self._skip(line, *bad.args)
            return
        self._order.take(time_us, values, line)

    def _fill(self, cells: list[str], places: dict) -> None:
        """Put what columns had before into their empty cells."""
        for name in self.column_map.columns:
            at = places[name]
            if cells[at].strip():
                self._before[name] = cells[at]
            else:
                cells[at] = self._before.get(name, "")

    def _absent(self, cells: list[str], places: dict, line: int) -> set[str]:
        """Which of several devices lack a cell of a row, but not all of them."""
        if not self.devices:
            return set()
        empty = {
            column.device: name
            for name, column in self.column_map.columns.items()
            if not cells[places[name]].strip()
        }
        if len(empty) == len(self.devices):
            raise _BadRow("empty row", "the row has no device with all its cells")
        for name in empty.values():
            self._note(line, "empty cell", f"column {name!r} {_EMPTY}; its device is silent")
        return set(empty)

    def _append(self, time_us: int, values: list[Decimal | None], line: int) -> None:
        last_us = self._kept_us
        if last_us is not None:
            self._steps.take(time_us - last_us, line)
            gap_us = self.column_map.gap_us
            if gap_us and time_us - last_us > gap_us:
                self.gaps.append((last_us + gap_us, time_us))
        self._kept_us = time_us
        self.times.append(time_us)
        for (device, _), column, value in zip(
            self._columns, self._columns.values(), values, strict=True
        ):
            column.append(value)
            if value is None:
                self._silent_us.setdefault(device, time_us)
            elif device in self._silent_us:
                self._end_silence(device, time_us)

    def _end_silence(self, device: str, time_us: int) -> None:
        begin_us = self._silent_us.pop(device)
        self.silences.setdefault(device, []).append((begin_us, time_us))

    def _note(self, line: int, kind: str, detail: str) -> None:
        self._count(Problem(kind, line, detail, skipped=kind == "broken row"))

    def _tell_ahead(self, line: int) -> None:
        self._skip(line, "time ahead", "the time lies far ahead of rows that follow")

    def _skip(self, line: int, kind: str, detail: str) -> None:
        self._count(Problem(kind, line, detail))

    def _count(self, problem: Problem) -> None:
        if problem.kind in self.problems:
            self.problems[problem.kind].count += 1
        else:
            self.problems[problem.kind] = problem

    def _time(self, cells: list[str], places: dict[str, int]) -> int:
        if self.column_map.step_us:
            return self.column_map.start_us + self._row * self.column_map.step_us
        text = " ".join(cells[places[name]].strip() for name in self.column_map.time)
        form = self.column_map.time_form
        try:
            time_us = form.time_us(text, self._order.last_us)
        except ValueError:
            raise _BadRow("no time", f"{text!r} is not a time{form.hint(text)}") from None
        if time_us is None:
            raise _BadRow("no such time", f"in {form.timezone} the clocks leave out {text}")
        last_us = self._order.settle(time_us)
        if time_us == last_us:
            raise _BadRow("time twice", f"the time {text} is that of the row before")
        if time_us < last_us:
            raise _BadRow("time goes back", f"the time {text} lies before that of the row before")
        return time_us

    def _number(self, name: str, text: str) -> Decimal:
        text = text.strip()
        if not text:
            raise _BadRow("empty cell", f"column {name!r} {_EMPTY}")
        column = self.column_map.columns[name]
        try:
            number = self._numbers.read(text, column.unit)
        except ValueError:
            raise _BadRow("no number", f"column {name!r} has {text!r}, not a number") from None
        value = _rounded(column.to_base(number))
        try:
            self._columns[_place_of(column)].require_room(value)
        except OverflowError:
            raise _BadRow("too many digits", f"column {name!r} has too many digits") from None
        return value


class RecordingSignals(Signals):
    """A recording at a place in the world's time; before its first row that row holds.

    `end_us` is when the last row begins; it holds for ever after.
    """

    def __init__(
        self, recording: Recording, start_us: int, speed: Fraction, device: str | None = None
    ):
        self._recording = recording
        self._device = device
        self._times = recording.times
        self._first_us = recording.times[0]
        self._speed = speed
        self._step = 0
        self._step_us = self._next_us = 0
        self.start_us = start_us
        self.end_us = self.step_start_us(recording.rows - 1)

    def quantities(self) -> frozenset[str]:
        return self._recording.quantities(self._device)

    def step_at(self, time_us: int) -> int:
        """The row that holds."""
        if not self._step_us <= time_us < self._next_us:
            self._find(time_us)
        return self._step

    def _find(self, time_us: int) -> None:
        """Note the row that holds, and from when to when."""
        played_us = self._first_us + int((time_us - self.start_us) * self._speed // 1)
        step = max(0, bisect.bisect_right(self._times, played_us) - 1)
        is_last = step + 1 == len(self._times)
        self._step = step
        self._step_us = self.step_start_us(step)
        self._next_us = math.inf if is_last else self.step_start_us(step + 1)

    def step_start_us(self, step: int) -> int:
        if not step:
            return 0
        return self.start_us - int((self._first_us - self._times[step]) // self._speed)

    def step_value(self, quantity: str, step: int) -> Decimal:
        return self._recording.value(quantity, step, self._device)
