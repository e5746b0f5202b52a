"""The `time` module in virtual time, with the ESP32's epoch (2000) and whole seconds.

Reading a clock takes some microseconds, as on the chip, so that code which spins on it gets there.
"""

import time as _native

from backplane import bus
from dates import date_of, seconds_of
from machine import rtc_state
from micropython import const

_MASK = const(0x3FFFFFFF)
_HALF = const(0x20000000)
_READING_US = const(5)


ticks_ms = bus.read_ms
ticks_us = ticks_cpu = bus.read_us


if _native.ticks_add(0, -1) == _MASK:
    ticks_add = _native.ticks_add
    ticks_diff = _native.ticks_diff
else:  # 64 bits, whose ticks wrap later than the chip's

    def ticks_add(ticks, delta):
        if not -_HALF < delta < _HALF:
            raise OverflowError("ticks interval overflow")
        return ticks + delta & _MASK

    def ticks_diff(end, start):
        return (end - start + _HALF & _MASK) - _HALF


def sleep_us(us):
    while us > 0:
        us -= bus.pause(us)


def sleep_ms(ms):
    while ms > 1000:
        sleep_us(1000000)
        ms -= 1000
    sleep_us(ms * 1000)


def sleep(seconds):
    sleep_ms(int(seconds * 1000))


def time():
    bus.charge(_READING_US)
    return rtc_state.now()[0]


def time_ns():
    bus.charge(_READING_US)
    s, us = rtc_state.now()
    return s * 1000000000 + us * 1000


def gmtime(seconds=None):
    return date_of(time() if seconds is None else int(seconds))


localtime = gmtime


def mktime(fields):
    return seconds_of(*fields[:6])
