"""Which columns of a heading have the time, and what they tell of its form."""

import datetime
import re

from host_tools.emulation.column_map import zone_of
from host_tools.emulation.row_number import Numbers
from host_tools.emulation.row_time import EXCEL, MATLAB, UNITS_US, UTC, TimeForm

_DAYS = ("date", "datum")
_CLOCKS = ("time", "zeit", "uhrzeit", "utc time")
_DATENUM = "datenum"
_MOMENTS = (
    "timestamp", "zeitstempel", "datetime", "date/time", "datum/zeit", "utc_timestamp", "_time",
    "last_changed", "timestring", "__index_level_0__", _DATENUM,
)  # fmt: skip
UNIT = r"(?:[\[(]\s*([^\])]*?)\s*[\])])?"
"""What may stand behind a name in a heading: [kWh] or (kWh)."""

_TIME_HEADING = re.compile(rf"({'|'.join((*_DAYS, *_CLOCKS, *_MOMENTS))})\s*{UNIT}", re.IGNORECASE)
_LIKELY_TIME = re.compile(r"zeit|time|dat[eu]|yyyy|jjjj|^(?:ts?|von|begin|start)\b", re.IGNORECASE)
_TIME_FORM = re.compile(rf"([^%]*?)(?:,\s*)?(%.*|{EXCEL}|{MATLAB})?", re.DOTALL)

_SEASONAL = ("CET", "EET", "WET", "MET", "EST", "MST")
"""Zones of the database that are one offset for some people, and a place with two for others."""


def time_columns(header: list[str]) -> list[str]:
    """The column of the time, or those of date and time."""
    named: dict[str, str] = {}
    for name in header:
        if match := _TIME_HEADING.fullmatch(name):
            named.setdefault(match[1].lower(), name)
    apart = [
        next((named[name] for name in names if name in named), None) for names in (_DAYS, _CLOCKS)
    ]
    return apart if all(apart) else list(named.values())[:1]


def time_form(headings: list[str], wrong: list[str]) -> TimeForm:
    """What "time [Europe/Berlin]", "time [%d/%m/%Y %H:%M]" or both tell, the zone first, or
    "time [ms]"; without a zone it is UTC."""
    found = [_TIME_HEADING.fullmatch(one) for one in headings]
    told = [_TIME_FORM.fullmatch(one[2] or "") for one in found]
    name = next((one[1].strip() for one in told if one[1]), "UTC")
    form = " ".join(one[2] for one in told if one[2]) or None
    if name in UNITS_US:
        return TimeForm(name)
    if form is None and found and found[0][1].lower() == _DATENUM:
        form = MATLAB
    return TimeForm(form, _zone_told(headings, name, wrong))


def _zone_told(headings: list[str], name: str, wrong: list[str]) -> datetime.tzinfo:
    """The zone of a name; `wrong` gets what is none, or may be two."""
    zone = zone_of(name)
    if zone is not None and name not in _SEASONAL:
        return zone
    why = "is not known on this machine" if zone is None else "may have a summer time or not"
    wrong.append(
        f"column {headings[0]!r}: timezone {name!r} {why}; write a place, as"
        " `time [Europe/Berlin]`, or what it is ahead of UTC all the year, as `time [UTC+01:00]`,"
        " by --column or as the timezone of a map"
    )
    return UTC


def no_time(header: list[str]) -> str:
    """What to do about a heading without a time."""
    if any(map(is_value, header)):
        return (
            "no heading: a map names the columns, by headings, and tells which has the time,"
            " or how far apart the rows are"
        )
    likely = filter(_LIKELY_TIME.search, header)
    heading = "" if header[0] == "" else next(likely, "heading")
    return (
        "no column for the time; name it time or timestamp, say so by"
        f' --column "{heading}=time", or let a map count it from the rows'
    )


def is_value(cell: str) -> bool:
    """Whether a cell is what stands below headings: a number or a time."""
    try:
        Numbers().read(cell)
    except ValueError:
        return bool(re.match(r"\d{1,4}[-./]\d", cell))
    return True
