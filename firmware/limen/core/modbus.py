"""Modbus RTU without I/O: requests into a buffer, bytes of the line into a reply.

A request to read is 8 bytes: address, function, start, count, CRC. Its reply is address, function,
byte count, data, CRC; or an exception: address, function + 128, code, CRC. Nothing marks the
beginning of a frame on a line, and turnaround puts stray bytes before it. So `Reply` searches:
a frame is where address, function and byte count are the expected ones and the CRC is right,
wherever it begins. The echo of the request fails that test like any stray bytes and is passed
over. Only when the line has fallen silent `finish` says what the bytes were instead.

Source: MODBUS over Serial Line V1.02 and MODBUS Application Protocol V1.1b3, modbus.org.
"""

from array import array

from limen.core.compat import const

MAX_REGISTERS = const(125)
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
)

_LONGEST_FRAME = const(256)
_FRAME_BYTES = const(5)  # of a reply beside its data, and of an exception
_EXCEPTION_FLAG = const(0x80)
_BIT_FUNCTIONS = const(2)  # functions 1 and 2 read bits, 8 to a byte


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
    for index in range(start, end):
        crc = crc >> 8 ^ table[(crc ^ buffer[index]) & 0xFF]
    return crc


def encode_read(buffer, address, function, start, count):
    """Write the request for `count` registers (or bits) from `start` on; return its length."""
    buffer[0] = address
    buffer[1] = function
    buffer[2] = start >> 8
    buffer[3] = start & 0xFF
    buffer[4] = count >> 8
    buffer[5] = count & 0xFF
    crc = crc16(buffer, 0, 6)
    buffer[6] = crc & 0xFF
    buffer[7] = crc >> 8
    return REQUEST_BYTES


class Reply:
    """What the line brings after a request.

    After OK the data are `byte_count` bytes of `buffer` from `data` on; after EXCEPTION the code
    is `exception`. Both are valid until the next `expect`.
    """

    def __init__(self):
        # Room for stray bytes and an echo before the longest frame.
        self.buffer = bytearray(_LONGEST_FRAME + 2 * REQUEST_BYTES)
        self.length = 0

    def expect(self, request):
        """Begin to wait for the reply to an encoded request to read."""
        self._request = request
        self._address = request[0]
        self._function = request[1]
        count = request[4] << 8 | request[5]
        self.byte_count = (count + 7) // 8 if request[1] <= _BIT_FUNCTIONS else 2 * count
        self.length = self.data = self.exception = 0
        self._begin = 0

    def expected_bytes(self):
        """The length of the reply that carries data."""
        return _FRAME_BYTES + self.byte_count

    def missing_bytes(self):
        """How many more bytes the reply needs; none or fewer: it should have been found."""
        return self.expected_bytes() + self._echo_bytes() - self.length

    def feed(self, data, size):
        """Take `size` bytes from the line; return OK, EXCEPTION or WAITING."""
        buffer = self.buffer
        length = self.length
        size = min(size, len(buffer) - length)
        for index in range(size):
            buffer[length + index] = data[index]
        self.length = length + size
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
                elif not crc16(self.buffer, self._begin, end):
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
        if buffer[begin + 1] == self._function and buffer[begin + 2] == self.byte_count:
            return self.expected_bytes()
        return 0

    def _found(self):
        if self.buffer[self._begin + 1] & _EXCEPTION_FLAG:
            self.exception = self.buffer[self._begin + 2]
            return EXCEPTION
        self.data = self._begin + 3
        return OK

    def _echo_bytes(self):
        if self.length < REQUEST_BYTES:
            return 0
        for index in range(REQUEST_BYTES):
            if self.buffer[index] != self._request[index]:
                return 0
        return REQUEST_BYTES

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
                return SHORT if begin + size > self.length else BAD_CRC
        return GARBAGE
