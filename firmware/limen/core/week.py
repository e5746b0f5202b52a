"""What holds at a time of the week: which tariff, which CO2 factor, which shift.

A plan is made on the host from what a site file says: [days, tables, holidays]. `days` has the
number of a table for Monday to Sunday, then for holidays. A table is [minute, band, minute, band,
...]: from that minute of the local day on the band holds, -1 being none; the first minute is 0.
Holidays are yyyymmdd, or mmdd for those of every year.

`band` allocates nothing, and looks at holidays once a day.
"""

from limen.core.compat import const

_HOLIDAY = const(7)


class Week:
    """`zone` is a `limen.core.zone.Zone`, which others may use beside."""

    def __init__(self, plan, zone):
        self._days, self._tables, self._holidays = plan
        self._zone = zone
        self._day = self._table = None

    def band(self, utc_s):
        """The band that holds at a UTC, -1 where there is none."""
        zone = self._zone
        zone.place(utc_s)
        if zone.day != self._day:
            self._day = zone.day
            self._table = self._tables[self._days[self._kind()]]
        table = self._table
        minute = zone.second // 60
        at = len(table) - 2
        while table[at] > minute:
            at -= 2
        return table[at + 1]

    def _kind(self):
        zone = self._zone
        date = zone.month * 100 + zone.date
        if date in self._holidays or zone.year * 10000 + date in self._holidays:
            return _HOLIDAY
        return zone.weekday
