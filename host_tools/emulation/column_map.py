"""What the columns of a recording mean: a TOML file per kind of recording.

A map says which columns make the time and which hold a quantity, in which unit. Conversion to the
base unit is by a decimal factor, so it is exact.
"""

import codecs
import dataclasses
import datetime
import difflib
import itertools
import re
import tomllib
import zoneinfo
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from host_tools.emulation.column_units import to_base, units_of
from host_tools.emulation.quantities import QUANTITIES as ELECTRICAL
from host_tools.emulation.recording_rows import MOST_ABOVE, open_recording
from host_tools.emulation.resampling import RULES
from host_tools.emulation.row_number import THOUSANDS
from host_tools.emulation.row_time import UTC, TimeForm, unix_us
from host_tools.errors import ToolError
from host_tools.table_file import OnOddity, Rows, ignore_oddity
from limen.core import quantity as vocabulary
from limen.core.units import Mistake, parse_ms

DELIMITERS = ",;\t| "
_OFFSET = re.compile(r"(?:(?:UTC|GMT) ?)?(?P<sign>[+-])(?P<h>\d\d?)(?::?(?P<m>\d\d))?", re.ASCII)
_MOST_HOURS = 14
_ANNOTATIONS = ("#datatype", "#group", "#default")

QUANTITIES = {name: vocabulary.lookup(name)[0] for name in vocabulary.names()} | ELECTRICAL
"""What a column can hold, and its base unit: what a meter or any other device measures."""

_FORM = {
    "delimiter": (lambda text: len(text) == 1, "must be one character"),
    "encoding": (lambda text: _is_encoding(text), 'must be one that Python knows, as "latin-1"'),
    "decimal": (lambda text: text in (".", ","), 'must be "." or ","'),
    "empty": (lambda text: text in ("silent", "hold"), 'must be "silent" or "hold"'),
    "thousands": (lambda text: len(text) == 1 and text in THOUSANDS, 'must be one as "." or " "'),
}
"""How the text of a recording is written: key → (whether it is right, what it must be)."""


@dataclass(frozen=True)
class Column:
    """A column's quantity, what its numbers are multiplied by and what is added to get the base
    unit, and which device of the site measures it; None where the file is of one load that all of
    them share. Its cells may repeat the `unit`.
    """

    quantity: str
    factor: Decimal = Decimal(1)
    device: str | None = None
    added: Decimal = Decimal(0)
    unit: str = ""

    @classmethod
    def in_unit(cls, quantity: str, unit: str | None, device: str | None) -> "Column | None":
        """A column in a unit, the base unit for None; None where nobody knows the unit."""
        base = QUANTITIES[quantity]
        unit = base if unit is None else unit
        known = to_base(base, unit)
        return known and cls(quantity, known[0], device, known[1], unit)

    @property
    def is_state(self) -> bool:
        return vocabulary.lookup(self.quantity)[1] == "state"

    def to_base(self, number: Decimal) -> Decimal:
        """A cell's number in the base unit."""
        value = number * self.factor
        return value + self.added if self.added else value


@dataclass(frozen=True)
class ColumnMap:
    """How to read one kind of recording; `name` is for messages.

    Without columns for the time the first row is at `start_us`, and each other one `step_us` later.
    Delimiter, encoding, decimal mark and that of thousands are found out where they are None;
    `given` are the headings of a file that has none; an `empty` cell makes its device silent, or
    holds. With `every_us` the rows are brought to one each so often by `rule`; beyond `gap_us` a
    row no longer holds. `unused` are columns of which nobody knows what they mean; at `units_line`
    stand units. In the long form the cells under all of `long` but the last name `columns`; that
    has the value.
    """

    name: str
    time: tuple[str, ...]
    columns: dict[str, Column]
    time_form: TimeForm = TimeForm()
    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    empty: str = "silent"
    given: tuple[str, ...] = ()
    every_us: int = 0
    rule: str = "mean"
    gap_us: int = 0
    start_us: int = 0
    step_us: int = 0
    unused: tuple[str, ...] = ()
    units_line: int = 0
    long: tuple[str, ...] = ()

    @property
    def headings(self) -> tuple[str, ...]:
        """Every column it needs."""
        return (*self.time, *(self.long or self.columns))

    def header_of(self, path: Path) -> list[str]:
        with open_recording(path, self.delimiter or ",", self.encoding) as rows:
            return self.header_in(rows)[1]

    def fitted_to(self, path: Path) -> "ColumnMap":
        """The same with a delimiter, the first that makes its columns where it tells none; beside a
        comma there are no decimal commas."""
        delimiter = self.delimiter
        if delimiter is None:
            delimiter = next((one for one in DELIMITERS if self._suits(path, one)), ",")
        has_points = delimiter == "," and self.thousands != "."
        decimal = self.decimal or ("." if has_points else None)
        return dataclasses.replace(self, delimiter=delimiter, decimal=decimal)

    def _suits(self, path: Path, delimiter: str) -> bool:
        with open_recording(path, delimiter, self.encoding) as rows:
            if self.given:
                return len(next(rows, (1, []))[1]) == len(self.given)
            return not self.missing_from(self.header_in(rows)[1])

    def header_in(self, rows: Rows, on_oddity: OnOddity = ignore_oddity) -> tuple[int, list[str]]:
        """(line, cells) of the first row that has all columns, else of the first row of all."""
        if self.given:
            return 1, list(self.given)
        return find_header(rows, lambda cells: not self.missing_from(cells), on_oddity)

    def missing_from(self, header: list[str]) -> list[str]:
        """One sentence for each column that the header lacks."""
        return [
            f"column {name!r} of map {self.name} is missing{nearest(name, header)}"
            for name in self.headings
            if name not in header
        ]


