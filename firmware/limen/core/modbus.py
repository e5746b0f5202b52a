"""Modbus RTU without I/O: requests into a buffer, bytes of the line into a reply.

A request to read is 8 bytes: address, function, start, count, CRC. Its reply is address, function,
byte count, data, CRC; or an exception: address, function + 128, code, CRC. Nothing marks the
beginning of a frame on a line, and turnaround puts stray bytes before it. So `Reply` searches:
a frame is where address, function and byte count are the expected ones and the CRC is right,
wherever it begins. The echo of the request fails that test like any stray bytes and is passed
over. Only when the line has fallen silent `finish` says what the bytes were instead. What is asked
less often than reading, `modbus_writes` and `modbus_identity` know; they load when it is asked.

Source: MODBUS over Serial Line V1.02 and MODBUS Application Protocol V1.1b3, modbus.org.
"""

from array import array

from limen.core.compat import const

MAX_REGISTERS = const(125)
MAX_BITS = const(2000)
READ_BITS = const(2)  # functions 1 and 2 read bits, 8 to a byte; 3 and 4 registers
REQUEST_BYTES = const(8)

# The result of a request; the names are those of the counters.
WAITING = const(-1)
OK = const(0)
TIMEOUT = const(1)  # nothing came, or nothing but the request's echo
EXCEPTION = const(2)
BAD_CRC = const(3)
SHORT = const(4)  # the beginning of a right frame
GARBAGE = const(5)
WRONG_ADDRESS = const(6)  # here and below: a whole frame with a right CRC, but not the reply
WRONG_FUNCTION = const(7)
WRONG_COUNT = const(8)
OVERLONG = const(9)  # the beginning of a right frame, and more bytes than it has
NO_LINK = const(10)  # nothing could be asked
RESULTS = (
    "ok",
    "timeout",
    "exception",
    "bad_crc",
    "short",
    "garbage",
    "wrong_address",
    "wrong_function",
    "wrong_count",
    "overlong",
    "no_link",
)

_LONGEST_FRAME = const(256)
_FRAME_BYTES = const(5)  # of a reply beside its data, and of an exception
_EXCEPTION_FLAG = const(0x80)
_LAST_READ = const(4)


def _crc_table():
    table = array("H", bytes(512))
    for index in range(256):
        crc = index
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
        table[index] = crc
    return table


_CRC_TABLE = _crc_table()


def crc16(buffer, start, end):
    """The CRC of buffer[start:end]; 0 when its last two bytes are the CRC of the others."""
    table = _CRC_TABLE
    crc = 0xFFFF
    while start < end:
        crc = crc >> 8 ^ table[(crc ^ buffer[start]) & 0xFF]
        start += 1
    return crc


def encode_read(buffer, address, function, start, count):
    """Write the request for `count` registers (or bits) from `start` on; return its length."""
    buffer[0] = address
    buffer[1] = function
    buffer[2] = start >> 8
    buffer[3] = start & 0xFF
    buffer[4] = count >> 8
    buffer[5] = count & 0xFF
    return close_frame(buffer, 6)


def close_frame(buffer, size):
    """Write the CRC behind the first `size` bytes; return the length of the frame."""
    crc = crc16(buffer, 0, size)
    buffer[size] = crc & 0xFF
    buffer[size + 1] = crc >> 8
    return size + 2


