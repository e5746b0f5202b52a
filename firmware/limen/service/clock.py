"""Uptime that never wraps, and UTC once it is known: the firmware's only source of time.

Both are pairs of small integers, seconds and milliseconds; UTC counts from 2000. Uptime only ever
grows, and is what intervals are measured in; setting the clock moves UTC against it. The board's
RTC carries UTC over a reset, so a board that only restarted knows the time at once. `tick` must be
called at least every six days, which the supervisor does each few seconds.
"""

from limen.core.calendar import date_of, seconds_of
from limen.core.compat import const

_BUILT = const(820540800)  # 2026-01-01: an RTC before this was never set


class Clock:
    """`ticks_ms` and `ticks_diff` as in `time`, `rtc` as `machine.RTC()`.

    When uptime was zero it was (`boot_s`, `boot_ms`): UTC since 2000 if `is_set`, else the count of
    an RTC that was never set, which goes on over a reset and begins anew with the power.
    """

    def __init__(self, ticks_ms, ticks_diff, rtc):
        self._ticks_ms = ticks_ms
        self._ticks_diff = ticks_diff
        self._rtc = rtc
        self._last = ticks_ms()
        self.s = self.ms = 0
        year, month, day, _, hour, minute, second, us = rtc.datetime()
        self.boot_s = seconds_of(year, month, day, hour, minute, second)
        self.boot_ms = us // 1000
        self.is_set = self.boot_s >= _BUILT

    def tick(self):
        """Bring `s` and `ms`, the uptime, up to now."""
        now = self._ticks_ms()
        ms = self.ms + self._ticks_diff(now, self._last)
        self._last = now
        self.s += ms // 1000
        self.ms = ms % 1000

    def set_boot(self, s, ms):
        """It was (s, ms) UTC when uptime was zero."""
        self.boot_s = s
        self.boot_ms = ms
        self.is_set = True
        self.tick()
        year, month, day, hour, minute, second, weekday = date_of(self.utc_s(self.s, self.ms))
        us = self.utc_ms(self.ms) * 1000
        self._rtc.datetime((year, month, day, weekday, hour, minute, second, us))

    def shift(self, ms):
        """Move UTC by some milliseconds."""
        ms += self.boot_ms
        self.boot_s += ms // 1000
        self.boot_ms = ms % 1000

    def utc_s(self, s, ms):
        """UTC seconds of an uptime; its milliseconds are `utc_ms(ms)`."""
        return self.boot_s + s + (self.boot_ms + ms) // 1000

    def utc_ms(self, ms):
        return (self.boot_ms + ms) % 1000
