"""Sends readings of a device through the gateway to a broker that is not there, one at a time.

The gateway is as the firmware makes it, its buses left out, on a socket that takes every byte at
once and acknowledges every publish. /bench.json has the number of readings, how many channels are
fresh in each, whether their values pass the filters, and whether heap is counted instead of time.
Of each reading it is noted what `Path.take` needs, and what it needs until its bytes are out.
"""

import asyncio
import gc
import io
import json
import socket
from time import ticks_diff, ticks_us

from limen.app import CONFIGURATION, Gateway
from limen.core.quality import GOOD

POLL = 3
POLL_READ = 1
POLL_WRITE = 4
FIRST_S = 830_000_000  # in 2026, counted from 2000
CLOCK_SET = '{"clock":"set","uptime_ms":0,"utc_ms":1776684800000,"source":"ntp"}'
DEVICE = 1
PERIOD_S = 10  # longer than any filter of the site holds a change back


def count_time():
    return ticks_us()


def count_heap():
    return gc.mem_alloc()


class Probe:
    """Takes the counter's reading at the first write after `begin`."""

    def __init__(self, count):
        self.count = count
        self.is_armed = False
        self.taken = self.sent = 0

    def begin(self):
        self.is_armed = True
        self._began = self.count()

    def note_taken(self):
        self.taken = ticks_diff(self.count(), self._began)

    def note_write(self):
        if self.is_armed:
            self.sent = ticks_diff(self.count(), self._began)
            self.is_armed = False


class Socket(io.IOBase):
    """Stands for the network, and for the broker behind it."""

    def __init__(self, *kind):
        self._answer = b""
        self._missing = 0

    def ioctl(self, request, flags):
        if request != POLL:
            return -1  # it has no descriptor: 0 would be the console's
        return flags & (POLL_WRITE | (POLL_READ if self._answer else 0))

    def setblocking(self, flag):
        pass

    def setsockopt(self, level, option, value):
        pass

    def connect(self, address):
        pass

    def write(self, data):
        probe.note_write()
        if self._missing:
            self._missing -= len(data)
        else:
            self._begin_packet(data)
        return len(data)

    def _begin_packet(self, data):
        at = 1
        length = data[at] & 127
        while data[at] & 128:
            length |= (data[at + 1] & 127) << 7 * at
            at += 1
        at += 1
        self._missing = at + length - len(data)
        if data[0] & 0xF0 == 0x10:
            self._answer = b"\x20\x02\x00\x00"
        elif data[0] & 0xF6 == 0x32:
            pid_at = at + 2 + (data[at] << 8 | data[at + 1])
            self._answer += b"\x40\x02" + bytes(data[pid_at : pid_at + 2])

    def readinto(self, buffer):
        size = len(self._answer)
        buffer[:size] = self._answer
        self._answer = b""
        return size


def read(device, number, channels, passes):
    """What a driver does: fresh values, beyond every deadband where they are to pass."""
    value = 200000 if passes and number & 1 else 100000
    for channel in device.channels[:channels]:
        channel.value = value
        channel.quality = GOOD
        channel.fresh = True
    device.s += PERIOD_S


async def until_sent(outbox):
    while outbox.waiting():
        await asyncio.sleep_ms(0)


async def measure(gateway, order):
    """Send the readings; the first ones, after which all paths have been gone, do not count."""
    device = gateway.devices[DEVICE]
    takes = []
    sends = []
    for number in range(order["readings"] + 4):
        if number == 4:
            takes.clear()
            sends.clear()
        read(device, number, order["channels"], order["passes"])
        if order["heap"]:
            gc.collect()
        probe.begin()
        gateway.path.take(DEVICE, device)
        probe.note_taken()
        gateway.uplink.nudge()
        await until_sent(gateway.outbox)
        takes.append(probe.taken)
        sends.append(probe.sent)
    print(json.dumps({"take": takes, "send": sends, "samples": gateway.path.samples}))


async def main(gateway, order):
    gateway.clock.set_boot(FIRST_S, 0)
    gateway.path.put_event(0, 0, 0, 0, CLOCK_SET)
    asyncio.create_task(gateway.run())
    await until_sent(gateway.outbox)
    if order["heap"]:
        gc.disable()
    await measure(gateway, order)


with open("/bench.json") as file:
    order = json.load(file)
probe = Probe(count_heap if order["heap"] else count_time)
socket.socket = Socket
with open(CONFIGURATION) as lines:
    gateway = Gateway(lines)
    gateway.attach_brokers({})
gateway.buses = []
asyncio.run(main(gateway, order))
