"""Calendar dates and seconds since 2000-01-01 00:00:00 UTC, in integers, for 1600 to 9999.

Done here and not by the platform's `time`, whose epoch differs between ports and whose `mktime`
on a desktop follows the local time zone. The day count is the usual one over years that begin in
March, so that the leap day comes last.
"""

from limen.core.compat import const

_DAYS_TO_2000 = const(730425)  # from 0000-03-01 to 2000-01-01
_DAY_S = const(86400)


def seconds_of(year, month, day, hour=0, minute=0, second=0):
    """Seconds since 2000 of a UTC date and time."""
    if month < 3:
        year -= 1
        month += 12
    days = 365 * year + year // 4 - year // 100 + year // 400
    days += (153 * (month - 3) + 2) // 5 + day - 1
    return (days - _DAYS_TO_2000) * _DAY_S + hour * 3600 + minute * 60 + second


def date_of(seconds):
    """(year, month, day, hour, minute, second, weekday) of seconds since 2000; Monday is 0."""
    days, rest = divmod(seconds, _DAY_S)
    weekday = (days + 5) % 7  # 2000-01-01 was a Saturday
    days += _DAYS_TO_2000
    era, day = divmod(days, 146097)
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    year += era * 400
    month += 3
    if month > 12:
        month -= 12
        year += 1
    return year, month, day + 1, rest // 3600, rest % 3600 // 60, rest % 60, weekday
