"""A device on a Modbus line: reads the registers of the channels that are due, exactly.

Channels of one rate are due together, so the requests depend only on which rates are due: they
are planned when such a set comes for the first time, and kept. A failing request gives its
channels bad quality, never an exception. A device that answered nothing at a whole poll is asked
once at the next ones, so that a dead meter costs its neighbours one timeout.
"""

from array import array

from limen.core import modbus
from limen.core.numbers import number
from limen.core.planner import plan
from limen.core.quality import BAD, GOOD


class Device:
    """`settings` are the device's part of the configuration, in which the entry of each of the
    `channels` has a `register`: address, kind, order, numerator, denominator, sentinels. A
    request that fails is sent `attempts` times in all."""

    def __init__(self, bus, settings, channels, attempts=2):
        self.bus = bus
        self._address = settings["address"]
        self._function = settings["fc"]
        self._longest = settings["max_registers"]
        self._pause_ms = settings["pause_ms"]
        self._attempts = attempts
        registers = [entry["register"] for entry in settings["channel"]]
        order = sorted(range(len(channels)), key=lambda index: registers[index][0])
        self._channels = [channels[index] for index in order]
        self._starts = array("H", [registers[index][0] for index in order])
        self._numbers = _numbers([registers[index] for index in order])
        self._rate_bits = _rate_bits(self._channels)
        self._plans = {}
        self.silent = False

    async def read(self):
        """Give the channels that are marked `fresh` their value, a count or None, and quality."""
        answered = given_up = False
        for start, count, members in self._requests():
            result = modbus.TIMEOUT if given_up else await self._ask(start, count)
            answered = answered or result != modbus.TIMEOUT
            given_up = self.silent and not answered
            self._decode(start, members, result == modbus.OK)
        self.silent = not answered

    async def _ask(self, start, count):
        attempts = 1 if self.silent else self._attempts
        while True:
            result = await self.bus.read(
                self._address, self._function, start, count, self._pause_ms
            )
            attempts -= 1
            if result in (modbus.OK, modbus.EXCEPTION) or not attempts:
                return result

    def _decode(self, start, members, good):
        reply = self.bus.reply
        for index in members:
            channel = self._channels[index]
            value = None
            if good:
                offset = reply.data + 2 * (self._starts[index] - start)
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
        """The requests for all channels of some rates: (start, count, indices of channels)."""
        members = []
        registers = []
        for index, channel in enumerate(self._channels):
            if self._rate_bits[channel.every_ms] & rates:
                members.append(index)
                registers.append((self._starts[index], self._numbers[index].words))
        requests = plan(registers, self._longest, self.bus.overhead_bytes())
        return [(start, count, tuple(members[first:end])) for start, count, first, end in requests]


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
