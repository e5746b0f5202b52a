"""Reads meters that are given as bare registers, with the firmware's own frames and decoders.

Runs under both Pythons. A job is {"settings": a device's compact configuration, "cells": what each
"function/address" holds, "longest": the longest request that the meter takes}; the frames between
are real ones.
"""

import json

from limen.core import modbus
from limen.core.numbers import number

_BIT_FUNCTIONS = (1, 2)


class Meter:
    """A device on a line of its own. It refuses requests that are longer than it takes. Registers
    that it does not have read as 0, or are refused where it `refuses`.
    """

    def __init__(self, job):
        self._cells = job["cells"]
        self._longest = job["longest"]
        self._refuses = job.get("refuses", False)
        self._address = job["settings"]["address"]
        self.reply = modbus.Reply()

    def ask(self, function, start, count):
        """Exchange a request and its reply; return the result."""
        request = bytearray(modbus.REQUEST_BYTES)
        modbus.encode_read(request, self._address, function, start, count)
        self.reply.expect(request)
        frame = bytes([self._address]) + self._answer(function, start, count)
        crc = modbus.crc16(frame, 0, len(frame))
        frame += bytes([crc & 0xFF, crc >> 8])
        return self.reply.feed(frame, len(frame))

    def _answer(self, function, start, count):
        if function not in _BIT_FUNCTIONS and count > self._longest or start + count > 0x10000:
            return bytes([function | 0x80, 3])
        names = [f"{function}/{start + i}" for i in range(count)]
        if self._refuses and [name for name in names if name not in self._cells]:
            return bytes([function | 0x80, 2])
        held = [self._cells.get(name, 0) for name in names]
        if function in _BIT_FUNCTIONS:
            data = bytes([sum([bit << i for i, bit in enumerate(held)])])
        else:
            data = b"".join([bytes([word >> 8, word & 0xFF]) for word in held])
        return bytes([function, len(data)]) + data


def read(job):
    """[count or None] for the channels of a job, in their order."""
    settings = job["settings"]
    meter = Meter(job)
    base = model_address(meter, settings["sunspec"]) if "sunspec" in settings else 0
    return [value(meter, channel, settings["fc"], base) for channel in settings["channel"]]


def value(meter, channel, function, base):
    """What the meter has in the registers of one channel."""
    function = channel.get("fc", function)
    address, kind, order, numerator, denominator = channel["register"][:5]
    decoder = number(kind, order, numerator, denominator, tuple(channel["register"][5:]))
    if meter.ask(function, base + address, decoder.words) != modbus.OK:
        return "refused"
    data = meter.reply.data
    return decoder.decode(meter.reply.buffer, 8 * data if kind == "bit" else data)


def model_address(meter, models):
    """Where a SunSpec device has the first of these models."""
    from limen.core.sunspec import Search

    search = Search(models)
    while search.count:
        if meter.ask(3, search.address, search.count) == modbus.OK:
            search.take(meter.reply.buffer, meter.reply.data)
        else:
            search.refuse()
    return search.found


def main(path):
    """Write the counts of all jobs in a file of JSON to the standard output."""
    with open(path) as file:
        for line in file:
            print(json.dumps(read(json.loads(line))))
