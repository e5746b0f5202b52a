"""What a reading leaves on the heap: nothing. Real clock, real event loop, a line without delay."""

import asyncio
import gc
import time

from fake_line import meter, read, settings

from limen.core.channel import Channel
from limen.core.quality import GOOD
from limen.core.schedule import Schedule
from limen.drivers import modbus_bus, modbus_device, modbus_rtu
from limen.service import poll
from limen.service.clock import Clock
from limen.service.poll import Device, Poll

PARTS = ((0, 20), (200, 40))


class Uart:
    """Answers at once what it was given for a frame, and allocates nothing."""

    def __init__(self, replies):
        self._replies = replies
        self._reply = b""
        self._at = 0

    def write(self, frame):
        self._at = 0
        self._reply = b""
        for request, reply in self._replies:
            if request == frame:
                self._reply = reply

    def txdone(self):
        return True

    def any(self):
        return len(self._reply) - self._at

    def readinto(self, buffer):
        size = min(len(buffer), self.any())
        for index in range(size):
            buffer[index] = self._reply[self._at + index]
        self._at += size
        return size or None


class Pin:
    def value(self, level):
        pass


class Rtc:
    def datetime(self, value=None):
        return 2000, 1, 1, 5, 0, 0, 0, 0


class Pulse:
    def beat(self, within_s):
        pass


class Store:
    def get(self, name):
        return None


class Sink:
    """Takes the readings, and ends the run after so many."""

    def __init__(self):
        self.left = -1
        self.done = asyncio.Event()
        self.allocated = 0

    def take(self, number, device):
        for channel in device.channels:
            channel.fresh = False
            assert channel.quality == GOOD
        self.left -= 1
        if self.left == 0:
            self.allocated = gc.mem_alloc()
            self.done.set()


def make_poll(sink):
    """Four meters of 20 integers and 20 floats each, in two requests, every 20 ms."""
    frames = [read(address, 4, start, count) for address in range(1, 5) for start, count in PARTS]
    uart = Uart([(frame, meter(frame)) for frame in frames])
    bus = modbus_rtu.Bus((uart, Pin(), 0), settings(baud=115200))
    clock = Clock(time.ticks_ms, time.ticks_diff, Rtc())
    bus_poll = Poll(bus, clock, Store(), sink.take, None)
    for address in range(1, 5):
        registers = [[n, "u16", "ABCD", 1, 1] for n in range(20)]
        registers += [[200 + 2 * n, "f32", "ABCD", 10, 1] for n in range(20)]
        schedule = Schedule(20)
        channels = [Channel({"name": "", "places": 1}, schedule) for n in range(40)]
        entries = [{"register": register} for register in registers]
        entry = {"address": address, "fc": 4, "max_registers": 125, "pause_ms": 0}
        entry["channel"] = entries
        reader = modbus_device.Device(bus, entry, channels)
        bus_poll.serve(address - 1, Device("meter", channels, reader))
    return bus_poll


async def measured(readings):
    """Bytes on the heap after so many readings, over those before."""
    sink = Sink()
    bus_poll = make_poll(sink)
    task = asyncio.create_task(bus_poll.run(Pulse()))
    await asyncio.sleep_ms(300)
    gc.collect()
    gc.disable()
    sink.left = readings
    before = gc.mem_alloc()
    await sink.done.wait()
    gc.enable()
    task.cancel()
    return sink.allocated - before


def test_a_reading_allocates_nothing():
    if not hasattr(gc, "mem_alloc"):
        print("skipped: this Python does not tell what is on its heap")
        return
    modbus_bus.time = modbus_rtu.time = modbus_device.time = time
    poll.asyncio = asyncio
    # What the event loop needs to end the run is in both.
    assert asyncio.run(measured(20)) == asyncio.run(measured(120))
