"""Plays a trace on an emulated line: what the gateway asks is answered as it was recorded.

A request that stands in the trace gets, byte by byte and after the same pause, the reply that was
the newest one at that time of the trace, silence and damage included. One that does not is answered
from the registers that others had read by then; where one of them was never read, with silence.
"""

import bisect
import struct

from host_tools.bus_trace import Exchange
from host_tools.emulation.line import Framing, Line
from host_tools.emulation.meter import crc16, request_length, silence_us, with_crc
from host_tools.emulation.scheduler import Scheduler

_READS = (3, 4)


class _History:
    """Things that were so from a time on; before the first of them that one is."""

    def __init__(self):
        self._times: list[int] = []
        self._things: list = []

    def add(self, time_us: int, thing) -> None:
        self._times.append(time_us)
        self._things.append(thing)

    def at(self, time_us: int):
        return self._things[max(0, bisect.bisect_right(self._times, time_us) - 1)]


class TracedLine:
    """All devices of a line, as a trace has them; the trace begins when the world does.

    `counts` has the requests answered from the trace, from its registers, and not at all.
    """

    def __init__(
        self, scheduler: Scheduler, line: Line, framing: Framing, exchanges: list[Exchange]
    ):
        self.counts = {"replayed": 0, "from registers": 0, "unknown": 0}
        self._scheduler = scheduler
        self._framing = framing
        self._first_us = exchanges[0].request.time_us
        self._replies: dict[bytes, _History] = {}
        self._registers: dict[tuple[int, int, int], _History] = {}
        for exchange in exchanges:
            self._learn(exchange)
        self._received = bytearray()
        self._port = line.port(framing, self._receive)
        self._silence = scheduler.after(0, self._received.clear)

    def sentence(self) -> str:
        """What became of the requests."""
        parts = ", ".join(f"{count} {what}" for what, count in self.counts.items())
        return f"Requests by what answered them: {parts}."

    def _learn(self, exchange: Exchange) -> None:
        request, reply = exchange.request, exchange.reply
        data, pause_us = b"", 0
        if reply:
            data = reply.data
            pause_us = reply.time_us - request.time_us - self._framing.duration_us(len(data))
        history = self._replies.setdefault(request.data, _History())
        history.add(request.time_us, (data, pause_us))
        for place, word in _words(request.data, data):
            self._registers.setdefault(place, _History()).add(reply.time_us, word)

    def _receive(self, data: bytes) -> None:
        self._silence.cancel()
        pause_us = silence_us(self._framing)
        self._silence = self._scheduler.after(pause_us, self._received.clear)
        self._received += data
        request = bytes(self._received)
        if len(request) == request_length(request) and not crc16(request):
            reply, recorded_us = self._reply(request)
            if reply:
                self._port.send(reply, max(pause_us, recorded_us))

    def _reply(self, request: bytes) -> tuple[bytes, int]:
        """What comes back, and after how long."""
        time_us = self._first_us + self._scheduler.now_us
        if request in self._replies:
            self.counts["replayed"] += 1
            return self._replies[request].at(time_us)
        words = [self._registers.get(place) for place in _places(request)]
        if not words or None in words:
            self.counts["unknown"] += 1
            return b"", 0
        self.counts["from registers"] += 1
        body = b"".join(word.at(time_us) for word in words)
        return with_crc(request[:2] + bytes([len(body)]) + body), 0


def _places(request: bytes) -> list[tuple[int, int, int]]:
    """(device, function, register) of all that a request reads."""
    if request[1] not in _READS:
        return []
    start, count = struct.unpack(">HH", request[2:6])
    return [(request[0], request[1], register) for register in range(start, start + count)]


def _words(request: bytes, reply: bytes) -> list[tuple[tuple[int, int, int], bytes]]:
    """The registers that a reply tells, if it is one that is right."""
    places = _places(request)
    if crc16(reply) or len(reply) != 5 + 2 * len(places) or reply[1] != request[1]:
        return []
    return [(place, reply[3 + 2 * at : 5 + 2 * at]) for at, place in enumerate(places)]
