"""A device on a Modbus line: reads the registers of the channels that are due, exactly.

Channels of one rate are due together, so the requests depend only on which rates are due: they
are planned when such a set comes for the first time, and kept. A failing request gives its
channels bad quality, never an exception. A device that answered nothing at a whole poll is asked
once at the next ones, so that a dead meter costs its neighbours one timeout.
"""

from array import array

from limen.core import modbus
from limen.core.compat import const
from limen.core.numbers import number
from limen.core.planner import plan
from limen.core.quality import BAD, GOOD

_READ_BITS = const(2)  # functions 1 and 2 read bits, 3 and 4 registers


class Device:
    """`settings` are the device's part of the configuration, in which the entry of each of the
    `channels` has a `register`: address, kind, order, numerator, denominator, sentinels; and an
    `fc` where it is not read with the device's function. A request that fails is sent `attempts`
    times in all."""

    def __init__(self, bus, settings, channels, attempts=2):
        self.bus = bus
        self._address = settings["address"]
        self._longest = settings["max_registers"]
        self._pause_ms = settings["pause_ms"]
        self._attempts = attempts
        registers = [entry["register"] for entry in settings["channel"]]
        functions = [entry.get("fc", settings["fc"]) for entry in settings["channel"]]
        places = [(functions[index], register[0]) for index, register in enumerate(registers)]
        order = sorted(range(len(channels)), key=lambda index: places[index])
        self._channels = [channels[index] for index in order]
        self._functions = bytes(functions[index] for index in order)
        self._starts = array("H", [registers[index][0] for index in order])
        self._numbers = _numbers([registers[index] for index in order])
        self._rate_bits = _rate_bits(self._channels)
        self._plans = {}
        self.silent = False

    def move(self, distance):
        """Read all registers that much further on: where they lie is known at run time only."""
        for index in range(len(self._starts)):
            self._starts[index] += distance
        self._plans = {}

    async def read(self):
        """Give the channels that are marked `fresh` their value, a count or None, and quality."""
        answered = given_up = False
        for function, start, count, members in self._requests():
            result = modbus.TIMEOUT if given_up else await self._ask(function, start, count)
            answered = answered or result != modbus.TIMEOUT
            given_up = self.silent and not answered
            self._decode(function, start, members, result == modbus.OK)
        self.silent = not answered

    async def _ask(self, function, start, count):
        attempts = 1 if self.silent else self._attempts
        while True:
            result = await self.bus.read(self._address, function, start, count, self._pause_ms)
            attempts -= 1
            if result in (modbus.OK, modbus.EXCEPTION) or not attempts:
                return result

    def _decode(self, function, start, members, good):
        reply = self.bus.reply
        begin, step = reply.data, 2
        if function <= _READ_BITS:
            begin, step = 8 * begin, 1  # a bit counts bits from the beginning of the buffer
        for index in members:
            channel = self._channels[index]
            value = None
            if good:
                offset = begin + step * (self._starts[index] - start)
                value = self._numbers[index].decode(reply.buffer, offset)
            channel.value = value
            channel.quality = BAD if value is None else GOOD

    def _requests(self):
        rates = 0
        for channel in self._channels:
            if channel.fresh:
                rates |= self._rate_bits[channel.every_ms]
        requests = self._plans.get(rates)
        if requests is None:
            requests = self._plans[rates] = self._plan(rates)
        return requests

    def _plan(self, rates):
        """The requests for all channels of some rates: (function, start, count, indices)."""
        requests = []
        for function in sorted(set(self._functions)):
            members = [
                index
                for index, channel in enumerate(self._channels)
                if self._functions[index] == function and self._rate_bits[channel.every_ms] & rates
            ]
            registers = [(self._starts[index], self._numbers[index].words) for index in members]
            planned = plan(registers, self._longest, self.bus.overhead_bytes())
            for start, count, first, end in planned:
                requests.append((function, start, count, tuple(members[first:end])))
        return requests


def _numbers(registers):
    """A decoder for each register; those that differ only in address share one."""
    shared = {}
    numbers = []
    for register in registers:
        kind, order, numerator, denominator = register[1:5]
        key = tuple(register[1:])
        if key not in shared:
            shared[key] = number(kind, order, numerator, denominator, key[4:])
        numbers.append(shared[key])
    return numbers


def _rate_bits(channels):
    bits = {}
    for channel in channels:
        if channel.every_ms not in bits:
            bits[channel.every_ms] = 1 << len(bits)
    return bits
