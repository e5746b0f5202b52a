"""An I²C port that answers from a script, a clock, and the devices of a driver on it."""

from fake_turn import run

from limen import drivers
from limen.drivers import (
    accelerometer,
    ads1115,
    bme280,
    onewire,
    sht3x,
)


class Clock:
    """Stands for `time` and `asyncio` in the drivers: time passes only in sleeps."""

    def __init__(self):
        self.ms = 5000

    def ticks_ms(self):
        return self.ms

    def ticks_diff(self, a, b):
        return a - b

    async def sleep_ms(self, ms):
        self.ms += ms


def new_clock():
    clock = Clock()
    for module in (accelerometer, ads1115, bme280, onewire, sht3x):
        module.asyncio = clock
    onewire.time = clock
    return clock


class Port:
    """An I2C port with one chip: `registers` as read, {register: bytes}; `written` in order."""

    def __init__(self, registers=None, answer=b""):
        new_clock()
        self.registers = registers or {}
        self.answer = answer
        self.written = []
        self.dead = False

    def _check(self):
        if self.dead:
            raise OSError(19)

    def writeto(self, address, data):
        self._check()
        self.written.append(bytes(data))

    def readfrom_into(self, address, buffer):
        self._check()
        buffer[:] = self.answer

    def writeto_mem(self, address, register, data):
        self._check()
        self.written.append((register, bytes(data)))

    def readfrom_mem_into(self, address, register, buffer):
        self._check()
        buffer[:] = self.registers[register][: len(buffer)]


class Channel:
    def __init__(self, name, places=2):
        self.name = name
        self.places = places
        self.fresh = True
        self.value = self.quality = -1

    def result(self):
        return self.value, self.quality


def device(driver, port, channels, kind="i2c", **settings):
    bus_class, device_class = drivers.load(kind, driver)
    bus = bus_class(port, {"id": "wires", "kind": kind})
    one = device_class(bus, dict({"address": 0x40}, **settings), channels)
    one.channels = channels
    return one


def read(one):
    run(one.read())
    return [channel.result() for channel in one.channels]


def both(*names):
    return [Channel(name) for name in names]
