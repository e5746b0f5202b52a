"""What devices on a Modbus line take of the heap, and what readings of them leave there.

/bench.json has a bus and devices as in a configuration. Its line answers at once, with zeros.
"""

import asyncio
import gc
import json
from time import ticks_diff, ticks_ms

from limen import drivers
from limen.core.modbus import close_frame
from limen.hal import board
from limen.making import make_channel
from limen.service.clock import Clock
from limen.service.poll import Device, Poll

_LATER_MS = 300


class Uart:
    """Takes a request and has its reply; allocates only once for each request."""

    def __init__(self):
        self._replies = {}
        self._reply = b""
        self._at = 0

    def write(self, frame):
        size = 2 * frame[5]
        if size not in self._replies:
            self._replies[size] = bytearray(size + 5)
        reply = self._replies[size]
        reply[0] = frame[0]
        reply[1] = frame[1]
        reply[2] = size
        close_frame(reply, size + 3)
        self._reply = reply
        self._at = 0

    def any(self):
        return len(self._reply) - self._at

    def readinto(self, buffer):
        size = self.any()
        for index in range(size):
            buffer[index] = self._reply[index]
        self._at = len(self._reply)
        return size or None


class Store:
    def get(self, name):
        return None


class Pulse:
    def beat(self, within_s):
        pass


class Bench:
    def __init__(self, order):
        self.clock = Clock(ticks_ms, ticks_diff, board.rtc())
        self.left = order["readings"]
        self.is_counting = False
        self.used = 0
        settings = order["bus"]
        self.bus = drivers.load(settings["kind"])[0]((Uart(), None, 0), settings)
        self.poll = Poll(self.bus, self.clock, Store(), self.take, None)
        self.done = asyncio.Event()

    def add(self, part):
        """Make a device and read it once; return what it takes."""
        gc.collect()
        before = gc.mem_alloc()
        shared, schedules = {}, {}
        channels = tuple(make_channel(spec, shared, schedules) for spec in part["channel"])
        reader = drivers.load(self.bus.kind)[1](self.bus, part, channels)
        device = Device(part["id"], channels, reader)
        self.poll.serve(0, device)
        device.mark_due(self.clock.s, self.clock.ms)
        reader.read()
        while reader.step() >= 0:
            pass
        gc.collect()
        return gc.mem_alloc() - before

    def take(self, number, device):
        for channel in device.channels:
            channel.fresh = False
        if self.is_counting:
            self.left -= 1
            if not self.left:
                self.used += gc.mem_alloc()
                self.done.set()

    async def read(self):
        """Return how many bytes the readings have left on the heap."""
        task = asyncio.create_task(self.poll.run(Pulse()))
        await asyncio.sleep_ms(_LATER_MS)
        gc.collect()
        gc.disable()
        self.is_counting = True
        self.used = -gc.mem_alloc()
        await self.done.wait()
        gc.enable()
        task.cancel()
        return self.used


def main():
    with open("/bench.json") as file:
        order = json.load(file)
    bench = Bench(order)
    devices = [bench.add(part) for part in order["devices"]]
    print(json.dumps({"devices": devices, "left": asyncio.run(bench.read())}))


main()
