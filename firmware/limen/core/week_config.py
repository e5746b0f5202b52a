"""Spans of the week in a site file, "mon-fri" from "06:00" to "22:00", as a plan for `core.week`.

Tariffs, CO2 factors and shifts are lists of spans, each with its band, the number in the list. A
span may go over midnight: what lies behind belongs to the next day, for holidays to the day itself.
Holidays are like Sundays where no span names them. One without days, from and to holds for the
rest of the time. Two that hold at once are a mistake, and so is a minute without any, where there
must be one.
"""

from limen.core.calendar import date_of, seconds_of
from limen.core.schema import describe, suggestion, text
from limen.core.units import Mistake

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")
_DAY_MINUTES = 1440
_LEAP_YEAR = 2000
_SUNDAY, _HOLIDAY = 6, 7


def clock_minute(value):
    """Minutes since midnight of "06:00"; "24:00" is the end of the day."""
    hour, colon, minute = text(value).partition(":")
    is_time = len(hour) == 2 and len(minute) == 2 and (hour + minute).isdigit()
    if colon and is_time and int(minute) < 60 and int(hour) * 60 + int(minute) <= _DAY_MINUTES:
        return int(hour) * 60 + int(minute)
    raise Mistake('must be a time such as "06:00", not ' + describe(value))


def days(value):
    """The numbers of the days of "mon-fri", "sat,sun" or "all"; 7 is a holiday."""
    if text(value) == "all":
        return list(range(len(DAYS)))
    found = []
    for part in value.replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        begin, end = _day(first), _day(last if dash else first)
        if end < begin or dash and end == _HOLIDAY:
            raise Mistake('"%s" is no span of days; write for example "mon-fri"' % part)
        found += range(begin, end + 1)
    return found


def _day(name):
    if name in DAYS:
        return DAYS.index(name)
    raise Mistake('there is no day "%s"%s' % (name, suggestion(name, list(DAYS))))


def holidays(value):
    """yyyymmdd or mmdd of each of ["2026-04-03", "12-25"]."""
    if not isinstance(value, list):
        raise Mistake('must be a list such as ["12-25", "2026-04-03"]')
    return [_date(text(entry)) for entry in value]


def _date(written):
    parts = written.split("-")
    sizes = [len(part) for part in parts]
    if sizes not in ([4, 2, 2], [2, 2]) or not "".join(parts).isdigit():
        raise Mistake('"%s" is no date; write "2026-04-03", or "12-25" for each year' % written)
    year = int(parts[0]) if len(parts) == 3 else _LEAP_YEAR
    day = (year, int(parts[-2]), int(parts[-1]))
    if year < 2000 or day[1] > 12 or date_of(seconds_of(*day))[:3] != day:
        raise Mistake('"%s" is no day of a calendar' % written)
    return int("".join(parts))


def read_plan(spots, spans, dates, needed):
    """The plan of spans {"name", "days", "from", "to"}; a problem for each conflict, or None."""
    count = len(spots[0].problems)
    whole = [[-1] * _DAY_MINUTES for _ in DAYS]
    names_holiday = [span for span in spans if span["days"] and _HOLIDAY in span["days"]]
    rest = -1
    for band in range(len(spans)):
        span, spot = spans[band], spots[band]
        if (span["from"] is None) != (span["to"] is None):
            spot.report("needs both from and to")
        elif span["days"] is None and span["from"] is None:
            if rest >= 0:
                name = spans[rest]["name"]
                spot.report('holds always, as "%s" does; say when: days, from, to' % name)
            rest = band
        else:
            _mark(spot, span, band, whole, spans, not names_holiday)
    tables = [_table(minutes, rest) for minutes in whole]
    if needed:
        _require_all(spots[-1], tables)
    if len(spots[0].problems) > count:
        return None
    unique = []
    for table in tables:
        if table not in unique:
            unique.append(table)
    return [[unique.index(table) for table in tables], unique, dates]


def _mark(spot, span, band, whole, spans, sunday_is_holiday):
    begin = span["from"] or 0
    end = _DAY_MINUTES if span["to"] is None else span["to"]
    listed = span["days"] or list(range(len(DAYS)))
    if sunday_is_holiday and span["days"] and _SUNDAY in listed:
        listed = listed + [_HOLIDAY]
    for day in listed:
        parts = [(day, begin, end if end > begin else _DAY_MINUTES)]
        if end <= begin:
            parts.append((day if day == _HOLIDAY else (day + 1) % 7, 0, end))
        for part in parts:
            if not _fill(spot, whole, part, band, spans):
                return  # that it is so on the other days, too, need not be said


def _fill(spot, whole, part, band, spans):
    """Let the span hold in a part of a day; False, and a problem, where another one does."""
    day, begin, end = part
    for minute in range(begin, end):
        other = whole[day][minute]
        if other >= 0 and other != band:
            clock = "%02d:%02d" % (minute // 60, minute % 60)
            spot.report('overlaps "%s" on %s at %s' % (spans[other]["name"], DAYS[day], clock))
            return False
        whole[day][minute] = band
    return True


def _table(minutes, rest):
    """[minute, band, ...] where the band changes."""
    table = []
    for minute in range(len(minutes)):
        band = minutes[minute] if minutes[minute] >= 0 else rest
        if not table or table[-1] != band:
            table += [minute, band]
    return table


def _require_all(spot, tables):
    for day in range(len(tables)):
        table = tables[day]
        if -1 in table[1::2]:
            minute = table[table[1::2].index(-1) * 2]
            clock = "%02d:%02d" % (minute // 60, minute % 60)
            sentence = "nothing holds on %s at %s; write one without days, from and to for the rest"
            spot.report(sentence % (DAYS[day], clock))
            return
