"""The columns of a folder of recordings, each as samples (ms, count) of a resolution.

The resolution is the recording's own, or as fine as 20,000 steps of the column's range; times are
the recording's where it has them and they grow, else its rate's. Columns of text are left out.
"""

import csv
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

_STEPS = 20_000


@dataclass(frozen=True)
class Column:
    """`recording` is the folder it is from; values are counts of 10**-places."""

    recording: str
    name: str
    samples: list[tuple[int, int]]
    places: int

    @property
    def range(self) -> int:
        values = [value for _, value in self.samples]
        return max(values) - min(values)


@dataclass(frozen=True)
class _Source:
    """Files of a folder; `step_ms` where they have no times, else the columns and form of these."""

    files: str
    delimiter: str = ","
    header: bool = True
    step_ms: int = 0
    times: int = 1
    form: str = ""
    wraps: bool = False


_SOURCES = {
    "cnc_mill_tool_wear": _Source("experiment_*.csv", step_ms=100),
    "household_1phase": _Source("*.txt", ";", times=2, form="%d/%m/%Y %H:%M:%S"),
    "hydraulic_temps": _Source("TS*.txt", "\t", header=False, step_ms=1000, wraps=True),
    "ims_bearing": _Source("merged*.csv", form="%Y-%m-%d %H:%M:%S"),
    "metropt2_compressor": _Source("*.csv", form="%Y-%m-%d %H:%M:%S"),
    "nab_machine": _Source("*.csv", form="%Y-%m-%d %H:%M:%S"),
    "opsd_counters": _Source("*.csv", form="%Y-%m-%dT%H:%M:%SZ"),
    "steel_industry": _Source("*.csv", step_ms=900_000),
}


def columns(folder: Path, only: str = "") -> Iterator[Column]:
    """All columns of numbers below a folder whose recording's name contains `only`."""
    for recording, source in _SOURCES.items():
        for path in sorted((folder / recording).glob(source.files)) if only in recording else ():
            if path.name != "NOTE.txt" and path.name != "profile.txt":
                yield from _columns_of(recording, path, source)


def _columns_of(recording: str, path: Path, source: _Source) -> Iterator[Column]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter=source.delimiter) if row]
    if source.wraps:
        rows = [[value] for row in rows for value in row]
    names = rows.pop(0) if source.header else [path.stem]
    rows = [row for row in rows if len(row) == len(names)]
    times = _times(rows, source)
    first = source.times if source.form else 0
    for index in range(first, len(names)):
        column = _column(recording, f"{path.stem} {names[index]}", times, rows, index)
        if column and names[index]:
            yield column


def _times(rows: list[list[str]], source: _Source) -> list[int]:
    if source.step_ms:
        return [source.step_ms * number for number in range(len(rows))]
    read = datetime.datetime.strptime
    moments = [read(" ".join(row[: source.times]), source.form) for row in rows]
    return [int((moment - moments[0]).total_seconds()) * 1000 for moment in moments]


def _column(recording: str, name: str, times, rows, index: int) -> Column | None:
    found, last = [], -1
    for ms, row in zip(times, rows, strict=True):
        if row[index].strip() and ms > last:
            try:
                found.append((ms, Decimal(row[index].strip())))
            except InvalidOperation:
                return None
            last = ms
    if len(found) < 3:
        return None
    values = [value for _, value in found]
    places = max(0, *(-value.normalize().as_tuple().exponent for value in values))
    while places and (max(values) - min(values)).scaleb(places) > _STEPS:
        places -= 1
    samples = [(ms, int(v.scaleb(places).to_integral_value(ROUND_HALF_UP))) for ms, v in found]
    return Column(recording, name, samples, places)
