"""Modbus TCP without I/O: frames of RTU into those of TCP, bytes of a connection into a reply.

A frame of TCP is transaction id, protocol 0 and length, two bytes each; then unit, function and
data as in RTU, without the CRC. The id of a reply is that of its request, so a late reply is told
from the one awaited. A connection gives no stray bytes: where a header is none, the beginning of
the next frame cannot be found either, and the connection is of no use any longer.

Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.
"""

from limen.core.compat import const
from limen.core.modbus import (
    GARBAGE,
    SHORT,
    TIMEOUT,
    WAITING,
    WRONG_ADDRESS,
    WRONG_COUNT,
    WRONG_FUNCTION,
    Reply,
)

_HEADER = const(6)
_CRC = const(2)
_SHORTEST = const(9)
_LONGEST = const(260)
_EXCEPTION_FLAG = const(0x80)
_EXCEPTION_BYTES = const(3)
_READ_REQUEST = const(12)
_NO_FRAME = const(-2)


class TcpReply(Reply):
    """As `modbus.Reply`. `encode` is called before `expect`, and `compact` when the data of the
    reply before are no longer needed: what came behind it is kept. `late` counts replies that were
    not awaited any longer."""

    def __init__(self):
        super().__init__()
        self._frame = bytearray(_READ_REQUEST)
        self.awaited = 0  # the id of the transaction
        self._at = 0  # where the next frame begins
        self.late = 0

    def encode(self, request):
        """Return the frame for one of RTU, with the next transaction id."""
        size = len(request) - _CRC
        if len(self._frame) != _HEADER + size:
            self._frame = bytearray(_HEADER + size)
        frame = self._frame
        self.awaited = self.awaited + 1 & 0xFFFF
        frame[0] = self.awaited >> 8
        frame[1] = self.awaited & 0xFF
        frame[4] = size >> 8
        frame[5] = size & 0xFF
        for index in range(size):
            frame[_HEADER + index] = request[index]
        return frame

    def restart(self):
        """A new connection begins."""
        self.length = self._at = 0

    def compact(self):
        """Make room: forget the frames that were taken."""
        if not self._at:
            return
        rest = self.length - self._at
        for index in range(rest):
            self.buffer[index] = self.buffer[self._at + index]
        self.length = rest
        self._at = 0

    def finish(self):
        """The time is up: return the result."""
        return SHORT if self.length > self._at else TIMEOUT

    def _clear(self):
        """What has come belongs to the connection, not to a request."""

    def next_id(self):
        """The transaction id of the next frame; negative if it is not here."""
        end = self._end()
        if end <= 0:
            return end
        return self.buffer[self._at] << 8 | self.buffer[self._at + 1]

    def _end(self):
        """Where the next frame ends; not positive if it is not here."""
        buffer, at = self.buffer, self._at
        if self.length - at < _HEADER:
            return WAITING
        end = at + _HEADER + (buffer[at + 4] << 8 | buffer[at + 5])
        if buffer[at + 2] or buffer[at + 3] or not _SHORTEST <= end - at <= _LONGEST:
            return _NO_FRAME
        return end if end <= self.length else WAITING

    def _search(self, last):
        end = self._end()
        while end > 0:
            begin = self._at
            is_awaited = self.next_id() == self.awaited
            self._at = end
            if is_awaited:
                return self._judge(begin + _HEADER, end)
            self.late += 1
            end = self._end()
        return GARBAGE if end == _NO_FRAME else WAITING

    def _judge(self, begin, end):
        """The result that the reply is, from its unit on."""
        self._begin = begin
        if self.buffer[begin] != self._address:
            return WRONG_ADDRESS
        function = self.buffer[begin + 1]
        if function & ~_EXCEPTION_FLAG != self._function:
            return WRONG_FUNCTION
        if function & _EXCEPTION_FLAG:
            return self._found() if end - begin == _EXCEPTION_BYTES else WRONG_COUNT
        is_right = self._frame_bytes(begin) == end - begin + _CRC and self._repeats()
        return self._found() if is_right else WRONG_COUNT
