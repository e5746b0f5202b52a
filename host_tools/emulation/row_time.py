"""What the times of a recording's rows mean, in Unix microseconds.

Only forms that cannot be read in two ways are known by themselves: ISO 8601 and others that begin
with the year, days with points (31.12.2026), months by their names, and numbers since 1970. For all
others, such as 3/1/2026, the heading or a map has the format.
"""

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal

UTC = datetime.UTC
EXCEL = "excel"
"""The format of days since 1899-12-30, as spreadsheets count them."""
MATLAB = "matlab"
"""The format of days since the year 0, as MATLAB's datenum counts them."""

UNITS_US = {
    "s": Decimal(1_000_000), "sec": Decimal(1_000_000), "ms": Decimal(1000), "us": Decimal(1),
    "µs": Decimal(1), "μs": Decimal(1), "ns": Decimal("0.001"), "min": Decimal(60_000_000),
    "h": Decimal(3_600_000_000),
}  # fmt: skip
"""The formats of numbers that count from 1970 or from the beginning of the recording."""

_EPOCH = re.compile(r"\d+(?:[.,]\d+)?(?:[eE]\+?\d\d?)?", re.ASCII)
_DIGITS = re.compile(r"20\d{6}(?:\d\d){0,3}", re.ASCII)
"""A date, and as much of the time as there is, without marks: as seconds since 1970 the shortest
would mean a day in August 1970, those with hours alone begin in 2033."""

_MONTHS = (
    "jan janv ene gen", "feb fév fev", "mar mär mrz maer", "apr avr abr", "may mai mag",
    "jun juin giu", "jul juil lug", "aug aoû aou ago", "sep set", "oct okt ott", "nov",
    "dec dez déc dic",
)  # fmt: skip
"""How the names of months begin: English, German, French, Spanish, Italian."""

_MONTH_OF = {start: at for at, starts in enumerate(_MONTHS, 1) for start in starts.split()}
_HOURS_OF = {"UTC": 0, "GMT": 0, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2}
"""Zones whose short name means one offset in all of the world."""

_DATES = (
    r"(?P<y1>\d{4})[-/.](?P<m1>\d\d?)[-/.](?P<d1>\d\d?)",
    r"(?P<d2>\d\d?)\.(?P<m2>\d\d?)\.(?P<y2>\d{4})",
    r"(?P<d3>\d\d?)(?:\.?\s+|-)(?P<m3>[A-Za-zÀ-ÿ]{3,10})(?:\.?\s+|-)(?P<y3>\d{4})",
    r"(?P<m4>[A-Za-zÀ-ÿ]{3,10})\.?\s+(?P<d4>\d\d?),?\s+(?P<y4>\d{4})",
)
_CLOCK = (
    r"(?P<h>\d\d?):(?P<min>\d\d)(?::(?P<s>\d\d)(?:[.,](?P<part>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_WEEKDAY = (
    r"(?i:(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa"
    r"|so|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch)[.,]{0,2}\s+)"
)
_PLC = r"(?P<plc>(?:DTL?|LDT|DATE_AND_TIME)#)"
"""How controllers mark a date and a time, between which a hyphen stands then."""

_OFFSET = r"(?:(?:GMT|UTC)(?=[+-]))?[+-]\d\d:?\d\d"
_ZONE = rf"Z|{'|'.join(_HOURS_OF)}|(?(h){_OFFSET}|(?!))"
"""An offset stands behind a time only: `1.3.2026-10:00` has none."""

_DATED = re.compile(
    rf"(?:{_WEEKDAY}|{_PLC})?(?:{'|'.join(_DATES)})"
    rf"(?:(?:T|,?\s+|(?(plc)-|(?!))){_CLOCK}(?:\s+Uhr)?)?"
    rf"\s*(?P<zone>{_ZONE})?(?(zone)(?:\s?\([^()]*\)|\[[\w/+-]+\])?)",
    re.ASCII,
)
_AMBIGUOUS = re.compile(
    r"(?P<one>\d\d?)(?P<mark>[-/.])(?P<two>\d\d?)(?P=mark)(?P<year>\d{4}|\d\d)"
    r"(?:(?P<gap>,? )\d\d?:\d\d(?P<s>:\d\d)?(?P<part>[.,]\d{1,6})?(?P<half> ?[AaPp][Mm])?)?",
    re.ASCII,
)
_UNIX = datetime.datetime(1970, 1, 1, tzinfo=UTC)
_ZERO = {EXCEL: datetime.date(1899, 12, 30).toordinal(), MATLAB: -366}
"""The day that is counted as 0, beside 1 for that of 0001-01-01."""

