"""What the columns of a recording mean: a TOML file per kind of recording, or the header itself.

A map says which columns make the time and which hold a quantity, in which unit. Conversion to the
base unit is by a decimal factor, so it is exact.
"""

import codecs
import datetime
import difflib
import re
import tomllib
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from host_tools.emulation import signals
from host_tools.emulation.resampling import RULES
from host_tools.errors import ToolError
from host_tools.table_file import first_line, is_parquet, open_rows
from limen.core import quantity as vocabulary
from limen.core.units import Mistake, parse_ms

MAPS = Path(__file__).parents[2] / "examples" / "maps"

QUANTITIES = {name: vocabulary.lookup(name)[0] for name in vocabulary.names()} | signals.QUANTITIES
"""What a column can hold, and its base unit: what a meter or any other device measures."""

_PREFIXES = {
    "V": {"mV": -3, "kV": 3},
    "A": {"mA": -3, "kA": 3},
    "W": {"mW": -3, "kW": 3, "MW": 6},
    "var": {"kvar": 3, "Mvar": 6},
    "VA": {"kVA": 3, "MVA": 6},
    "Hz": {"mHz": -3},
    "kWh": {"Wh": -3, "MWh": 3},
    "kvarh": {"varh": -3, "Mvarh": 3},
    "": {"%": -2},
}
_TIME_NAMES = ("time", "timestamp", "datetime", "utc_timestamp", "date")
_TIME_HEADING = re.compile(
    rf"\s*(?:{'|'.join(_TIME_NAMES)})\s*(?:\[\s*([^\]]*?)\s*\])?\s*", re.IGNORECASE
)
_HEADING = re.compile(r"\s*(?:(\S+)\.)?(\w+)\s*(?:\[\s*([^\]]*?)\s*\])?\s*")
_FORM = {
    "delimiter": (lambda text: len(text) == 1, "must be one character"),
    "encoding": (lambda text: _is_encoding(text), 'must be one that Python knows, as "latin-1"'),
    "decimal": (lambda text: text in (".", ","), 'must be "." or ","'),
}
"""How the text of a recording is written: key → (whether it is right, what it must be)."""

_SHOWN_NAMES = 20
_SHOWN_CHARACTERS = 40
_EPOCH = re.compile(r"\d+(\.\d+)?", re.ASCII)
_UTC = datetime.UTC
_UNIX = datetime.datetime(1970, 1, 1, tzinfo=_UTC)
_TOO_LATE_US = 4_102_444_800_000_000  # 2100-01-01: one such row would put all others into its past


@dataclass(frozen=True)
class Column:
    """A column's quantity, what its numbers are multiplied by to get the base unit, and which
    device of the site measures it; None where the file is of one load that all of them share.
    """

    quantity: str
    factor: Decimal = Decimal(1)
    device: str | None = None


@dataclass(frozen=True)
class ColumnMap:
    """How to read one kind of recording; `name` is for messages.

    Without columns for the time the first row is at `start_us`, and each other one `step_us` later.
    Encoding and decimal mark are found out where they are None. With `every_us` the rows are
    brought to one each so often by `rule`; beyond `gap_us` a row no longer holds. `unused` are
    columns of which nobody knows what they mean.
    """

    name: str
    time: tuple[str, ...]
    columns: dict[str, Column]
    format: str | None = None
    timezone: datetime.tzinfo = _UTC
    delimiter: str = ","
    encoding: str | None = None
    decimal: str | None = None
    every_us: int = 0
    rule: str = "mean"
    gap_us: int = 0
    start_us: int = 0
    step_us: int = 0
    unused: tuple[str, ...] = ()

    @property
    def headings(self) -> tuple[str, ...]:
        """Every column it needs."""
        return (*self.time, *self.columns)

    def header_of(self, path: Path) -> list[str]:
        with open_rows(path, self.delimiter, self.encoding) as rows:
            return next(rows, (1, []))[1]

    def missing_from(self, header: list[str]) -> list[str]:
        """One sentence for each column that the header lacks."""
        return [
            f"column {name!r} of map {self.name} is missing{nearest(name, header)}"
            for name in self.headings
            if name not in header
        ]

    def time_us(self, text: str, after_us: int) -> int | None:
        """Unix microseconds; where clocks went back, the hour that keeps the order.

        None for an hour that clocks left out; raises ValueError for what is no time.
        """
        time_us = self._unix_us(text, after_us)
        if time_us is not None and time_us >= _TOO_LATE_US:
            raise ValueError(text)
        return time_us

    def _unix_us(self, text: str, after_us: int) -> int | None:
        moment = self._parse_time(text)
        if isinstance(moment, int):
            return moment
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.timezone)
            if self.timezone is not _UTC and _is_left_out(moment):
                return None
            if _unix_us(moment) <= after_us:
                moment = moment.replace(fold=1)
        return _unix_us(moment)

    def _parse_time(self, text: str) -> datetime.datetime | int:
        if self.format:
            return datetime.datetime.strptime(text, self.format)
        if _EPOCH.fullmatch(text):
            return _epoch_us(Decimal(text))
        return datetime.datetime.fromisoformat(text)


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        return False


