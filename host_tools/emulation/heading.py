"""What a recording's columns mean, found out from its heading.

Columns named as quantities, `meter.voltage_l1 [kV]`, explain themselves; the headings of public
recordings have maps in `examples/maps`.
"""

import datetime
import functools
import re
from pathlib import Path

from host_tools.emulation.column_map import (
    QUANTITIES,
    Column,
    ColumnMap,
    find_header,
    load_map,
    nearest,
    wrong_unit,
    zone_of,
)
from host_tools.emulation.row_time import UTC, TimeForm
from host_tools.errors import ToolError
from host_tools.table_file import is_parquet, open_rows

MAPS = Path(__file__).parents[2] / "examples" / "maps"

_TIME_NAMES = ("time", "timestamp", "datetime", "utc_timestamp", "date")
_UNIT = r"(?:[\[(]\s*([^\])]*?)\s*[\])])?"
_TIME_HEADING = re.compile(rf"({'|'.join(_TIME_NAMES)})\s*{_UNIT}", re.IGNORECASE)
_HEADING = re.compile(rf"(?:(\S+)\.)?(\w+)\s*{_UNIT}")
_DELIMITERS = ",;\t| "
_SHOWN_NAMES = 20
_SHOWN_CHARACTERS = 40


def choose_map(
    path: Path, device: str | None = None, called: dict[str, str] | None = None, maps: Path = MAPS
) -> ColumnMap:
    """The first map of the folder whose columns all stand in the header, else the header itself, in
    which headings are `called` otherwise.
    """
    for column_map in [] if called else _load_maps(maps):
        if not column_map.missing_from(column_map.header_of(path)):
            return column_map
    return map_of_header(path, device, called or {})


@functools.cache
def _load_maps(folder: Path) -> list[ColumnMap]:
    return [load_map(file) for file in sorted(folder.glob("*.toml"))]


def map_of_header(path: Path, device: str | None, called: dict[str, str]) -> ColumnMap:
    """The map that a header makes by itself: columns named as quantities, `voltage_l1 [kV]`.

    A time may bear its zone, `time [Europe/Berlin]`; else local times are taken as UTC.
    A device may stand before its quantity, `meter.voltage_l1 [kV]`: where there are several, each
    is that of the site which has its name, or one is chosen.
    """
    delimiter, line, written = _heading_of(path, called)
    if not written:
        raise ToolError(f"{path}: the file is empty", 2)
    wrong = [
        f"column {name!r} is missing{nearest(name, written)}"
        for name in called
        if name not in written
    ]
    header = _as_called(written, called)
    written_as = dict(zip(reversed(header), reversed(written), strict=True))
    time = _time_columns(header)
    if not time:
        wrong.append(f"no column for the time; name it {' or '.join(_TIME_NAMES)}")
    zone = _zone_in(time, wrong)
    columns = _named_columns(header, device, wrong)
    if wrong:
        raise ToolError("\n".join(f"{path}:{line}: {sentence}" for sentence in wrong), 2)
    unused = tuple(name for name in header if name not in time and not _quantity_of(name))
    return ColumnMap(
        "of the header",
        tuple(written_as[name] for name in time),
        {written_as[name]: column for name, column in columns.items()},
        TimeForm(timezone=zone),
        delimiter,
        decimal="." if delimiter == "," else None,
        unused=tuple(filter(None, unused)),
    )


def _as_called(cells: list[str], called: dict[str, str]) -> list[str]:
    return [called.get(cell, cell) for cell in cells]


def _heading_of(path: Path, called: dict[str, str]) -> tuple[str, int, list[str]]:
    """(delimiter, line, cells) of the first row that names a time and a quantity, with whatever
    delimiter; without one, of what looks most like a table.
    """

    def is_heading(cells: list[str]) -> bool:
        header = _as_called(cells, called)
        return bool(_time_columns(header)) and any(map(_quantity_of, header))

    found = []
    for delimiter in "," if is_parquet(path) else _DELIMITERS:
        with open_rows(path, delimiter) as rows:
            line, cells = find_header(rows, is_heading)
        if is_heading(cells):
            return delimiter, line, cells
        found.append((delimiter, line, cells))
    return max(found[:-1] or found, key=lambda one: len(one[2]))


def _time_columns(header: list[str]) -> list[str]:
    """The column of the time, or those of date and time."""
    named: dict[str, str] = {}
    for name in header:
        if match := _TIME_HEADING.fullmatch(name):
            named.setdefault(match[1].lower(), name)
    if "date" in named and "time" in named:
        return [named["date"], named["time"]]
    return list(named.values())[:1]


def _zone_in(headings: list[str], wrong: list[str]) -> datetime.tzinfo:
    """The timezone that "time [Europe/Berlin]" names, else UTC."""
    zones = [_TIME_HEADING.fullmatch(heading)[2] for heading in headings]
    name = next(filter(None, zones), "UTC")
    zone = zone_of(name)
    if zone is None:
        wrong.append(f"column {headings[0]!r}: timezone {name!r} is not known on this machine")
    return zone or UTC


def _shown(header: list[str]) -> str:
    """The names of columns, as many and as much of them as people read."""
    names = [repr(name[:_SHOWN_CHARACTERS]) for name in header[:_SHOWN_NAMES]]
    more = len(header) - len(names)
    return ", ".join(names) + f" and {more} more" * bool(more)


def _quantity_of(heading: str) -> tuple[str | None, str, str | None] | None:
    """(device, quantity, unit) of a heading that names a quantity, written large or small."""
    match = _HEADING.fullmatch(heading)
    if not match or match[2].lower() not in QUANTITIES:
        return None
    return match[1], match[2].lower(), match[3]


def _named_columns(header: list[str], device: str | None, wrong: list[str]) -> dict[str, Column]:
    """The columns of headings that name a quantity, of one device; `wrong` gets what is not so."""
    named = {name: said for name in header if (said := _quantity_of(name))}
    devices = {said[0]: None for said in named.values()}
    if not named:
        wrong.append(
            "no column is named as a quantity; name them like 'power_active_total [kW]', or say so"
            ' by --column "heading=power_active_total [kW]" or a column map;'
            f" the columns are {_shown(header)}"
        )
        return {}
    several = device is None and len(devices) > 1
    if several and None in devices:
        bare = next(name for name, said in named.items() if said[0] is None)
        wrong.append(f"column {bare!r} names no device, as others do")
        return {}
    if device is not None and device not in devices:
        wrong.append(f"there is no device {device!r}{nearest(device, filter(None, devices))}")
        return {}
    columns = {
        name: _column(name, quantity, unit, wrong, of if several else None)
        for name, (of, quantity, unit) in named.items()
        if device is None or of == device
    }
    return {name: column for name, column in columns.items() if column}


def _column(
    name: str, quantity: str, unit: str | None, wrong: list[str], device: str | None
) -> Column | None:
    """The column of a quantity; a wrong unit is added to `wrong`."""
    column = Column.in_unit(quantity, unit, device)
    if column is None:
        wrong.append(wrong_unit(name, quantity, unit))
    return column
