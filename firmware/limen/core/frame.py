"""How records lie on flash: frames of records of one kind, at most five bytes for a typical sample.

A frame is: length (2 bytes), state, CRC-16 (2 bytes), payload. The state is 0xFF until all its
records have been received, then 0: the one part that is programmed later, so the CRC leaves it
out. A length of 0xFFFF is blank flash.

The payload begins with a seq and a time, counted from those that the segment names: those of a
record just before the first one. Then each record: a head of bits, and what the bits do not say
already: the step of seq, the change of the step of time, and for data the device, its channels and
their values. What repeats costs nothing: a step of time that is some milliseconds longer or shorter
than the one before, the same channels; values are differences then. Everything is a number of
`varint`, and an event is its text. Which Python wrote it does not matter. `frame_reader` reads it.
"""

import binascii

from limen.core.compat import const
from limen.core.varint import put_number

DATA = const(0)
EVENT = const(1)
HEAD_BYTES = const(5)
LARGEST = const(400)
WAITING = const(255)
RECEIVED = const(0)

VALUELESS = const(2)  # from this quality on channels have no values
QUALITY = const(3)  # in the head: two bits of quality,
SAME_SHAPE = const(4)  # device and channels of the record before,
NEXT_SEQ = const(8)  # its seq is one more than that of the record before;
STEP_BIT = const(4)  # from here on by how much more than MOST_SHORTER the step of time has grown,
MOST_SHORTER = const(-7)  # in ms,
WRITTEN_OUT = const(15)  # or that a number says by how much
FIRST_STEP = const(1000)  # a frame begins as if a record had been a second before
_LONGEST_STEP_S = const(500000)  # milliseconds of a longer one would leave the small integers


def most_bytes(record):
    """More than a record takes in a frame, and more than its head and it take together."""
    size = record.end - record.at
    return 32 + size + (size >> 1)


def crc16(data):
    """Of a frame's payload."""
    return binascii.crc32(data) & 0xFFFF


class Frame:
    """One frame that is made in `buffer`: by `start`, `add` and `close`."""

    def __init__(self):
        self.buffer = bytearray(HEAD_BYTES + LARGEST)
        self.end = self._room = 0
        self.channels = []
        self.values = []

    def start(self, base_seq, base_s, record, room):
        """Begin a frame of up to `room` bytes with seq and time of a record, which `add` must
        follow."""
        self._room = min(room, HEAD_BYTES + LARGEST)
        self.seq = record.seq - 1
        self.s = record.s - 1
        self.ms = record.ms
        self.uptime = bool(record.uptime)
        self._step = FIRST_STEP
        self.device = -1
        at = put_number(self.buffer, HEAD_BYTES, record.seq - base_seq)
        at = put_number(self.buffer, at, self.s - base_s)
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
        growth = step - self._step
        bits = growth - MOST_SHORTER
        if not 0 <= bits < WRITTEN_OUT:
            bits = WRITTEN_OUT
        head = record.quality | bits << STEP_BIT
        head |= NEXT_SEQ * (record.seq == self.seq + 1)
        start = self.end
        at = start + 1
        if not head & NEXT_SEQ:
            at = put_number(buffer, at, record.seq - self.seq)
        if bits == WRITTEN_OUT:
            at = put_number(buffer, at, growth)
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
        has_values = record.quality < VALUELESS
        channels = []
        values = []
        while record.at < record.end:
            channels.append(record.number())
            if has_values:
                values.append(record.number())
        before = self.values
        if record.device == self.device and channels == self.channels:
            head |= SAME_SHAPE
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
        """Put a head before the payload that ends at `end`; return the size of the frame."""
        buffer = self.buffer
        size = self.end - HEAD_BYTES
        crc = crc16(memoryview(buffer)[HEAD_BYTES : self.end])
        buffer[0] = size & 255
        buffer[1] = size >> 8
        buffer[2] = WAITING
        buffer[3] = crc & 255
        buffer[4] = crc >> 8
        return self.end