def _is_left_out(moment: datetime.datetime) -> bool:
    """Whether a zone's clocks never show this time: it does not come back the same from UTC."""
    back = moment.astimezone(_UTC).astimezone(moment.tzinfo)
    return back.replace(tzinfo=None) != moment.replace(tzinfo=None)


def _unix_us(moment: datetime.datetime) -> int:
    return (moment - _UNIX) // datetime.timedelta(microseconds=1)


def _epoch_us(number: Decimal) -> int:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size.

    Raises ValueError for what lies beyond all of them.
    """
    for limit, scale in ((10**11, 6), (10**14, 3), (10**17, 0), (10**20, -3)):
        if number < limit:
            return int(number.scaleb(scale))
    raise ValueError(number)


def _zone(name) -> datetime.tzinfo | None:
    """A timezone by its name; None where there is no such."""
    if name == "UTC":
        return _UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        return None


def nearest(name: str, names: Iterable[str]) -> str:
    """The end of a sentence that says what might have been meant."""
    near = difflib.get_close_matches(name, list(names), 1, cutoff=0.5)
    return f"; the nearest is {near[0]!r}" if near else ""


def unit_factor(quantity: str, unit: str) -> Decimal | None:
    """What a number in `unit` is multiplied by to get the quantity's base unit."""
    base = QUANTITIES[quantity]
    if unit == base:
        return Decimal(1)
    power = _PREFIXES.get(base, {}).get(unit)
    return None if power is None else Decimal(1).scaleb(power)


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
        self._only(table, (*_FORM, "time", "columns", "resample", "gap"), "the map")
        time = self._table(table, "time")
        self._only(time, ("columns", "format", "timezone", "start", "step"), "[time]")
        entries = self._table(table, "columns")
        columns = {name: self._column(name, entry) for name, entry in entries.items()}
        self._require_places(columns)
        return ColumnMap(
            name=self.name,
            time=self._time_columns(time),
            columns=columns,
            format=time.get("format"),
            timezone=self._timezone(time.get("timezone", "UTC")),
            **self._counted(time),
            **self._form(table),
            **self._resampling(table.get("resample")),
            gap_us=self._us("gap", table["gap"]) if "gap" in table else 0,
        )

    def _time_columns(self, time: dict) -> tuple[str, ...]:
        names = time.get("columns")
        if names is None and "step" in time:
            return ()
        if not names or not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            self.wrong.append(
                '[time] needs columns = ["…"], the columns that make the time; or, without any,'
                ' start = 2026-03-01T00:00:00Z and step = "100ms"'
            )
            return ()
        if not isinstance(time.get("format", ""), str):
            self.wrong.append('[time] format must be a text such as "%d.%m.%Y %H:%M"')
        return tuple(names)

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
        return {"start_us": _unix_us(start.replace(tzinfo=zone)), "step_us": step_us}

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
        zone = _zone(name)
        if zone is None:
            self.wrong.append(f"timezone {name!r} is not known on this machine")
        return zone or _UTC

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
        return Column(quantity, self._factor(name, quantity, entry), device)

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

    def _factor(self, name: str, quantity: str, entry: dict) -> Decimal:
        unit = entry.get("unit", QUANTITIES[quantity])
        factor = unit_factor(quantity, unit)
        if factor is None:
            self.wrong.append(_wrong_unit(name, quantity, unit))
            return Decimal(1)
        try:
            return factor * Decimal(str(entry.get("factor", 1)))
        except InvalidOperation:
            self.wrong.append(f"column {name!r}: factor {entry['factor']!r} is not a number")
            return factor


