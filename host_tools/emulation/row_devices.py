"""Which devices of a recording a row counts for: those that have all their cells.

An empty cell makes its device silent until it has all of them again, or means what the column had
before where the map says so. A row that counts for none is left out.
"""

from collections.abc import Callable
from decimal import Decimal

from host_tools.emulation.column_map import ColumnMap
from host_tools.emulation.recording_problems import Problems

_EMPTY = "is empty (a map can let the value before hold)"
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
        self._told = _EMPTY if self._before is None else _NONE_BEFORE

    def take(self, time_us: int, values: list[Decimal | None], line: int) -> None:
        if self._before is not None:
            values = self._before = [
                before if value is None else value
                for before, value in zip(self._before, values, strict=True)
            ]
        if None in values:
            values = self._whole(values, line)
        if values is not None:
            self._keep(time_us, values, line)

    def _whole(self, values: list[Decimal | None], line: int) -> list[Decimal | None] | None:
        """The values of devices that have all of theirs; None where no device has."""
        lacking = {
            device: self._headings[next(at for at in places if values[at] is None)]
            for device, places in self._places.items()
            if any(values[at] is None for at in places)
        }
        if len(lacking) == len(self._places):
            self._skip(line, lacking)
            return None
        for heading in lacking.values():
            told = f"column {heading!r} {self._told}; its device is silent"
            self._problems.note(line, "empty cell", told)
        values = list(values)
        for device in lacking:
            for at in self._places[device]:
                values[at] = None
        return values

    def _skip(self, line: int, lacking: dict[str | None, str]) -> None:
        if len(lacking) > 1:
            told = "the row has no device with all its cells"
            self._problems.skip(line, "empty row", told)
        else:
            (heading,) = lacking.values()
            self._problems.skip(line, "empty cell", f"column {heading!r} {self._told}")
