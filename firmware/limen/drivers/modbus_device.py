"""A device on a Modbus line: reads the registers of the channels that are due, exactly.

Channels of one rate are due together, so the requests depend only on which rates are due: they
are planned when such a set comes for the first time, and kept: as bytes, which are the first six
of the frame, and an index for each channel that is read by it. A failing request gives
its channels bad quality, never an exception. A device that does not answer its first request is
not asked for the rest, and only once at the next reading, so that a dead meter costs its
neighbours a timeout. A reply is decoded while the next request is on the line.

A request that the device refuses or leaves unanswered although it serves its parts is cut:
`modbus_cuts`. A reply that comes too late must not be taken for the one to another request that
looks alike: before such a request the device gets as much time again.
"""

import gc
import time
from array import array

from limen.core import modbus
from limen.core.compat import const
from limen.core.numbers import number
from limen.core.planner import plan
from limen.core.quality import BAD, GOOD
from limen.drivers import DONE

_REFUSALS = (2, 3)  # illegal data address, illegal data value
_HEAD_BYTES = const(6)  # of a frame without its CRC; indices of channels follow in a request


class Device:
    """`settings` are the device's part of the configuration, in which the entry of each of the
    `channels` has a `register`: address, kind, order, numerator, denominator, sentinels; and an
    `fc` where it is not read with the device's function. There are 256 channels at most. A request
    that fails is sent `attempts` times in all.

    `answered` says whether the device answered anything at the last reading; None: nothing could
    be asked, for the bus has no link. `lesson` is what it
    has taught about its registers, to be kept and given to `recall` after the next boot; None:
    nothing new.
    """

    def __init__(self, bus, settings, channels, attempts=2):
        self.bus = bus
        self.address = settings["address"]
        self._longest = settings["max_registers"]
        self._pause_ms = settings["pause_ms"]
        self._framing = settings.get("framing")
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
        self._frame = bytearray(modbus.REQUEST_BYTES)
        self._todo = ()
        self._next = self._probed = 0
        self._left = self._wait_ms = self._data = self._owed_since_ms = 0
        self._cuts = self._owed = self._mute = self._undecoded = self.lesson = None
        self._heard = False
        self._decode_late = self._decode
        self.answered = True

    def move(self, distance):
        """Read all registers that much further on: where they lie is known at run time only."""
        for index in range(len(self._starts)):
            self._starts[index] += distance
        self._plans = {}

    def recall(self, lesson):
        """Take up what the device taught before this boot."""
        from limen.drivers.modbus_cuts import Cuts

        self._cuts = Cuts(lesson)
        self._plans = {}

    def read(self):
        """Begin to give the channels that are marked `fresh` their value, a count or None, and
        quality; `step` does it."""
        self._tune()
        self._begin(self.requests(), self._attempts if self.answered else 1)

    def probe(self):
        """Begin to read a single channel, another one each time, to see if the device is there."""
        self._tune()
        self._probed = (self._probed + 1) % len(self._starts)
        self._begin((self._request((self._probed,)),), 1)

    def _tune(self):
        """Set the line to this device's framing, where devices differ."""
        if self._framing:
            self.bus.tune(self._framing)

    def _begin(self, todo, attempts):
        self._todo = todo
        self._next = 0
        self._left = attempts
        if todo:
            self.answered = False
            self._start()

    def step(self):
        """Go on; return the milliseconds to sleep, 0 for one pass of the event loop, or DONE."""
        while self._next < len(self._todo):
            if self._wait_ms:
                ms = self._wait_ms
                self._wait_ms = 0
                return ms
            ms = self.bus.step()
            if ms != DONE:
                return ms
            self._finish(self.bus.result)
        self._decode()
        if self._cuts:
            self._try_without_cut()
        return DONE

    def _start(self):
        """Prepare the next request: it goes out when no other reply can be taken for its own."""
        request = self._todo[self._next]
        owed = self._owed
        self._wait_ms = 0
        if owed and owed is not request:
            late_ms = time.ticks_diff(time.ticks_ms(), self._owed_since_ms)
            if not 0 <= late_ms < self.bus.late_ms:
                self._owed = None
            elif owed[1] == request[1] and owed[4:6] == request[4:6]:
                self._wait_ms = self.bus.late_ms - late_ms
        self.bus.start(self.frame(request), self._pause_ms)

    def frame(self, request):
        """The frame of a request; valid until the next one is asked for."""
        frame = self._frame
        for index in range(_HEAD_BYTES):
            frame[index] = request[index]
        modbus.close_frame(frame, _HEAD_BYTES)
        return frame

    def _finish(self, result):
        """Keep the reply to a request; or repeat it, ask for its parts, or give it up."""
        request = self._todo[self._next]
        if result == modbus.OK:
            self._keep(request)
        elif result == modbus.EXCEPTION:
            self.answered = True
            if self.bus.reply.exception in _REFUSALS and self._cut(request[_HEAD_BYTES:]):
                return
        elif result == modbus.NO_LINK:
            self.answered = self.answered or None
        else:
            self._owe(request)
            self._left -= 1
            if self._left:
                self.bus.start(self._frame, self._pause_ms)
                return
            if self._is_mute(request) and self._cut(request[_HEAD_BYTES:]):
                return
        self._go_on(result)

    def _keep(self, request):
        self.answered = True
        self._undecoded = self._todo[self._next]
        self._data = self.bus.reply.data
        if self._owed is request:
            self._owe(request)  # it may answer the first attempt, and another one may follow
        if self._mute is request:
            self._mute = None
        self._heard = True
        if self._cuts:
            self._cuts.accept(request)

    def _owe(self, request):
        self._owed = request
        self._owed_since_ms = time.ticks_ms()

    def _is_mute(self, request):
        """Whether a request is unanswered the second time although others were in between."""
        if self._mute is request and self._heard:
            self._mute = None
            return True
        self._mute = request
        self._heard = False
        return False

    def _go_on(self, result):
        """Go to the next request; there is none for a device that does not seem to be there."""
        if result != modbus.OK:
            self._fail()
        self._next += 1
        self._left = self._attempts
        is_gone = result == modbus.TIMEOUT or result == modbus.NO_LINK
        while is_gone and not self.answered and self._next < len(self._todo):
            self._fail()
            self._next += 1
        if self._next < len(self._todo):
            self.bus.meanwhile(self._decode_late)
            self._start()

    def _fail(self):
        request = self._todo[self._next]
        for at in range(_HEAD_BYTES, len(request)):
            channel = self._channels[request[at]]
            channel.value = None
            channel.quality = BAD

    def _decode(self):
        """Take the values from the reply that came last."""
        if self._undecoded is None:
            return
        request = self._undecoded
        self._undecoded = None
        start = request[2] << 8 | request[3]
        begin, step = self._data, 2
        if request[1] <= modbus.READ_BITS:
            begin, step = 8 * begin, 1  # a bit counts bits from the beginning of the buffer
        for at in range(_HEAD_BYTES, len(request)):
            index = request[at]
            channel = self._channels[index]
            offset = begin + step * (self._starts[index] - start)
            value = self._numbers[index].decode(self.bus.reply.buffer, offset)
            channel.value = value
            channel.quality = BAD if value is None else GOOD

    def requests(self):
        """The requests for the channels that are marked `fresh`."""
        rates = 0
        for channel in self._channels:
            if channel.fresh:
                rates |= self._rate_bits[channel.schedule]
        requests = self._plans.get(rates)
        if requests is None:
            requests = self._plans[rates] = self._plan(rates)
        return requests

    def _plan(self, rates):
        """The requests for all channels of some rates."""
        parts = []
        for function in sorted(set(self._functions)):
            parts += self._parts(function, rates)
        # They are kept as long as the device: they are made when what planning took is free again,
        # so that they do not lie all over the heap.
        gc.collect()
        return tuple([self._known(self._request(members)) for members in parts])

    def _parts(self, function, rates):
        """The channels of some rates that are read with one function, request by request."""
        members = [
            index
            for index, channel in enumerate(self._channels)
            if self._functions[index] == function and self._rate_bits[channel.schedule] & rates
        ]
        spans = [(self._starts[index], self._numbers[index].words) for index in members]
        bits, longest = 16, self._longest
        if function <= modbus.READ_BITS:
            bits, longest = 1, min(modbus.MAX_BITS, 16 * longest)
        overhead_bytes = self.bus.overhead_bytes(self._pause_ms)
        cuts = self._cuts.of(function) if self._cuts else ()
        requests = plan(spans, longest, overhead_bytes, cuts, bits)
        return [members[first:end] for _, _, first, end in requests]

    def _known(self, request):
        """The same request in another plan, if there is one: it need not be kept twice."""
        for requests in self._plans.values():
            if request in requests:
                return requests[requests.index(request)]
        return request

    def _request(self, members):
        """The request that reads these channels, which lie in order."""
        first = members[0]
        start = self._starts[first]
        stop = max([self._starts[index] + self._numbers[index].words for index in members])
        frame = self._frame
        modbus.encode_read(frame, self.address, self._functions[first], start, stop - start)
        return bytes(frame[:_HEAD_BYTES]) + bytes(members)

    def _cut(self, members):
        """Ask for the two parts of the request instead; whether it has parts."""
        if len(members) < 2:
            return False
        from limen.drivers.modbus_cuts import Cuts

        self._cuts = self._cuts or Cuts(())
        spans = [(self._starts[index], self._numbers[index].words) for index in members]
        count = self._cuts.refuse(self._functions[members[0]], spans)
        parts = self._request(members[:count]), self._request(members[count:])
        self._todo = self._todo[: self._next] + parts + self._todo[self._next + 1 :]
        self._plans = {}
        self._left = self._attempts
        self._start()
        return True

    def _try_without_cut(self):
        """See which cuts are needed; when all are known, they are the lesson."""
        if self._cuts.try_without():
            self._plans = {}
        self.lesson = self._cuts.take_lesson()


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
        if channel.schedule not in bits:
            bits[channel.schedule] = 1 << len(bits)
    return bits