def _wrong_unit(name: str, quantity: str, unit: str) -> str:
    base = QUANTITIES[quantity]
    known = ", ".join((base or "none", *_PREFIXES.get(base, {})))
    return f"column {name!r}: {unit!r} is no unit of {quantity}; there are {known}"


def choose_map(path: Path, device: str | None = None, maps: Path = MAPS) -> ColumnMap:
    """The first map of the folder whose columns all stand in the header, else the header itself."""
    for file in sorted(maps.glob("*.toml")):
        column_map = load_map(file)
        if not column_map.missing_from(column_map.header_of(path)):
            return column_map
    return map_of_header(path, device)


def map_of_header(path: Path, device: str | None = None) -> ColumnMap:
    """The map that a header makes by itself: columns named as quantities, `voltage_l1 [kV]`.

    A time may bear its zone, `time [Europe/Berlin]`; else local times are taken as UTC.
    A device may stand before its quantity, `meter.voltage_l1 [kV]`: where there are several, each
    is that of the site which has its name, or one is chosen.
    """
    line = "" if is_parquet(path) else first_line(path)
    delimiter = max(",;\t|", key=line.count)
    with open_rows(path, delimiter) as rows:
        header = next(rows, (1, []))[1]
    if not header:
        raise ToolError(f"{path}: the file is empty", 2)
    wrong: list[str] = []
    time = [name for name in header if _TIME_HEADING.fullmatch(name)][:1]
    if not time:
        wrong.append(f"no column for the time; name it {' or '.join(_TIME_NAMES)}")
    zone = _heading_zone(time[0], wrong) if time else _UTC
    columns = _named_columns(header, device, wrong)
    if wrong:
        raise ToolError("\n".join(f"{path}:1: {sentence}" for sentence in wrong), 2)
    unused = tuple(name for name in header if name not in time and not _names_quantity(name))
    return ColumnMap(
        "of the header",
        tuple(time),
        columns,
        timezone=zone,
        delimiter=delimiter,
        decimal="." if delimiter == "," else None,
        unused=unused,
    )


def _heading_zone(heading: str, wrong: list[str]) -> datetime.tzinfo:
    """The timezone that "time [Europe/Berlin]" names, else UTC."""
    name = _TIME_HEADING.fullmatch(heading)[1] or "UTC"
    zone = _zone(name)
    if zone is None:
        wrong.append(f"column {heading!r}: timezone {name!r} is not known on this machine")
    return zone or _UTC


def _shown(header: list[str]) -> str:
    """The names of columns, as many and as much of them as people read."""
    names = [repr(name[:_SHOWN_CHARACTERS]) for name in header[:_SHOWN_NAMES]]
    more = len(header) - len(names)
    return ", ".join(names) + f" and {more} more" * bool(more)


def _names_quantity(heading: str) -> bool:
    match = _HEADING.fullmatch(heading)
    return bool(match) and match[2] in QUANTITIES


def _named_columns(header: list[str], device: str | None, wrong: list[str]) -> dict[str, Column]:
    """The columns of headings that name a quantity, of one device; `wrong` gets what is not so."""
    named = {
        name: match
        for name in header
        if _names_quantity(name) and (match := _HEADING.fullmatch(name))
    }
    devices = {match[1]: None for match in named.values()}
    if not named:
        wrong.append(
            "no column is named as a quantity; name them like 'power_active_total [kW]', or write"
            f" a column map; the columns are {_shown(header)}"
        )
        return {}
    several = device is None and len(devices) > 1
    if several and None in devices:
        bare = next(name for name, match in named.items() if match[1] is None)
        wrong.append(f"column {bare!r} names no device, as others do")
        return {}
    if device is not None and device not in devices:
        wrong.append(f"there is no device {device!r}{nearest(device, filter(None, devices))}")
        return {}
    columns = {
        name: _unit_column(name, match[2], match[3], wrong, match[1] if several else None)
        for name, match in named.items()
        if device is None or match[1] == device
    }
    return {name: column for name, column in columns.items() if column}


def _unit_column(
    name: str, quantity: str, unit: str | None, wrong: list[str], device: str | None
) -> Column | None:
    """The column of a quantity; a wrong unit is added to `wrong`."""
    factor = unit_factor(quantity, QUANTITIES[quantity] if unit is None else unit)
    if factor is None:
        wrong.append(_wrong_unit(name, quantity, unit))
        return None
    return Column(quantity, factor, device)
