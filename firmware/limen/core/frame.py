"""How records lie on flash: frames of records of one kind, at most five bytes for a typical sample.

A frame is: length (2 bytes), state, CRC-16 (2 bytes), payload. The state is 0xFF until all its
records have been received, then 0: the one part that is programmed later, so the CRC leaves it
out. A length of 0xFFFF is blank flash.

The payload begins with seq and time of the first record, counted from those that the segment
names. Then each record: a head of bits, and what the bits do not say already: the step of seq, the
step of time, and for data the device, its channels and their values. What repeats costs nothing:
the same step of time, the same channels; values are differences then. Everything is a number of
`varint`, and an event is its text. Which Python wrote it does not matter.
"""

import binascii

from limen.core.compat import const
from limen.core.varint import Reader, put_number

DATA = const(0)
EVENT = const(1)
HEAD_BYTES = const(5)
LARGEST = const(400)
WAITING = const(255)
RECEIVED = const(0)

_VALUELESS = const(2)  # from this quality on channels have no values
_QUALITY = const(3)  # in the head: two bits of quality,
_SAME_STEP = const(4)  # as much time since the record before as between the two before,
_SAME_SHAPE = const(8)  # device and channels of the record before,
_NEXT_SEQ = const(16)  # its seq is one more than that of the record before
_LONGEST_STEP_S = const(500000)  # milliseconds of a longer one would leave the small integers


def most_bytes(record):
    """More than a record takes in a frame, and more than its head and it take together."""
    size = record.end - record.at
    return 32 + size + (size >> 1)


def crc16(data):
    """Of a frame's payload."""
    return binascii.crc32(data) & 0xFFFF


class Frame(Reader):
    """One frame in `buffer`: filled by `start`, `add` and `close`, or read by `open` and `next`."""

    def __init__(self):
        self.buffer = bytearray(HEAD_BYTES + LARGEST)
        self.end = self._room = 0
        self.channels = []
        self.values = []

    def _reset(self, seq, s, ms, uptime):
        self.seq = seq - 1
        self.s = s
        self.ms = ms
        self.uptime = uptime
        self._step = 0
        self.device = -1

    def start(self, base_seq, base_s, record, room):
        """Begin a frame of up to `room` bytes with seq and time of a record, which `add` must
        follow."""
        self._room = min(room, HEAD_BYTES + LARGEST)
        self._reset(record.seq, record.s, record.ms, bool(record.uptime))
        at = put_number(self.buffer, HEAD_BYTES, record.seq - base_seq)
        at = put_number(self.buffer, at, record.s - base_s)
        self.end = put_number(self.buffer, at, record.ms << 1 | self.uptime)

    def fits(self, record):
        """Whether this frame takes the record: its size, and its time as near as steps reach."""
        return (
            self.end + most_bytes(record) <= self._room
            and self.uptime == bool(record.uptime)
            and -_LONGEST_STEP_S < record.s - self.s < _LONGEST_STEP_S
        )

    def add(self, kind, record):
        """Append a record, with its cursor at the body."""
        buffer = self.buffer
        step = (record.s - self.s) * 1000 + record.ms - self.ms
        head = record.quality | _SAME_STEP * (step == self._step)
        head |= _NEXT_SEQ * (record.seq == self.seq + 1)
        start = self.end
        at = start + 1
        if not head & _NEXT_SEQ:
            at = put_number(buffer, at, record.seq - self.seq)
        if not head & _SAME_STEP:
            at = put_number(buffer, at, step)
        self.seq = record.seq
        self.s = record.s
        self.ms = record.ms
        self._step = step
        if kind == DATA:
            head, at = self._put_data(head, at, record)
        else:
            at = put_number(buffer, at, record.device)
            size = record.end - record.at
            at = put_number(buffer, at, size)
            buffer[at : at + size] = record.buffer[record.at : record.end]
            at += size
        buffer[start] = head
        self.end = at

    def _put_data(self, head, at, record):
        buffer = self.buffer
        has_values = record.quality < _VALUELESS
        channels = []
        values = []
        while record.at < record.end:
            channels.append(record.number())
            if has_values:
                values.append(record.number())
        before = self.values
        if record.device == self.device and channels == self.channels:
            head |= _SAME_SHAPE
        else:
            at = put_number(buffer, at, record.device)
            at = put_number(buffer, at, len(channels))
            for channel in channels:
                at = put_number(buffer, at, channel)
            self.device = record.device
            self.channels = channels
            before = self.values = [0] * len(channels)
        for index in range(len(values)):
            at = put_number(buffer, at, values[index] - before[index])
            before[index] = values[index]
        return head, at

    def close(self):
        """End the frame; return its size in `buffer`."""
        self.seal(self.buffer, self.end)
        return self.end

    def seal(self, buffer, end):
        """Put a head before the payload that lies behind it."""
        size = end - HEAD_BYTES
        crc = crc16(memoryview(buffer)[HEAD_BYTES:end])
        buffer[0] = size & 255
        buffer[1] = size >> 8
        buffer[2] = WAITING
        buffer[3] = crc & 255
        buffer[4] = crc >> 8

    def size(self):
        """Size of the payload that the head in `buffer` speaks of; 0 if it is none."""
        size = self.buffer[0] | self.buffer[1] << 8
        return size if size <= LARGEST else 0

    def is_blank(self):
        return self.buffer[0] & self.buffer[1] == 255

    def is_whole(self):
        """Whether the payload is what the head says."""
        buffer = self.buffer
        self.end = HEAD_BYTES + self.size()
        crc = buffer[3] | buffer[4] << 8
        return self.end > HEAD_BYTES and crc == crc16(memoryview(buffer)[HEAD_BYTES : self.end])

    def open(self, base_seq, base_s):
        """Begin to read the frame in `buffer`, which is whole."""
        self.at = HEAD_BYTES
        seq = base_seq + self.number()
        s = base_s + self.number()
        ms = self.number()
        self._reset(seq, s, ms >> 1, bool(ms & 1))

    def next(self, kind):
        """Read the next record's fields; False at the end. An event's text is `text()`."""
        if self.at >= self.end:
            return False
        head = self.buffer[self.at]
        self.at += 1
        self.quality = head & _QUALITY
        self.seq += 1 if head & _NEXT_SEQ else self.number()
        if not head & _SAME_STEP:
            self._step = self.number()
        ms = self.ms + self._step
        self.s += ms // 1000
        self.ms = ms % 1000
        if kind == DATA:
            self._read_data(head & _SAME_SHAPE)
        else:
            self.device = self.number()
            self._text_bytes = self.number()
            self.at += self._text_bytes
        return True

    def _read_data(self, is_same):
        if not is_same:
            self.device = self.number()
            self.channels = [self.number() for _ in range(self.number())]
            self.values = [0] * len(self.channels)
        if self.quality < _VALUELESS:
            for index in range(len(self.channels)):
                self.values[index] += self.number()

    def text(self):
        """The text of the event that was read."""
        return memoryview(self.buffer)[self.at - self._text_bytes : self.at]
