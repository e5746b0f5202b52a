"""Time zones by name, as the rule that holds in them from now on.

The rule is the last line of a zone's file in the tz database, such as "CET-1CEST,M3.5.0,M10.5.0/3";
`limen.core.zone` says what becomes of it. Beside the rule the database lists single years that do
not follow it, as Morocco's months of fasting did. A zone that has such a year ahead is refused.
"""

import difflib
import io
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import tzdata

from limen.core.calendar import seconds_of
from limen.core.schema import Spot
from limen.core.zone import Zone

_YEARS_AHEAD = 8
_NAME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_CLOCK = r"[+-]?\d{1,3}(?::\d\d){0,2}"
_CHANGE = rf"M(\d+)\.(\d)\.(\d)(?:/({_CLOCK}))?"
_RULE = re.compile(
    rf"{_NAME}(?P<offset>{_CLOCK})(?:{_NAME}(?P<other>{_CLOCK})?,{_CHANGE},{_CHANGE})?"
)


class ZoneError(ValueError):
    """There is no rule for a zone; the text says why, and what to do."""


def read_zone(spot: Spot, name: str | None) -> list[int] | None:
    """The rule of the zone that a site names; None, and a problem, where there is none."""
    if not isinstance(name, str) or not name.strip():
        return None
    try:
        return load_zone(name)
    except ZoneError as error:
        spot.report(str(error))
        return None


@cache
def zone_names() -> list[str]:
    """The names of all zones, those that are no place (CET, UTC) included."""
    return (files("tzdata") / "zones").read_text().split()


@cache
def load_zone(name: str) -> list[int]:
    """The rule of a zone; ZoneError where the name or the rule is missing."""
    if name not in zone_names():
        raise ZoneError(f'there is no time zone "{name}"{_hint(name)}')
    data = files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()
    rule = parse_rule(data.rstrip(b"\n").rpartition(b"\n")[2].decode())
    broken = _first_break(rule, ZoneInfo.from_file(io.BytesIO(data)))
    if broken:
        raise ZoneError(
            f'the clocks in "{name}" follow no rule on {broken:%Y-%m-%d}; write a zone whose '
            "clocks run as yours, and change it when they differ"
        )
    return rule


def parse_rule(text: str) -> list[int]:
    """The integers of a rule in the words of POSIX; ZoneError where it is none."""
    match = _RULE.fullmatch(text)
    if not match:
        raise ZoneError(f'"{text}" is no rule that a gateway knows')
    offset_s = -_seconds(match["offset"])
    changes = match.groups()[2:]
    if changes[0] is None:
        return [offset_s]
    other_s = -_seconds(match["other"]) if match["other"] else offset_s + 3600
    return [offset_s, other_s, *_change(*changes[:4]), *_change(*changes[4:])]


def _change(month: str, week: str, weekday: str, clock: str | None) -> list[int]:
    return [int(month), int(week), int(weekday), _seconds(clock or "2")]


def _seconds(clock: str) -> int:
    sign = -1 if clock.startswith("-") else 1
    parts = [int(part) for part in clock.lstrip("+-").split(":")]
    return sign * sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=False))


def _first_break(rule: list[int], zone: ZoneInfo) -> datetime | None:
    """The first day, of those that this edition of the database can know, with another offset."""
    noon = datetime(int(tzdata.IANA_VERSION[:4]) + 1, 1, 1, 12, tzinfo=UTC)
    end = noon.replace(year=noon.year + _YEARS_AHEAD)
    by_rule = Zone(rule)
    while noon < end:
        by_rule.place(seconds_of(noon.year, noon.month, noon.day, noon.hour))
        if timedelta(seconds=by_rule.offset_s) != noon.astimezone(zone).utcoffset():
            return noon
        noon += timedelta(days=1)
    return None


def _hint(name: str) -> str:
    """The names that are spelled most like it: whole, or their last part, the city."""
    spelled = {}
    for known in zone_names():
        if "GMT" not in known:  # Etc/GMT+1 is an hour west of Greenwich
            spelled.setdefault(_plain(known), known)
            spelled.setdefault(_plain(known.rpartition("/")[2]), known)
    wanted = [_plain(name), _plain(re.split("[/,]", name)[-1])]
    exact = [word for word in wanted if word in spelled][:1]
    near = [hit for word in wanted for hit in difflib.get_close_matches(word, spelled, 3, 0.75)]
    names = list(dict.fromkeys(spelled[hit] for hit in exact or near))[:3]
    if not names:
        return '; write a continent and a city, such as "Europe/Berlin", or "UTC"'
    return "; did you mean " + " or ".join(f'"{one}"' for one in names) + "?"


def _plain(name: str) -> str:
    return name.lower().replace("_", " ").strip()
