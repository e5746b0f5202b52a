"""What holds at a time of the week: which tariff, which CO2 factor, which shift.

A plan is made on the host from what a site file says: [days, tables, holidays]. `days` has the
number of a table for Monday to Sunday, then for holidays. A table is [minute, band, minute, band,
...]: from that minute of the local day on the band holds, -1 being none; the first minute is 0.
Holidays are yyyymmdd, or mmdd for those of every year.

Tariffs and CO2 factors have an amount for each band: counts of 0.00001 of the currency, or of a kg
of CO2, per kWh. Both are whole, so cost and CO2 are exact products, in 10**-5 of what a count of
energy is.

`band` allocates nothing, and looks at holidays once a day.
"""

from limen.core.compat import const

BILL_PLACES = const(5)
_HOLIDAY = const(7)


class Week:
    """`zone` is a `limen.core.zone.Zone`, which others may use beside; `amounts` are by band."""

    def __init__(self, plan, zone, amounts=None):
        self._days, self._tables, self._holidays = plan
        self._amounts = amounts
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

    def amount(self, utc_s):
        """What the band that holds at a UTC stands for."""
        return self._amounts[self.band(utc_s)]

    def _kind(self):
        zone = self._zone
        date = zone.month * 100 + zone.date
        if date in self._holidays or zone.year * 10000 + date in self._holidays:
            return _HOLIDAY
        return zone.weekday


def make_bill(settings, zone):
    """(tariff, CO2 factors) of a function that has one of them; the other is None."""
    bill = []
    for key in ("tariff", "co2"):
        plan, amounts = settings.get(key, (None, None))
        bill.append(plan and Week(plan, zone, amounts))
    return tuple(bill)
