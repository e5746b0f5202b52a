"""The stock `machine` module of the ESP32, over the backplane."""

import struct

import frames
from backplane import bus
from dates import date_of, seconds_of
from micropython import const
from uart import UART  # noqa: F401 (a name of this module)

_RTC_MEMORY = const(2048)

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5

boot = None  # the fields of the BOOT frame, set by the launcher


def reset():
    _restart(HARD_RESET)


def soft_reset():
    raise SystemExit


def _restart(cause):
    bus.post(frames.RESET, cause)
    while True:
        bus.pause(1000000)


def reset_cause():
    return boot[1]


def unique_id():
    return boot[6]


def freq(hz=None):
    return 160000000


def idle():
    bus.pause(1000)


def disable_irq():
    return 1


def enable_irq(state):
    pass


class WDT:
    def __init__(self, id=0, timeout=5000):
        if id != 0:
            raise ValueError
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        bus.post(frames.WATCHDOG, 0, struct.pack("<I", timeout))
        bus.flush()

    def feed(self):
        bus.note(frames.WATCHDOG, 0)


class _Rtc:
    """Seconds and microseconds since 2000 when uptime was zero, and the user's memory."""

    def __init__(self):
        self.memory = b""

    def start(self, s, us):
        self.s = s
        self.us = us

    def now(self):
        s, us = bus.uptime()
        us += self.us
        return self.s + s + us // 1000000, us % 1000000

    def set(self, s, us):
        bus.post(frames.RTC_TIME, 0, struct.pack("<II", s, us))
        up_s, up_us = bus.uptime()
        us -= up_us
        self.start(s - up_s + us // 1000000, us % 1000000)

    def load(self, id, data):
        self.memory = bytes(data)


rtc_state = _Rtc()
bus.handlers[frames.RTC_MEMORY] = rtc_state.load


class RTC:
    def datetime(self, value=None):
        if value:
            year, month, day, _, hour, minute, second, us = value
            rtc_state.set(seconds_of(year, month, day, hour, minute, second), us)
            return None
        s, us = rtc_state.now()
        year, month, day, hour, minute, second, weekday, _ = date_of(s)
        return year, month, day, weekday, hour, minute, second, us

    def init(self, value):
        year, month, day, hour, minute, second, us, _ = value
        rtc_state.set(seconds_of(year, month, day, hour, minute, second), us)

    def memory(self, data=None):
        if data is None:
            return rtc_state.memory
        if len(data) > _RTC_MEMORY:
            raise ValueError("buffer too long")
        rtc_state.memory = bytes(data)
        bus.post(frames.RTC_MEMORY, 0, data)


_pins = {}
_driven = {}  # the levels of those that the world holds


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2
    DRIVE_0 = 0
    DRIVE_1 = 1
    DRIVE_2 = 2
    DRIVE_3 = 3

    def __init__(self, id, mode=-1, pull=-1, value=None, **options):
        if not isinstance(id, int) or not 0 <= id < 49:  # as many as the largest chip has
            raise ValueError("invalid pin")
        self.number = self._id = id
        before = _pins.get(id)
        self._level = _driven.get(id, before._level if before else 0)
        self._irq = None
        _pins[id] = self
        self.init(mode, pull, value)

    def init(self, mode=-1, pull=-1, value=None, **options):
        if pull == Pin.PULL_UP and mode == Pin.IN and self._id not in _driven:
            self._level = 1
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is None:
            bus.catch_up()
            return self._level
        level = 1 if level else 0
        if level != self._level:
            self._level = level
            bus.post(frames.PIN, self._id, b"\1" if level else b"\0")

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=3, **options):
        self._irq = (handler, trigger) if handler else None
        return self

    def change(self, level):
        """Take a level that the world has put on the pin."""
        changed = level != self._level
        self._level = level
        edge = self.IRQ_RISING if level else self.IRQ_FALLING
        if changed and self._irq and self._irq[1] & edge:
            self._irq[0](self)


def _change_pin(id, data):
    _driven[id] = data[0]
    if id in _pins:
        _pins[id].change(data[0])


bus.handlers[frames.PIN] = _change_pin


def bitstream(pin, encoding, timing, data):
    """What a chain of addressable lights is sent."""
    if encoding != 0 or len(timing) != 4:
        raise ValueError("invalid encoding")
    bus.note(frames.LIGHT, pin.number, data)


def __getattr__(name):
    """Classes that few programs use; a chip has them in its flash."""
    if name not in _LATE:
        raise AttributeError(name)
    return getattr(load_late(_LATE[name]), name)


_LATE = {"I2C": "i2c", "SoftI2C": "i2c", "SPI": "spi", "ADC": "adc"}
load_late = None  # set by the launcher
