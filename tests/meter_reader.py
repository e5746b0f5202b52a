"""Reads meters that are given as bare registers, with the firmware's own device driver.

Runs under both Pythons. A job is {"settings": a device's compact configuration, "cells": what each
(function, address) holds}; the frames on the line between are real ones.
"""

import json

from limen.core import modbus
from limen.core.channel import Channel
from limen.drivers.modbus_device import Device


class Line:
    """A bus with one meter; `cells` maps "function/address" to a register or a bit.

    It refuses what the meter's document forbids, and registers that it does not have read as 0.
    """

    def __init__(self, cells, longest):
        self.reply = modbus.Reply()
        self._cells = cells
        self._longest = longest
        self.requests = 0

    def overhead_bytes(self):
        return 20

    async def read(self, address, function, start, count, pause_ms=0):
        self.requests += 1
        request = bytearray(modbus.REQUEST_BYTES)
        modbus.encode_read(request, address, function, start, count)
        self.reply.expect(request)
        frame = self._answer(address, function, start, count)
        crc = modbus.crc16(frame, 0, len(frame))
        frame += bytes([crc & 0xFF, crc >> 8])
        return self.reply.feed(frame, len(frame))

    def _answer(self, address, function, start, count):
        if function > 2 and count > self._longest or start + count > 0x10000:
            return bytes([address, function | 0x80, 3])
        held = [self._cells.get(f"{function}/{start + i}", 0) for i in range(count)]
        if function > 2:
            data = b"".join([bytes([word >> 8, word & 0xFF]) for word in held])
        else:
            packed = [
                sum([bit << i for i, bit in enumerate(held[n : n + 8])]) for n in range(0, count, 8)
            ]
            data = bytes(packed)
        return bytes([address, function, len(data)]) + data


def run(coroutine):
    """Run a coroutine that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("the driver waits for something that no line gives")


def read(job):
    """[count or None] for the channels of a job, in their order."""
    settings = job["settings"]
    channels = [Channel(index, entry) for index, entry in enumerate(settings["channel"])]
    for channel in channels:
        channel.fresh = True
    line = Line(job["cells"], job["longest"])
    run(Device(line, settings, channels).read())
    return [None if channel.quality else channel.value for channel in channels]


def main(path):
    """Write the counts of all jobs in a file of JSON to the standard output."""
    with open(path) as file:
        for line in file:
            print(json.dumps(read(json.loads(line))))
