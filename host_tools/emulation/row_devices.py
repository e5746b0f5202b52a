"""Which devices of a recording a row counts for: those that have all their cells.

An empty cell makes its device silent until it has all of them again, or means what the column had
before where the map says so; `NOTHING` is that there is none from here on. A row that counts for
no device is left out, but for the one at which the last of them falls silent.
"""

from collections.abc import Callable
from decimal import Decimal

from host_tools.emulation.column_map import ColumnMap
from host_tools.emulation.recording_problems import Problems

NOTHING = Decimal("NaN")

_EMPTY = "is empty (with --hold the value before holds)"
_NONE_BEFORE = "is empty, as is each before it"


class RowDevices:
    """Gives rows on to `keep(time_us, values, line)`; of a device that lacks cells all are None."""

    def __init__(self, layout: ColumnMap, keep: Callable, problems: Problems):
        self._keep = keep
        self._problems = problems
        self._headings = list(layout.columns)
        columns = list(layout.columns.values())
        devices = dict.fromkeys(column.device for column in columns)
        self._places = {
            device: [at for at, column in enumerate(columns) if column.device == device]
            for device in devices
        }
        self._before: list[Decimal | None] | None = None
        if layout.empty == "hold":
            self._before = [None] * len(columns)
        self._lost: set[int] = set()
        self._is_silent = True
        self._told = _EMPTY if self._before is None else _NONE_BEFORE

    def take(self, time_us: int, values: list[Decimal | None], line: int) -> None:
        if self._before is not None:
            values = self._held(values)
        if None in values:
            values = self._whole(values, line)
        if values is not None:
            self._is_silent = not any(value is not None for value in values)
            self._keep(time_us, values, line)

    def _held(self, values: list[Decimal | None]) -> list[Decimal | None]:
        """The values, and of empty cells those before."""
        held = list(self._before)
        for at, value in enumerate(values):
            if value is not None and value.is_nan():
                held[at] = None
                self._lost.add(at)
            elif value is not None:
                held[at] = value
        self._before = held
        return held

    def _whole(self, values: list[Decimal | None], line: int) -> list[Decimal | None] | None:
        """The values of devices that have all of theirs; None where no device has."""
        lacking = {
            device: next(at for at in places if values[at] is None)
            for device, places in self._places.items()
            if any(values[at] is None for at in places)
        }
        if len(lacking) == len(self._places) and (self._before is None or self._is_silent):
            self._skip(line, lacking)
            return None
        for at in lacking.values():
            if at not in self._lost:
                told = f"column {self._headings[at]!r} {self._told}; its device is silent"
                self._problems.note(line, "empty cell", told)
        values = list(values)
        for device in lacking:
            for at in self._places[device]:
                values[at] = None
        return values

    def _skip(self, line: int, lacking: dict[str | None, int]) -> None:
        if self._lost.intersection(lacking.values()):
            return  # it was told when its device fell silent
        if len(lacking) > 1:
            told = "the row has no device with all its cells"
            self._problems.skip(line, "empty row", told)
        else:
            (at,) = lacking.values()
            self._problems.skip(line, "empty cell", f"column {self._headings[at]!r} {self._told}")