class Reply:
    """What the line brings after a request.

    After OK the data are `byte_count` bytes of `buffer` from `data` on; after EXCEPTION the code
    is `exception`. Both are valid until bytes come for the next request. A line that `echoes` was
    seen to send requests back: there a reply equal to its request comes second.
    """

    def __init__(self):
        # Room for stray bytes and an echo before the longest frame.
        self.buffer = bytearray(_LONGEST_FRAME + 2 * REQUEST_BYTES)
        self.length = 0
        self.echoes = False
        self._request = self._measure = None
        self._address = self._function = self._third = self._repeated = self._begin = self._size = 0
        self.byte_count = self.data = self.exception = 0

    def expect(self, request):
        """Begin to wait for the reply to an encoded request."""
        self._request = request
        self._address = request[0]
        self._function = request[1]
        self._repeated = 0
        self._measure = None
        if request[1] <= _LAST_READ:
            count = request[4] << 8 | request[5]
            self.expect_data((count + 7) // 8 if request[1] <= READ_BITS else 2 * count)
        else:
            from limen.core.modbus_writes import expect

            expect(self, request)
        self.data = self.exception = 0
        self._clear()

    def _clear(self):
        self.length = 0
        self._begin = len(self._request) if self.echoes and self._repeated else 0

    def expect_data(self, byte_count):
        """The reply carries so many bytes of data."""
        self.byte_count = self._third = byte_count
        self._size = _FRAME_BYTES + byte_count

    def expect_repeated(self, size):
        """The reply repeats the first bytes of the request, as a confirmation."""
        self._repeated = size
        self._third = self._request[2]
        self._size = size + 2

    def expect_measured(self, third, measure):
        """The reply says itself how long it is: `measure(buffer, begin, length)` tells; a reply
        too short to say is as long as what must come next."""
        self._third = third
        self._measure = measure
        self._size = _FRAME_BYTES

    def expected_bytes(self):
        """The length of the reply, if it is no exception."""
        return self._size

    def missing_bytes(self):
        """How many more bytes the reply needs; none or fewer: it should have been found."""
        return self._size + self._echo_bytes() - self.length

    def feed(self, data, size):
        """Take `size` bytes from the line; return OK, EXCEPTION or WAITING."""
        buffer = self.buffer
        length = self.length
        size = min(size, len(buffer) - length)
        for index in range(size):
            buffer[length + index] = data[index]
        return self.feed_in_place(size)

    def feed_in_place(self, size):
        """As `feed`, for bytes that lie in `buffer` behind the others already."""
        self.length += size
        return self._search(False)

    def finish(self):
        """No more bytes will come: return the result, which is never WAITING."""
        result = self._search(True)
        if result != WAITING:
            return result
        start = self._echo_bytes()
        if start == self.length:
            return TIMEOUT
        if self.length - start >= 4 and not crc16(self.buffer, start, self.length):
            return self._other_frame(start)
        return self._broken_frame(start)

    def _search(self, last):
        """Look for the reply; at the last look a frame that is not whole hides none behind it."""
        while self.length - self._begin >= _FRAME_BYTES:
            size = self._frame_bytes(self._begin)
            if size:
                end = self._begin + size
                if end > self.length:
                    if not last:
                        return WAITING
                elif not crc16(self.buffer, self._begin, end) and self._repeats():
                    return self._found()
            self._begin += 1
        return WAITING

    def _frame_bytes(self, begin):
        """The length of the frame that the three bytes at `begin` announce; 0: not the reply."""
        buffer = self.buffer
        if buffer[begin] != self._address:
            return 0
        if buffer[begin + 1] == self._function | _EXCEPTION_FLAG:
            return _FRAME_BYTES
        if buffer[begin + 1] == self._function and buffer[begin + 2] == self._third:
            if self._measure:
                self._size = self._measure(buffer, begin, self.length)
            return self._size
        return 0

    def _repeats(self):
        """Whether a confirmation repeats the request; any other reply does."""
        begin = self._begin
        if self.buffer[begin + 1] & _EXCEPTION_FLAG:
            return True
        for index in range(self._repeated):
            if self.buffer[begin + index] != self._request[index]:
                return False
        return True

    def _found(self):
        if self.buffer[self._begin + 1] & _EXCEPTION_FLAG:
            self.exception = self.buffer[self._begin + 2]
            return EXCEPTION
        self.data = self._begin + 3
        self.echoes = self.echoes or self.data > REQUEST_BYTES and self._echo_bytes() > 0
        return OK

    def _echo_bytes(self):
        """The length of the echo that came; a confirmation is none where none is known."""
        size = len(self._request)
        if self.length < size or self._repeated and not self.echoes:
            return 0
        for index in range(size):
            if self.buffer[index] != self._request[index]:
                return 0
        return size

    def _other_frame(self, start):
        if self.buffer[start] != self._address:
            return WRONG_ADDRESS
        if self.buffer[start + 1] & ~_EXCEPTION_FLAG != self._function:
            return WRONG_FUNCTION
        return WRONG_COUNT

    def _broken_frame(self, start):
        for begin in range(start, self.length - 2):
            size = self._frame_bytes(begin)
            if size:
                end = begin + size
                if end < self.length:
                    return OVERLONG
                return SHORT if end > self.length else BAD_CRC
        return GARBAGE
