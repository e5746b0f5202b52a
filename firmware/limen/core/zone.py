"""Local time: a fixed offset from UTC, or two that take turns by rule, as daylight saving does.

A rule is integers, made on the host from a time zone's name: [offset_s], or [offset_s, offset_s of
the other part of the year, then for the change to the other and for the change back: month, week
(5 is the last of the month), weekday (Sunday is 0), second of that day by the clock before the
change]. A second may lie before or behind its day. Source: POSIX.1-2024, 8.3, and RFC 8536, 3.3.

`place` works the two changes around a moment out once and keeps them until time has left them; in
between it allocates nothing while UTC is a small integer. Local time is for people and tariffs:
intervals are measured in uptime, and an hour that comes twice is told apart by its offset.
"""

from limen.core.calendar import date_of, seconds_of
from limen.core.compat import const

_DAY_S = const(86400)
_RULE = const(4)  # numbers of one change
_FOR_EVER = 1 << 40


class Zone:
    """After `place`, local time in its attributes.

    `day` counts local days since 2000-01-01, `weekday` is 0 on Mondays, `second` is that of the
    day by the clock on the wall, `year`, `month` and `date` are the day's. `offset_s` is local time
    less UTC. From the UTC second `changes_at` on the offset is another.
    """

    def __init__(self, rule):
        self._rule = rule
        self._since = self.changes_at = 0
        self.offset_s = rule[0]
        self.day = self.weekday = self.second = None
        self.year = self.month = self.date = None

    def place(self, utc_s):
        """Work out the local time of a second since 2000 UTC."""
        if not self._since <= utc_s < self.changes_at:
            self._find_changes(utc_s)
        local_s = utc_s + self.offset_s
        day = local_s // _DAY_S
        self.second = local_s - day * _DAY_S
        if day != self.day:
            self.day = day
            self.year, self.month, self.date, _, _, _, self.weekday = date_of(local_s)

    def _find_changes(self, utc_s):
        """Set the offset at this second, and between which changes it holds."""
        self._since = -_FOR_EVER
        self.changes_at = _FOR_EVER
        if len(self._rule) == 1:
            return
        year = date_of(utc_s)[0]
        for nearby in (year - 1, year, year + 1):
            for part in (0, 1):
                at = self._change(nearby, part)
                if at > utc_s:
                    self.changes_at = min(self.changes_at, at)
                elif at > self._since:
                    self._since = at
                    self.offset_s = self._rule[1 - part]

    def _change(self, year, part):
        """The UTC second of a year's change to the other offset (part 0) or back (part 1)."""
        month, week, weekday, second = self._rule[2 + part * _RULE : 2 + (part + 1) * _RULE]
        first = seconds_of(year, month, 1) // _DAY_S
        # 2000-01-01 was a Saturday, 6 days behind a Sunday.
        day = first + (weekday - first - 6) % 7 + (week - 1) * 7
        if week == 5 and day >= seconds_of(year, month + 1, 1) // _DAY_S:
            day -= 7
        return day * _DAY_S + second - self._rule[part]
