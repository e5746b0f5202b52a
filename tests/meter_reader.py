"""Reads meters that are given as bare registers, with the firmware's own device driver.

Runs under both Pythons. A job is {"settings": a device's compact configuration, "cells": what each
(function, address) holds}; the frames on the line between are real ones.
"""

import json

from limen import drivers
from limen.core import modbus
from limen.core.channel import Channel


class Line:
    """A bus with one meter; `cells` maps "function/address" to a register or a bit.

    It refuses requests that are longer than the meter takes. Registers that it does not have read
    as 0, or are refused where it `refuses`.
    """

    def __init__(self, cells, longest, refuses):
        self.reply = modbus.Reply()
        self._cells = cells
        self._longest = longest
        self._refuses = refuses

    def overhead_bytes(self):
        return 20

    async def read(self, address, function, start, count, pause_ms=0):
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
        names = [f"{function}/{start + i}" for i in range(count)]
        if self._refuses and [name for name in names if name not in self._cells]:
            return bytes([address, function | 0x80, 2])
        held = [self._cells.get(name, 0) for name in names]
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
    _, device_class = drivers.load("modbus-rtu", settings.get("driver"))
    line = Line(job["cells"], job["longest"], job.get("refuses", False))
    run(device_class(line, settings, channels).read())
    return [None if channel.quality else channel.value for channel in channels]


def main(path):
    """Write the counts of all jobs in a file of JSON to the standard output."""
    with open(path) as file:
        for line in file:
            print(json.dumps(read(json.loads(line))))