_DAY_US = Decimal(86_400_000_000)
_CLOCK_ALONE = re.compile(r"\d+:\d\d(?::\d\d)?(?:[.,]\d+)?(?: ?[AaPp][Mm])?", re.ASCII)
_NO_DAY = (
    "; a time of day needs its day: name the column that has it date, or let a map count the times"
    " from the rows, by start and step"
)
_COUNTED_DAYS = (
    (30_000_000_000, 60_000_000_000, "spreadsheets count", EXCEL),
    (720_000_000_000, 760_000_000_000, "MATLAB counts", MATLAB),
)
"""Days up to now, if they are read as seconds: from 1982 to 2064, and from 1971 to 2080."""

_DAYS = (
    "its times are numbers that mean a day in 1970; if they are days, as {} them, say so by"
    ' --column "HEADING=time [{}]"'
)
_YEARS = 1990, 2070
_TOO_LATE_US = 4_102_444_800_000_000  # 2100-01-01: one such row would put all others into its past


@dataclass(frozen=True)
class TimeForm:
    """How times are written: a format of strptime, `EXCEL`, `MATLAB` or one of `UNITS_US`, None for
    what is known by itself; and the zone of those that name none.
    """

    format: str | None = None
    timezone: datetime.tzinfo = UTC

    def time_us(self, text: str, after_us: int) -> int | None:
        """Unix microseconds; where clocks went back, the hour that keeps the order.

        None for an hour that clocks left out; raises ValueError for what is no time.
        """
        time_us = self._unix_us(text, after_us)
        if time_us is not None and time_us >= _TOO_LATE_US:
            raise ValueError(text)
        return time_us

    def hint(self, text: str, name: str = "time") -> str:
        """The end of a sentence about what is no time, where its form would have to be told, with
        the heading of a `name`."""
        if self.format:
            return f"; its form was told to be {self.format}"
        if not any(map(str.isdigit, text)) or _DATED.fullmatch(text):
            return ""
        if _CLOCK_ALONE.fullmatch(text):
            return _NO_DAY
        found = _AMBIGUOUS.fullmatch(text)
        doubt = ", as day or month may stand first" if found else ""
        form = _likely_format(found) if found else "%d/%m/%Y %H:%M:%S"
        return f'{doubt}; tell its form by --column "HEADING={name} [{form}]", or by a map'

    def doubt(self, first_us: int) -> str:
        """What is to be told of a recording that begins when none does, where no form was told."""
        year = (_UNIX + datetime.timedelta(microseconds=first_us)).year
        if self.format or first_us < _COUNTED_DAYS[0][0] or _YEARS[0] <= year < _YEARS[1]:
            return ""
        for least, most, who, form in _COUNTED_DAYS:
            if least <= first_us < most:
                return _DAYS.format(who, form)
        return (
            f"its times mean the year {year}; if they are numbers that count from another time than"
            " 1970, write them as dates, or tell their unit as in `time [s]`"
        )

    def _unix_us(self, text: str, after_us: int) -> int | None:
        moment = self._parse(text)
        if isinstance(moment, int):
            return moment
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.timezone)
            if self.timezone is not UTC and _is_left_out(moment):
                return None
            if unix_us(moment) <= after_us:
                moment = moment.replace(fold=1)
        return unix_us(moment)

    def _parse(self, text: str) -> datetime.datetime | int:
        if self.format in _ZERO:
            return _of_days(text, _ZERO[self.format])
        if self.format in UNITS_US:
            return _counted_us(text, UNITS_US[self.format])
        if self.format:
            return datetime.datetime.strptime(text, self.format)
        if _EPOCH.fullmatch(text):
            return _of_digits(text) or _epoch_us(Decimal(text.replace(",", ".")))
        try:
            return datetime.datetime.fromisoformat(text)
        except ValueError:
            return _of_parts(text)


