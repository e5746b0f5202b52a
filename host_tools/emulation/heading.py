"""What a recording's columns mean, found out from its heading.

Columns named as quantities, `meter.voltage_l1 [kV]`, explain themselves; the headings of public
recordings have maps in `examples/maps`.
"""

import functools
import itertools
import re
from pathlib import Path

from host_tools.emulation.column_map import (
    DELIMITERS,
    QUANTITIES,
    Column,
    ColumnMap,
    find_header,
    load_map,
    nearest,
    wrong_unit,
)
from host_tools.emulation.column_units import to_base
from host_tools.emulation.long_form import long_columns, names_below
from host_tools.emulation.recording_rows import MOST_ABOVE, open_recording
from host_tools.emulation.time_heading import UNIT, is_value, no_time, time_columns, time_form
from host_tools.errors import ToolError
from host_tools.table_file import is_parquet

MAPS = Path(__file__).parents[2] / "examples" / "maps"

_HEADING = re.compile(rf"(?:(\S+)\.)?(\w+)\s*{UNIT}")
_VALIDITY = "validity"
"""The column of WinCC that says of a value that it is none; nobody reads it, which is told."""

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
    is that of the site which has its name, or one is chosen. Units may stand in a row of their own.
    """
    delimiter, line, written = _heading_of(path, called)
    if not written:
        raise ToolError(f"{path}: the file is empty", 2)
    header = _as_called(written, called)
    if long_columns(header) and not any(map(_quantity_of, header)):
        return _map_of_names(path, device, called, (delimiter, line, written))
    wrong = _missing(called, written)
    units_line, units = _units_below(path, delimiter, line, header)
    header = list(map(_with_unit, header, units)) if units else header
    written_as = dict(zip(reversed(header), reversed(written), strict=True))
    time = time_columns(header)
    if not time:
        wrong.append(no_time(header))
    form = time_form(time, wrong)
    columns = _named_columns(header, device, wrong)
    if wrong:
        raise ToolError("\n".join(f"{path}:{line}: {sentence}" for sentence in wrong), 2)
    unused = tuple(name for name in header if name not in time and not _quantity_of(name))
    return ColumnMap(
        "of the header",
        tuple(written_as[name] for name in time),
        {written_as[name]: column for name, column in columns.items()},
        form,
        delimiter,
        unused=tuple(filter(None, unused)),
        units_line=units_line,
    )


def _map_of_names(
    path: Path, device: str | None, called: dict[str, str], heading: tuple[str, int, list[str]]
) -> ColumnMap:
    """The map of a recording in the long form, whose cells name what columns would."""
    delimiter, line, written = heading
    header = _as_called(written, called)
    time, long = time_columns(header), long_columns(header)
    long = tuple(written[header.index(name)] for name in long)
    names = names_below(path, delimiter, written, long[:-1])
    wrong = _missing(called, [*written, *names])
    form = time_form(time, wrong)
    columns = _named_columns(_as_called(names, called), device, wrong)
    if wrong:
        raise ToolError("\n".join(f"{path}:{line}: {sentence}" for sentence in wrong), 2)
    written_as = {called.get(name, name): name for name in reversed(names)}
    unused = [name for name in names if not _quantity_of(called.get(name, name))]
    return ColumnMap(
        "of the header",
        tuple(written[header.index(name)] for name in time),
        {written_as[name]: column for name, column in columns.items()},
        form,
        delimiter,
        empty="hold",
        unused=(*unused, *(name for name in header if name.lower() == _VALIDITY)),
        long=long,
    )


def _missing(called: dict[str, str], written: list[str]) -> list[str]:
    return [
        f"column {name!r} is missing{nearest(name, written)}"
        for name in called
        if name not in written
    ]


def _units_below(
    path: Path, delimiter: str, heading_line: int, header: list[str]
) -> tuple[int, list[str]]:
    """(line, cells) of a row of units below the heading; (0, []) without one.

    It has no number and no time, and the unit of a quantity at least.
    """
    with open_recording(path, delimiter) as rows:
        line, cells = next((row for row in rows if row[0] > heading_line and any(row[1])), (0, []))
    cells = [cell.strip().strip("[]()") for cell in cells]
    said = [(_quantity_of(name), unit) for name, unit in zip(header, cells, strict=False) if unit]
    has_unit = any(one and to_base(QUANTITIES[one[1]], unit) for one, unit in said)
    if len(cells) != len(header) or any(map(is_value, cells)) or not has_unit:
        return 0, []
    return line, cells


def _with_unit(heading: str, unit: str) -> str:
    """A heading with its unit, where it names a quantity without one."""
    said = _quantity_of(heading)
    return f"{heading} [{unit}]" if unit and said and said[2] is None else heading


def _as_called(cells: list[str], called: dict[str, str]) -> list[str]:
    return [called.get(cell, cell) for cell in cells]


def _heading_of(path: Path, called: dict[str, str]) -> tuple[str, int, list[str]]:
    """(delimiter, line, cells) of the first row that names a time and a quantity, with whatever
    delimiter; without one, of what looks most like a table.
    """

    def is_heading(cells: list[str]) -> bool:
        header = _as_called(cells, called)
        is_wide = any(map(_quantity_of, header))
        return bool(time_columns(header)) and (is_wide or bool(long_columns(header)))

    found = []
    for delimiter in "," if is_parquet(path) else DELIMITERS:
        with open_recording(path, delimiter) as rows:
            line, cells = find_header(rows, is_heading)
        if is_heading(cells):
            return delimiter, line, cells
        found.append((delimiter, *_above_values(path, delimiter)))
    delimiter, _, line, cells = max(found[:-1] or found, key=lambda one: (one[1], len(one[3])))
    return delimiter, line, cells


def _above_values(path: Path, delimiter: str) -> tuple[bool, int, list[str]]:
    """(whether, line, cells) of the row above the first that begins with a value; where no row
    does, the first one."""
    first = above = None
    with open_recording(path, delimiter) as rows:
        for line, cells in itertools.islice(rows, MOST_ABOVE):
            cells = [cell.strip() for cell in cells]
            if above and len(cells) > 1 and is_value(cells[0]):
                return True, *above
            if any(cells):
                above = line, cells
                first = first or above
    return False, *(first or (1, []))


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
    chosen = {name: said for name, said in named.items() if device is None or said[0] == device}
    wrong += _meant_twice(chosen)
    columns = {
        name: _column(name, quantity, unit, wrong, of if several else None)
        for name, (of, quantity, unit) in chosen.items()
    }
    return {name: column for name, column in columns.items() if column}


def _meant_twice(named: dict[str, tuple]) -> list[str]:
    """A sentence for each heading that means what another one does."""
    first: dict[tuple, str] = {}
    for name, (of, quantity, _) in named.items():
        first.setdefault((of, quantity), name)
    return [
        f"column {name!r} is {quantity} like {first[of, quantity]!r}: name the device of each, as"
        f' "one.{quantity}", or leave one away'
        for name, (of, quantity, _) in named.items()
        if first[of, quantity] != name
    ]


def _column(
    name: str, quantity: str, unit: str | None, wrong: list[str], device: str | None
) -> Column | None:
    """The column of a quantity; a wrong unit is added to `wrong`."""
    column = Column.in_unit(quantity, unit, device)
    if column is None:
        wrong.append(wrong_unit(name, quantity, unit))
    return column
