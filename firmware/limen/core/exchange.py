"""One question to a line, and what the line says to it. Who carries it feeds bytes and times.

A poll is content with a reply; a doctor wants to know how long the device took, whether anything
came behind the reply, and what broken bytes were. An exchange is made, carried, and then looked
at. The carrier sets the line to `framing`, keeps it silent for `pause_ms` and at least the time
that the standard asks for, sends `request`, feeds what comes until `rest_us` says that it is over,
and closes. With an empty request it only listens.

A framing is (baud, parity, stop bits), parity None, 0 (even) or 1 (odd); None on a line that has
none, such as TCP.
"""

from limen.core import modbus, modbus_line
from limen.core.compat import const

# Adapters hand bytes over in groups: a pause this long within a frame is none.
_GROUPING_US = const(30000)
_LONGEST_FRAME = const(272)
_PAUSE_BYTES = const(4)
_EXCEPTION_BYTES = const(5)


def wire_us(framing, size):
    """How long so many characters take; 0 where there is no framing."""
    return size * modbus_line.character(*framing) >> 6 if framing else 0


def silence_us(framing):
    """The silence before a request; 0 where there is no framing."""
    return modbus_line.silence_us(framing[0], modbus_line.character(*framing)) if framing else 0


def read_request(address, function, start, count):
    """The frame that asks for `count` registers from `start` on."""
    request = bytearray(modbus.REQUEST_BYTES)
    modbus.encode_read(request, address, function, start, count)
    return request


class Exchange:
    """Once closed: `result`, a code of `modbus`; `frame`, the reply after OK; `exception`, the code
    after EXCEPTION; `turnaround_us`, how long the device took to begin, None without a reply;
    `received`, the number of bytes that came, and `stray`, of those behind the reply."""

    def __init__(self, framing, request, patience_ms, pause_ms=0, linger_ms=0):
        self.framing = framing
        self.request = request
        self.pause_ms = pause_ms
        self.result = modbus.WAITING
        self.frame = b""
        self.exception = self.received = self.stray = 0
        self.turnaround_us = None
        self._sent_us = wire_us(framing, len(request))
        self._until_us = patience_ms * 1000 + wire_us(framing, len(request) + 1)
        self._linger_us = linger_ms * 1000
        self._last_us = self._until_us + self._linger_us + wire_us(framing, _LONGEST_FRAME)
        self._reply = modbus.Reply()
        if request:
            self._reply.expect(request)

    def rest_us(self, at_us):
        """How long to listen on, `at_us` after the request began to leave; not above 0: it is
        over."""
        return self._until_us - at_us

    def feed(self, data, at_us):
        """Take what has come, `at_us` after the request began to leave."""
        self.received += len(data)
        if not self.request:
            return
        if self.result != modbus.WAITING:
            self.stray += len(data)
            return
        self.result = self._reply.feed(data, len(data))
        if self.result == modbus.WAITING:
            until_us = at_us + _GROUPING_US + wire_us(self.framing, _PAUSE_BYTES)
            self._until_us = min(self._last_us, until_us)
        else:
            self._found(at_us)

    def close(self):
        """No more bytes will come."""
        if self.request and self.result == modbus.WAITING:
            self.result = self._reply.finish()

    def other_address(self):
        """The address in a whole frame that is no reply to the request: who is late, or another
        master's traffic."""
        return self._reply.buffer[0] if self.result == modbus.WRONG_ADDRESS else None

    def _found(self, at_us):
        reply = self._reply
        self._until_us = at_us + self._linger_us
        reply_us = wire_us(self.framing, reply.length)
        self.turnaround_us = max(0, at_us - self._sent_us - reply_us)
        if self.result == modbus.EXCEPTION:
            self.exception = reply.exception
            return
        begin = reply.data - 3
        end = begin + reply.expected_bytes()
        self.frame = bytes(reply.buffer[begin:end])
        self.stray = reply.length - end