def is_annotation(cells: list[str]) -> bool:
    """Whether a row says what InfluxDB knows of the columns of a table that follows."""
    return cells[0] in _ANNOTATIONS


def find_header(
    rows: Rows, is_header: Callable[[list[str]], bool], on_oddity: OnOddity = ignore_oddity
) -> tuple[int, list[str]]:
    """The same for any notion of a heading, which may stand below lines about the file."""
    above: list[tuple[int, list[str]]] = []
    for line, cells in itertools.islice(rows, MOST_ABOVE):
        cells = [cell.strip() for cell in cells]
        if is_header(cells):
            for number, _ in above:
                on_oddity(number, "above", "the line stands above the heading and is not read")
            return line, cells
        if any(cells) and not is_annotation(cells):
            above.append((line, cells))
    return above[0] if above else (1, [])


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        return False


def zone_of(name) -> datetime.tzinfo | None:
    """A timezone by its name or its offset, "UTC+01:00"; None where there is no such."""
    if name in ("UTC", "utc", "GMT", "Z"):
        return UTC
    try:
        if found := _OFFSET.fullmatch(name):
            return _fixed_zone(found)
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        return None


def _fixed_zone(found: re.Match) -> datetime.tzinfo | None:
    hours, minutes = int(found["h"]), int(found["m"] or 0)
    if hours > _MOST_HOURS or minutes > 59:
        return None
    offset = datetime.timedelta(hours=hours, minutes=minutes)
    return datetime.timezone(-offset if found["sign"] == "-" else offset)


def nearest(name: str, names: Iterable[str]) -> str:
    """The end of a sentence that says what might have been meant."""
    near = difflib.get_close_matches(name, list(names), 1, cutoff=0.5)
    return f"; the nearest is {near[0]!r}" if near else ""