def _likely_format(found: re.Match) -> str:
    """A format for a date with slashes: with AM and PM the month stands first, else the day, if its
    number can be one."""
    year = "%Y" if len(found["year"]) == 4 else "%y"
    is_month_first = int(found["two"]) > 12 or (found["half"] and int(found["one"]) <= 12)
    form = found["mark"].join(("%m", "%d", year) if is_month_first else ("%d", "%m", year))
    if found["gap"] is None:
        return form
    clock = "%I:%M" if found["half"] else "%H:%M"
    clock += ":%S" * bool(found["s"])
    if found["part"]:
        clock += f"{found['part'][0]}%f"
    if found["half"]:
        clock += f"{found['half'][:-2]}%p"
    return f"{form}{found['gap']}{clock}"


def unix_us(moment: datetime.datetime) -> int:
    """Microseconds since 1970 of a moment with a zone."""
    return (moment - _UNIX) // datetime.timedelta(microseconds=1)


def _counted_us(text: str, unit_us: Decimal) -> int:
    try:
        number = Decimal(text.replace(",", ".")) * unit_us
        if 0 <= number < _TOO_LATE_US:
            return round(number)
    except (ArithmeticError, ValueError):
        pass
    raise ValueError(text)


def _of_days(text: str, zero: int) -> datetime.datetime:
    """The time of days and their part that are counted from a day."""
    if not _EPOCH.fullmatch(text):
        raise ValueError(text)
    days, part = divmod(Decimal(text.replace(",", ".")), 1)
    try:
        day = datetime.datetime.fromordinal(int(days) + zero)
        return day + datetime.timedelta(microseconds=int(round(part * _DAY_US, -3)))
    except OverflowError:
        raise ValueError(text) from None


def _of_digits(text: str) -> datetime.datetime | None:
    """The time of 202603011005; None for what is no date."""
    if not _DIGITS.fullmatch(text):
        return None
    try:
        return datetime.datetime.strptime(text.ljust(14, "0"), "%Y%m%d%H%M%S")
    except ValueError:
        return None


def _of_parts(text: str) -> datetime.datetime:
    """A time that is written with fewer digits or other marks than ISO 8601 has, or as 24:00."""
    found = _DATED.fullmatch(text)
    if not found:
        raise ValueError(text)
    year, month, day = (next(filter(None, (found[f"{key}{at}"] for at in "1234"))) for key in "ymd")
    hour, is_end = _hour(found)
    moment = datetime.datetime(
        int(year), _month(month), int(day), hour, int(found["min"] or 0),
        int(found["s"] or 0), int((found["part"] or "").ljust(6, "0")[:6]),
    )  # fmt: skip
    if found["zone"]:
        moment = moment.replace(tzinfo=_zone(found["zone"]))
    return moment + datetime.timedelta(days=is_end)


def _hour(found: re.Match) -> tuple[int, bool]:
    """(hour, whether it is the end of the day)"""
    hour = int(found["h"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(found[0])
        return hour % 12 + 12 * (found["half"] in "Pp"), False
    is_end = hour == 24 and not int(found["min"]) and not int(found["s"] or 0)
    return 0 if is_end else hour, is_end


def _month(text: str) -> int:
    """The month of a number or a name."""
    if text.isdigit():
        return int(text)
    starts = (text[:4].lower(), text[:3].lower())
    known = next((_MONTH_OF[start] for start in starts if start in _MONTH_OF), None)
    if known is None:
        raise ValueError(text)
    return known


def _zone(text: str) -> datetime.tzinfo:
    if text in _HOURS_OF:
        return datetime.timezone(datetime.timedelta(hours=_HOURS_OF[text]))
    return datetime.datetime.strptime(text[-6:].lstrip("CGMTU"), "%z").tzinfo


def _is_left_out(moment: datetime.datetime) -> bool:
    """Whether a zone's clocks never show this time: it does not come back the same from UTC."""
    back = moment.astimezone(UTC).astimezone(moment.tzinfo)
    return back.replace(tzinfo=None) != moment.replace(tzinfo=None)


def _epoch_us(number: Decimal) -> int:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size.

    Raises ValueError for what lies beyond all of them.
    """
    for limit, scale in ((10**11, 6), (10**14, 3), (10**17, 0), (10**20, -3)):
        if number < limit:
            return int(number.scaleb(scale))
    raise ValueError(number)
