"""Uptime that never wraps, and UTC once it is known: the firmware's only source of time.

Both are pairs of small integers, seconds and milliseconds; UTC counts from 2000. Uptime only ever
grows; setting the clock moves UTC against it. The board's RTC carries UTC over a reset, so a board
that only restarted knows the time at once. `tick` must be called at least every six days, which
the supervisor does each few seconds.
"""

from limen.core.calendar import date_of, seconds_of
from limen.core.compat import const

_BUILT = const(820540800)  # 2026-01-01: an RTC before this was never set


class Clock:
    """`ticks_ms` and `ticks_diff` as in `time`, `rtc` as `machine.RTC()`."""

    def __init__(self, ticks_ms, ticks_diff, rtc):
        self._ticks_ms = ticks_ms
        self._ticks_diff = ticks_diff
        self._rtc = rtc
        self._last = ticks_ms()
        self.s = self.ms = 0
        self.is_set = False
        self._boot_s = self._boot_ms = 0  # UTC when uptime was zero
        year, month, day, _, hour, minute, second, us = rtc.datetime()
        now_s = seconds_of(year, month, day, hour, minute, second)
        if now_s >= _BUILT:
            self._place(now_s, us // 1000)

    def tick(self):
        """Bring `s` and `ms`, the uptime, up to now."""
        now = self._ticks_ms()
        ms = self.ms + self._ticks_diff(now, self._last)
        self._last = now
        self.s += ms // 1000
        self.ms = ms % 1000

    def set_utc(self, utc_s, utc_ms):
        """It is (utc_s, utc_ms) now."""
        self.tick()
        self._place(utc_s, utc_ms)
        year, month, day, hour, minute, second, weekday = date_of(utc_s)
        self._rtc.datetime((year, month, day, weekday, hour, minute, second, utc_ms * 1000))

    def _place(self, utc_s, utc_ms):
        ms = utc_ms - self.ms
        self._boot_s = utc_s - self.s + ms // 1000
        self._boot_ms = ms % 1000
        self.is_set = True

    def utc_s(self, s, ms):
        """UTC seconds of an uptime; its milliseconds are `utc_ms(ms)`."""
        return self._boot_s + s + (self._boot_ms + ms) // 1000

    def utc_ms(self, ms):
        return (self._boot_ms + ms) % 1000
