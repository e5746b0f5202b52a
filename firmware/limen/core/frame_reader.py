"""Reads what `limen.core.frame` writes: whether a frame is whole, and its records one by one."""

from limen.core.frame import (
    DATA,
    FIRST_STEP,
    HEAD_BYTES,
    LARGEST,
    MOST_SHORTER,
    NEXT_SEQ,
    QUALITY,
    SAME_SHAPE,
    STEP_BIT,
    VALUELESS,
    WRITTEN_OUT,
    crc16,
)
from limen.core.varint import Reader


class FrameReader(Reader):
    """Reads the frame in `buffer`, which has room for the largest, by `open` and `next`."""

    def __init__(self, buffer):
        self.buffer = buffer
        self.end = 0

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
        self.seq = base_seq + self.number() - 1
        self.s = base_s + self.number()
        ms = self.number()
        self.ms = ms >> 1
        self.uptime = bool(ms & 1)
        self._step = FIRST_STEP

    def next(self, kind):
        """Read the next record's fields; False at the end. An event's text is `text()`.

        ValueError where the bytes cannot be a record's; IndexError beyond the buffer.
        """
        if self.at >= self.end:
            return False
        head = self.buffer[self.at]
        self.at += 1
        self.quality = head & QUALITY
        self.seq += 1 if head & NEXT_SEQ else self.number()
        bits = head >> STEP_BIT
        self._step += self.number() if bits == WRITTEN_OUT else bits + MOST_SHORTER
        ms = self.ms + self._step
        self.s += ms // 1000
        self.ms = ms % 1000
        if kind == DATA:
            self._read_data(head & SAME_SHAPE)
        else:
            self.device = self.number()
            self._text_bytes = max(0, self.number())
            self.at += self._text_bytes
        if self.at > self.end or self.seq >> 30 or self.s >> 32 or self.device >> 16:
            raise ValueError("no record")
        return True

    def _read_data(self, is_same):
        if not is_same:
            self.device = self.number()
            count = self.number()
            if count > LARGEST:
                raise ValueError("no record")
            self.channels = [self.number() for _ in range(count)]
            self.values = [0] * count
        if self.quality < VALUELESS:
            for index in range(len(self.channels)):
                value = self.values[index] = self.values[index] + self.number()
                if not -1 <= value >> 62 <= 0:
                    raise ValueError("no record")

    def text(self):
        """The text of the event that was read."""
        return memoryview(self.buffer)[self.at - self._text_bytes : self.at]
