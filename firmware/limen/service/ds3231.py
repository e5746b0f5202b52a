"""A DS3231: UTC that goes on without power, on I2C.

Its seconds begin when they are written, so that it is set at the beginning of a second, and read
when its second changes. A chip whose oscillator has stopped since does not know the time and says
so. Source: Maxim Integrated, DS3231, 19-5170, revision 10 (registers, oscillator stop flag).
"""

import asyncio

from limen.core.calendar import date_of, seconds_of
from limen.core.compat import const

_ADDRESS = const(0x68)
_CONTROL = const(0x0E)
_STATUS = const(0x0F)
_STOPS_ON_BATTERY = const(0x80)
_HAS_STOPPED = const(0x80)
_DATE_BYTES = const(7)
_CENTURY = const(0x80)
_TWELVE_HOURS = const(0x40)
_AFTERNOON = const(0x20)
_LOOK_MS = const(10)
_SECOND_MS = const(1000)
_LATE_MS = const(50)
_DAY_S = const(86400)
_BUILT_S = const(820540800)  # 2026-01-01: an earlier time is none


async def ask(sync):
    """What it claims, [[distance_ms, s, ms]] of UTC at boot; [] if it does not know the time."""
    bus = sync.rtc
    clock = sync.clock
    date = bytearray(_DATE_BYTES)
    try:
        if _read(bus, _STATUS) & _HAS_STOPPED:
            return []
        bus.read_into(_ADDRESS, 0, date)
        second = date[0]
        for _ in range(_SECOND_MS * 2 // _LOOK_MS):
            await asyncio.sleep_ms(_LOOK_MS)
            bus.read_into(_ADDRESS, 0, date)
            if date[0] != second:
                break
        else:
            return []
    except OSError:
        return []
    clock.tick()
    s = decode_date(date)
    if s is None or s < _BUILT_S:
        return []
    return [[_LOOK_MS, s - clock.s + (-clock.ms) // 1000, -clock.ms % 1000]]


async def write(sync):
    """Set it to the clock's UTC, once a day; sooner where it does not answer."""
    bus = sync.rtc
    clock = sync.clock
    late_ms = _SECOND_MS
    while late_ms > _LATE_MS:
        clock.tick()
        await asyncio.sleep_ms(_SECOND_MS - clock.utc_ms(clock.ms))
        clock.tick()
        late_ms = clock.utc_ms(clock.ms)
    try:
        bus.write(_ADDRESS, 0, encode_date(clock.utc_s(clock.s, clock.ms)))
        for register, flag in ((_CONTROL, _STOPS_ON_BATTERY), (_STATUS, _HAS_STOPPED)):
            bus.write(_ADDRESS, register, bytes([_read(bus, register) & ~flag & 0xFF]))
    except OSError:
        return
    sync.write_due_s = clock.s + _DAY_S


def _read(bus, register):
    buffer = bytearray(1)
    bus.read_into(_ADDRESS, register, buffer)
    return buffer[0]


def encode_date(s):
    """The seven registers of a second since 2000."""
    year, month, day, hour, minute, second, weekday = date_of(s)
    fields = (second, minute, hour, weekday + 1, day, month, year % 100)
    return bytes([field // 10 << 4 | field % 10 for field in fields])


def decode_date(registers):
    """Seconds since 2000, or None if the registers hold no date."""
    second, minute, hour, _, day, month, year = registers
    month &= ~_CENTURY
    if hour & _TWELVE_HOURS:
        half = 12 if hour & _AFTERNOON else 0
        hour = _digits(hour & 0x1F)
        hour = -1 if hour is None or not 1 <= hour <= 12 else hour % 12 + half
    else:
        hour = _digits(hour)
    fields = [_digits(field) for field in (year, month, day, minute, second)]
    if None in fields or hour is None:
        return None
    year, month, day, minute, second = fields
    date = (2000 + year, month, day, hour, minute, second)
    # What is not in the calendar comes back as another date.
    return (
        seconds_of(*date) if 1 <= month <= 12 and date_of(seconds_of(*date))[:6] == date else None
    )


def _digits(byte):
    """The number that two decimal digits write; None if they are none."""
    return None if byte >> 4 > 9 or byte & 0xF > 9 else (byte >> 4) * 10 + (byte & 0xF)
