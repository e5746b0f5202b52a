"""A recording of a meter or a machine: rows of a CSV or Parquet file, played as signals.

A row's values hold until the next row, so that every value served is one that stands in the file,
exactly to nine places: numbers go from their text to integers without passing through a float.
Rows that cannot be used are skipped and counted by kind; none is repaired. Where the columns are of
several devices a row counts for those that have all their cells; one that lacks some is silent
until it has them again. The file is read once, in a stream, and what is kept of it is on disk where
it is long: memory does not grow with it.
"""

import dataclasses
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from host_tools.emulation.column_map import ColumnMap, load_map
from host_tools.emulation.decimal_column import DecimalColumn
from host_tools.emulation.heading import choose_map
from host_tools.emulation.long_array import LongArray
from host_tools.emulation.long_form import LongReader
from host_tools.emulation.newest_first import oldest_first
from host_tools.emulation.picked_cells import PickedCells
from host_tools.emulation.recording_problems import Problems
from host_tools.emulation.recording_rows import open_recording
from host_tools.emulation.recording_signals import RecordingSignals
from host_tools.emulation.resampling import Resampler
from host_tools.emulation.row_devices import RowDevices
from host_tools.emulation.row_order import RowOrder
from host_tools.emulation.row_reader import TWO_WAYS, RowReader
from host_tools.emulation.row_steps import RowSteps
from host_tools.emulation.signals import PerDevice, Signals
from host_tools.emulation.spans import Spans
from host_tools.errors import ToolError
from limen.core.channel_config import LONGEST_MS, SHORTEST_MS

