"""Dates from 2000 on, in small integers; the native functions end in 2038 on a 32-bit machine."""

from micropython import const

_DAY_S = const(86400)
_MARCH_1_2000 = const(60)  # its day number; leap days then come last in the year


def seconds_of(year, month, day, hour=0, minute=0, second=0):
    """Seconds since 2000; the fields may be out of range."""
    return _day_number(year, month, day) * _DAY_S + hour * 3600 + minute * 60 + second


def _day_number(year, month, day):
    year += (month - 3) // 12
    month = (month - 3) % 12
    years = year - 2000
    leaps = years // 4 - years // 100 + years // 400
    return years * 365 + leaps + (month * 153 + 2) // 5 + day - 1 + _MARCH_1_2000


def date_of(seconds):
    """Return what `time.gmtime` does: date, time of day, weekday and day of the year."""
    day = seconds // _DAY_S
    second = seconds % _DAY_S
    year = 2000 + day * 400 // 146097
    while _day_number(year + 1, 1, 1) <= day:
        year += 1
    while _day_number(year, 1, 1) > day:
        year -= 1
    month = 12
    while _day_number(year, month, 1) > day:
        month -= 1
    of_month = day - _day_number(year, month, 1) + 1
    of_year = day - _day_number(year, 1, 1) + 1
    hour = second // 3600
    return year, month, of_month, hour, second // 60 % 60, second % 60, (day + 5) % 7, of_year
