"""A bus of pins, a clock on which its drivers sleep, and devices on it."""

from fake_turn import run

from limen import drivers
from limen.core.schedule import Schedule
from limen.drivers import analog_vibration, current_transformer, digital_in, pins, pulse

WRAP = 1 << 30


class TimedOut(Exception):
    pass


class Clock:
    """Stands for `time` and `asyncio`: time passes in sleeps and in what the test does."""

    def __init__(self, ms):
        self.us = ms * 1000
        self.timeline = []
        self.flag = False

    TimeoutError = TimedOut

    def ThreadSafeFlag(self):
        return self

    def set(self):
        self.flag = True

    def wait(self):
        return None

    def ticks_ms(self):
        return self.us // 1000 % WRAP

    def ticks_us(self):
        return self.us % WRAP

    def ticks_add(self, ticks, delta):
        return (ticks + delta) % WRAP

    def ticks_diff(self, a, b):
        return (a - b + WRAP // 2) % WRAP - WRAP // 2

    def sleep_us(self, us):
        self.us += us

    async def sleep_ms(self, ms):
        self.us += ms * 1000

    async def wait_for_ms(self, flag, ms):
        """Until the flag is set by what happens on the timeline, or for `ms`."""
        end_us = self.us + ms * 1000
        while self.timeline and self.timeline[0][0] * 1000 <= end_us and not self.flag:
            at_ms, action = self.timeline.pop(0)
            self.us = max(self.us, at_ms * 1000)
            action()
        if self.flag:
            self.flag = False
            return
        self.us = end_us
        raise TimedOut


class Pin:
    def __init__(self, level):
        self.level = level
        self.handler = None

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level

    def change(self, level):
        self.level = level
        if self.handler:
            self.handler(self)


class Counter:
    def __init__(self):
        self.pulses = 0

    def value(self):
        return self.pulses % 32000


class Converter:
    def __init__(self, levels_uv, clock, takes_us=50):
        self.levels_uv = levels_uv
        self.clock = clock
        self.takes_us = takes_us

    def read_uv(self):
        self.clock.us += self.takes_us
        return self.levels_uv(self.clock.us)


class Port:
    COUNTER_RANGE = 32000

    def __init__(self):
        self.pins = {}
        self.made = []
        self.has_counter = True
        self.levels_uv = None

    def input(self, pin, pull):
        self.made.append((pin, pull))
        return self.pins.setdefault(pin, Pin(0))

    def watch(self, pin, on_edge):
        pin.handler = on_edge

    def keep_safe(self, outputs):
        self.safe = outputs

    def output(self, pin, level):
        self.made.append((pin, level))
        return self.pins.setdefault(pin, Pin(level))

    def counter(self, unit, pin, pull, edge):
        self.made.append((unit, pin, pull, edge))
        return self.pins.setdefault(pin, Counter()) if self.has_counter else None

    def analog(self, pin):
        return Converter(self.levels_uv, self.clock)


class Channel:
    def __init__(self, name="pulse_count", places=0):
        self.name = name
        self.places = places
        self.fresh = True
        self.value = self.quality = -1
        self.schedule = Schedule(0)
        self.schedule.due_s = 99


class Store(dict):
    def set(self, name, value):
        self[name] = value


def world(ms=5000):
    clock = Clock(ms)
    for module in (pulse, pins, digital_in, current_transformer, analog_vibration):
        module.time = clock
    pins.asyncio = current_transformer.asyncio = analog_vibration.asyncio = clock
    port = Port()
    port.clock = clock
    bus_class, _ = drivers.load("pins")
    settings = {"id": "pins", "kind": "pins", "outputs": [[4, 0]]}
    return bus_class(port, settings, Store()), clock


def device(bus, driver, **settings):
    _, device_class = drivers.load("pins", driver)
    channel = Channel()
    one = device_class(bus, dict({"id": "one", "pin": 4}, **settings), (channel,))
    one.channel = channel
    return one


def read(one):
    run(one.read())
    return one.channel.value, one.channel.quality