def load_map(path: Path) -> ColumnMap:
    """Read a map from TOML. Raises ToolError with everything that is wrong in it."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ToolError(f"cannot read column map {path}: {error.strerror}", 2) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ToolError(f"{path}: not TOML: {error}", 2) from None
    reader = _MapReader(path.name)
    result = reader.read(table)
    if reader.wrong:
        raise ToolError("\n".join(f"{path}: {sentence}" for sentence in reader.wrong), 2)
    return result


class _MapReader:
    """Turns the TOML of a map into a ColumnMap and collects all that is wrong in `wrong`."""

    def __init__(self, name: str):
        self.name = name
        self.wrong: list[str] = []

    def read(self, table: dict) -> ColumnMap:
        known = (*_FORM, "headings", "long", "time", "columns", "resample", "gap")
        self._only(table, known, "the map")
        time = self._table(table, "time")
        self._only(time, ("columns", "format", "timezone", "start", "step"), "[time]")
        entries = self._table(table, "columns")
        long = self._long(table["long"]) if "long" in table else {}
        columns = {name.strip(): self._column(name, entry) for name, entry in entries.items()}
        self._require_places(columns)
        return ColumnMap(
            name=self.name,
            time=self._time_columns(time),
            columns=columns,
            time_form=TimeForm(time.get("format"), self._timezone(time.get("timezone", "UTC"))),
            given=self._names(table.get("headings", []), "headings"),
            **self._counted(time),
            **self._form(table) | long,
            **self._resampling(table.get("resample")),
            gap_us=self._us("gap", table["gap"]) if "gap" in table else 0,
        )

    def _long(self, entry) -> dict:
        """Which columns name what has a value, and which has it."""
        if not isinstance(entry, dict) or not isinstance(entry.get("value"), str):
            self.wrong.append('long needs { names = ["entity_id"], value = "state" }')
            return {}
        self._only(entry, ("names", "value"), "long")
        names = self._names(entry.get("names"), "long: names")
        return {"long": (*names, entry["value"].strip()), "empty": "hold"}

    def _time_columns(self, time: dict) -> tuple[str, ...]:
        if "columns" not in time and "step" in time:
            return ()
        if not isinstance(time.get("format", ""), str):
            self.wrong.append('[time] format must be a text such as "%d.%m.%Y %H:%M"')
        if not time.get("columns"):
            self.wrong.append(
                '[time] needs columns = ["…"], the columns that make the time; or, without any,'
                ' start = 2026-03-01T00:00:00Z and step = "100ms"'
            )
        return self._names(time.get("columns", []), "[time] columns")

    def _names(self, names, where: str) -> tuple[str, ...]:
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self.wrong.append(f'{where} must be a list of names: ["…", "…"]')
            return ()
        return tuple(name.strip() for name in names)

    def _counted(self, time: dict) -> dict[str, int]:
        """When the first row is, and how far apart rows are, where no column tells."""
        if "step" not in time and "start" not in time:
            return {}
        if "columns" in time:
            self.wrong.append("[time] has either columns or start and step")
        start = time.get("start")
        if not isinstance(start, datetime.datetime):
            self.wrong.append("[time] needs start = 2026-03-01T00:00:00Z beside its step")
            return {}
        zone = start.tzinfo or self._timezone(time.get("timezone", "UTC"))
        step_us = self._us("[time] step", time.get("step"))
        return {"start_us": unix_us(start.replace(tzinfo=zone)), "step_us": step_us}

    def _form(self, table: dict) -> dict[str, str]:
        """How the text is written, where the map says so."""
        form = {key: table[key] for key in _FORM if key in table}
        for key, (is_right, told) in _FORM.items():
            if key in form and not (isinstance(form[key], str) and is_right(form[key])):
                self.wrong.append(f"{key} {form[key]!r}: {told}")
        return form

    def _resampling(self, entry) -> dict:
        if entry is None:
            return {}
        if not isinstance(entry, dict) or "every" not in entry:
            self.wrong.append('resample needs { every = "1min", rule = "mean" }')
            return {}
        self._only(entry, ("every", "rule"), "resample")
        rule = entry.get("rule", "mean")
        if rule not in RULES:
            self.wrong.append(f"resample: there is no rule {rule!r}; there are {', '.join(RULES)}")
        return {"every_us": self._us("resample", entry["every"]), "rule": rule}

    def _us(self, where: str, text) -> int:
        try:
            ms = parse_ms(text) if isinstance(text, str) else 0
        except Mistake as mistake:
            self.wrong.append(f"{where}: {mistake}")
            return 0
        if ms <= 0:
            self.wrong.append(f'{where}: {text!r} is no time such as "15min"')
        return ms * 1000

    def _only(self, table: dict, known: tuple[str, ...], where: str) -> None:
        for key in table:
            if key not in known:
                self.wrong.append(f"unknown key {key!r} in {where}{nearest(key, known)}")

    def _table(self, table: dict, key: str) -> dict:
        if not table.get(key) or not isinstance(table[key], dict):
            self.wrong.append(f"the table [{key}] is missing")
            return {}
        return table[key]

    def _timezone(self, name: str) -> datetime.tzinfo:
        zone = zone_of(name)
        if zone is None:
            self.wrong.append(f"timezone {name!r} is not known on this machine")
        return zone or UTC

    def _column(self, name: str, entry: dict) -> Column:
        if not isinstance(entry, dict):
            self.wrong.append(f'column {name!r} needs {{ quantity = "…", unit = "…" }}')
            return Column("")
        self._only(entry, ("quantity", "unit", "factor", "device"), f"column {name!r}")
        quantity = entry.get("quantity", "")
        device = entry.get("device")
        if not isinstance(device, str | None):
            self.wrong.append(f"column {name!r}: device must be the name of one of the site's")
        if quantity not in QUANTITIES:
            hint = nearest(quantity, QUANTITIES)
            self.wrong.append(f"column {name!r}: unknown quantity {quantity!r}{hint}")
            return Column(quantity)
        return self._in_unit(name, quantity, device, entry)

    def _require_places(self, columns: dict[str, Column]) -> None:
        """Each quantity of a device stands in one column; all name their device, or none does."""
        places: dict[tuple, str] = {}
        for name, column in columns.items():
            place = column.device, column.quantity
            if place in places:
                self.wrong.append(
                    f"column {name!r} is {column.quantity} like {places[place]!r}: name the"
                    " device of each"
                )
            places.setdefault(place, name)
        named = [column.device is not None for column in columns.values()]
        if any(named) and not all(named):
            name = next(name for name, column in columns.items() if column.device is None)
            self.wrong.append(f"column {name!r} needs a device, as others have one")

    def _in_unit(self, name: str, quantity: str, device: str | None, entry: dict) -> Column:
        unit = entry.get("unit")
        column = Column.in_unit(quantity, unit, device)
        if column is None:
            self.wrong.append(wrong_unit(name, quantity, unit))
            return Column(quantity)
        try:
            factor = Decimal(str(entry.get("factor", 1)))
        except InvalidOperation:
            self.wrong.append(f"column {name!r}: factor {entry['factor']!r} is not a number")
            return column
        return dataclasses.replace(column, factor=column.factor * factor)


def wrong_unit(name: str, quantity: str, unit: str) -> str:
    """The sentence for a column whose unit does not fit its quantity."""
    base = QUANTITIES[quantity]
    known = ", ".join((base or "none", *units_of(base)))
    return f"column {name!r}: {unit!r} is no unit of {quantity}; there are {known}"