_SECOND_MS = 1000
_YEARS_US = 10 * 365 * 86_400_000_000
_UNSET = (
    "more than ten years without a row before this one: a clock was not set; cut off rows above"
)


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
        holds_empty: bool = False,
    ):
        self.path = Path(path)
        self.times = LongArray()
        self.problems = Problems()
        self.gaps = Spans()
        self.silences: dict[str, Spans] = {}
        self._steps = RowSteps()
        self._kept_us: int | None = None
        try:
            if column_map is None:
                column_map = choose_map(self.path, device, called)
            elif not isinstance(column_map, ColumnMap):
                column_map = load_map(Path(column_map))
            column_map = column_map.fitted_to(self.path)
            if holds_empty:
                column_map = dataclasses.replace(column_map, empty="hold")
            self.column_map = column_map
            self._columns = {
                (column.device, column.quantity): DecimalColumn()
                for column in column_map.columns.values()
            }
            named = (device for device, _ in self._columns if device is not None)
            self.devices = list(dict.fromkeys(named))
            self._silent_us: dict[str, int] = {}
            self._read()
        except OSError as error:
            raise ToolError(f"cannot read recording {path}: {error.strerror}", 2) from None
        if TWO_WAYS in self.problems:
            self.require_no_problem()
        if not len(self.times):
            told = "".join(f"\n{sentence}" for sentence in self.summary())
            why = "no row can be used" if told else "there is no row below the heading"
            raise ToolError(f"{path}: {why}{told}", 2)

    @property
    def rows(self) -> int:
        return len(self.times)

    @property
    def skipped(self) -> int:
        return self.problems.skipped

    @property
    def every_ms(self) -> int:
        """How often a gateway reads to see each row, as far as a site may say so."""
        step_ms = int(self.step_s * 1000) if self.step_s else _SECOND_MS
        return min(max(step_ms, SHORTEST_MS), LONGEST_MS)

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
        """A sentence for each kind of oddity, by line."""
        problems = sorted(self.problems.values(), key=lambda problem: problem.line)
        return [f"{self.path}:{problem}" for problem in problems]

    def require_no_problem(self) -> None:
        """Raise ToolError (status 2) with all that is odd in it."""
        if self.problems:
            raise ToolError("\n".join(self.summary()), 2)

    def signals(self, start_us: int = 0, speed: int | Fraction = 1) -> RecordingSignals:
        """Play the rows from `start_us` of the world's time on, `speed` times as fast."""
        return self._signals_of(None, start_us, speed)

    def signals_by_device(self, start_us: int = 0, speed: int | Fraction = 1) -> Signals:
        """The same, of each device its own where the columns name several."""
        if not self.devices:
            return self.signals(start_us, speed)
        played = {device: self._signals_of(device, start_us, speed) for device in self.devices}
        return PerDevice(played)

    def _signals_of(self, device: str | None, start_us: int, speed) -> RecordingSignals:
        columns = {
            quantity: column for (of, quantity), column in self._columns.items() if of == device
        }
        return RecordingSignals(self.times, columns, start_us, Fraction(speed))

    def _read(self) -> None:
        layout = self.column_map
        keep = self._append
        resampler = Resampler(layout.every_us, layout.rule, keep) if layout.every_us else None
        devices = RowDevices(layout, resampler.take if resampler else keep, self.problems)
        order = RowOrder(devices.take, self._tell_ahead)
        with open_recording(
            self.path, layout.delimiter, layout.encoding, self.problems.note
        ) as rows:
            line, header = layout.header_in(rows, self.problems.note)
            self._require_columns(line, header)
            picked = PickedCells(layout, header, self.problems).rows(rows)
            self._read_rows(picked, RowReader(layout, order, self.problems))
        order.finish()
        if resampler:
            resampler.finish()
        for device in list(self._silent_us):
            self._end_silence(device, self._kept_us)
        doubt = layout.time_form.doubt(self.times[0]) if layout.time and len(self.times) else ""
        if doubt:
            self.problems.note(line + 1, "odd years", doubt)
        pause = None if layout.gap_us or layout.long else self._steps.pause()
        if pause:
            self.problems.add(pause)

    def _require_columns(self, line: int, header: list[str]) -> None:
        """Raise ToolError for columns that the header lacks; tell what is odd in it."""
        layout = self.column_map
        missing = layout.missing_from(header)
        if missing:
            raise ToolError("\n".join(f"{self.path}:{line}: {one}" for one in missing), 2)
        if layout.unused:
            names = ", ".join(map(repr, layout.unused))
            told = f"not used, as no quantity is named so: {names}"
            self.problems.note(line, "unused column", told)
        twice = [name for name in layout.headings if header.count(name) > 1]
        if twice:
            names = ", ".join(map(repr, twice))
            told = f"stands twice, the first one is used: {names}"
            self.problems.note(line, "column twice", told)

    def _read_rows(self, rows: Iterator[tuple[int, list[str]]], reader: RowReader) -> None:
        if self.column_map.long:
            LongReader(self.column_map, reader, self.problems).read(rows, reader.place)
            return
        if not self.column_map.step_us:
            rows = oldest_first(rows, reader.time_of, self._tell_turned)
        for line, cells in rows:
            reader.read(line, cells)

    def _append(self, time_us: int, values: list[Decimal | None], line: int) -> None:
        if not self._has_room(values, line):
            return
        last_us = self._kept_us
        if last_us is not None:
            if time_us - last_us > _YEARS_US:
                raise ToolError(f"{self.path}:{line}: {_UNSET}", 2)
            self._steps.take(time_us - last_us, line)
            gap_us = self.column_map.gap_us
            if gap_us and time_us - last_us > gap_us:
                self.gaps.add(last_us + gap_us, time_us)
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

    def _has_room(self, values: list[Decimal | None], line: int) -> bool:
        for name, column, value in zip(
            self.column_map.columns, self._columns.values(), values, strict=True
        ):
            if value is not None and not column.has_room(value):
                self.problems.skip(line, "too many digits", f"column {name!r} has too many digits")
                return False
        return True

    def _end_silence(self, device: str, time_us: int) -> None:
        begin_us = self._silent_us.pop(device)
        self.silences.setdefault(device, Spans()).add(begin_us, time_us)

    def _tell_ahead(self, line: int) -> None:
        self.problems.skip(line, "time ahead", "the time lies far ahead of rows that follow")

    def _tell_turned(self, line: int) -> None:
        self.problems.note(line, "newest first", "the newest row comes first; played from the last")
