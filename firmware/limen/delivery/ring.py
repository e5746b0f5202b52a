"""A queue of records in one block of memory that is allocated once and never grows.

A record is: length, state, head, then varints: step of seq, step of time, device, body. It lies in
one piece; a length of 0 says "go on at the start". The state says who has it: 0 nobody, 1 to 254
the message that carries it, 255 its receiver. Steps of seq and time count from the record before,
so a sample of one channel takes about ten bytes; where steps cannot serve (the first record, a
change between UTC and uptime) the time is written out.

The room for one largest record is always kept free, so the end never meets the head.
"""

from limen.core import varint
from limen.core.compat import const

FREE = const(0)
ACKED = const(255)
LARGEST = const(250)

_QUALITY = const(3)  # in the head: two bits of quality,
_UPTIME = const(4)  # time counts from boot, because the clock was not set
_WRITTEN_OUT = const(8)  # time is four bytes of seconds and two of milliseconds, not a step
_FARTHEST_STEP_S = const(500000)  # a longer step in milliseconds would leave the small integers


class Cursor:
    """A place in a ring, and the record that was read there by `load`."""

    def __init__(self, ring):
        self._ring = ring
        self.reader = varint.Reader(ring.buffer)
        self.at = self.end = 0
        self.seq = self.s = self.ms = 0
        self.device = self.quality = 0
        self.uptime = False
        self._seq = self._s = self._ms = 0

    def copy(self, other):
        """Stand where `other` stands."""
        self.at = other.at
        self._seq = other._seq
        self._s = other._s
        self._ms = other._ms

    def load(self):
        """Read the record here; False at the end of the ring. `reader.at` is left at its body."""
        ring = self._ring
        buffer = ring.buffer
        if self.at == ring.tail:
            return False
        if self.at == ring.size or not buffer[self.at]:
            self.at = 0
            if not ring.tail:
                return False
        self.end = self.at + buffer[self.at]
        head = buffer[self.at + 2]
        self.quality = head & _QUALITY
        self.uptime = bool(head & _UPTIME)
        reader = self.reader
        reader.at = self.at + 3
        self.seq = self._seq + reader.unsigned()
        self._load_time(head)
        self.device = reader.unsigned()
        return True

    def _load_time(self, head):
        reader = self.reader
        if head & _WRITTEN_OUT:
            b = reader.buffer
            at = reader.at
            self.s = b[at] | b[at + 1] << 8 | b[at + 2] << 16 | b[at + 3] << 24
            self.ms = b[at + 4] | b[at + 5] << 8
            reader.at = at + 6
        else:
            ms = self._ms + reader.signed()
            self.s = self._s + ms // 1000
            self.ms = ms % 1000

    def advance(self):
        """Step behind the record that was loaded."""
        self.at = self.end
        self._seq = self.seq
        self._s = self.s
        self._ms = self.ms

    def state(self):
        return self._ring.buffer[self.at + 1]


class Ring:
    """Records in the order of their seq; written at the tail, released at the head."""

    def __init__(self, size):
        self.size = size
        self.buffer = bytearray(size)
        self.tail = self.count = 0
        self.head = Cursor(self)
        self.unsent = Cursor(self)  # no record before it is FREE
        self.low = 0  # seq of the head; meaningful while count > 0
        self._at = 0
        self._last_seq = self._last_s = self._last_ms = 0
        self._last_uptime = None  # which of the two times the last record bears

    def begin(self, seq, device, quality, s, ms, uptime):
        """Start a record at the tail; there is room (see `has_room`)."""
        buffer = self.buffer
        step_s = s - self._last_s
        head = quality | (_UPTIME if uptime else 0)
        at = varint.put_unsigned(buffer, self.tail + 3, seq - self._last_seq)
        far = step_s > _FARTHEST_STEP_S or step_s < -_FARTHEST_STEP_S
        if self._last_uptime is not uptime or far:
            head |= _WRITTEN_OUT
            for value in (s & 255, s >> 8 & 255, s >> 16 & 255, s >> 24, ms & 255, ms >> 8):
                buffer[at] = value
                at += 1
        else:
            at = varint.put_signed(buffer, at, step_s * 1000 + ms - self._last_ms)
        buffer[self.tail + 1] = FREE
        buffer[self.tail + 2] = head
        self._at = varint.put_unsigned(buffer, at, device)
        self._last_seq = seq
        self._last_s = s
        self._last_ms = ms
        self._last_uptime = uptime

    def full(self, size):
        """True when a part of `size` bytes would make the record too long."""
        return self._at - self.tail + size > LARGEST

    def add_unsigned(self, value):
        self._at = varint.put_unsigned(self.buffer, self._at, value)

    def add_signed(self, value):
        self._at = varint.put_signed(self.buffer, self._at, value)

    def commit(self):
        """End the record that `begin` started."""
        self.buffer[self.tail] = self._at - self.tail
        if not self.count:
            self.low = self._last_seq
        self.tail = self._at
        self.count += 1

    def has_room(self):
        """True when the largest record fits; wraps to the start of the buffer when it must."""
        head = self.head.at
        if not self.count:
            self._rewind()
            return True
        if self.tail >= head:
            if self.size - self.tail >= LARGEST:
                return True
            if not head:
                return False
            if self.tail < self.size:
                self.buffer[self.tail] = 0
            self.tail = 0
        return head - self.tail > LARGEST

    def _rewind(self):
        self.tail = 0
        self.head.at = self.unsent.at = 0

    def release(self, state, count):
        """Mark `count` records of this state as received, then let go what the head allows."""
        buffer = self.buffer
        at = self.head.at
        while count:
            if at == self.size or not buffer[at]:
                at = 0
            if buffer[at + 1] == state:
                buffer[at + 1] = ACKED
                count -= 1
            at += buffer[at]
        head = self.head
        while self.count and head.load() and head.state() == ACKED:
            self.drop()

    def drop(self):
        """Let the head go; return the state that it had."""
        head = self.head
        head.load()
        state = head.state()
        if self.unsent.load() and self.unsent.at == head.at:
            self.unsent.advance()
        head.advance()
        self.count -= 1
        # Both must leave the mark at the buffer's end now: later the tail may stand there again.
        self.unsent.load()
        if self.count and head.load():
            self.low = head.seq
        return state

    def has_unsent(self):
        """True when a FREE record waits; moves `unsent` up to it."""
        unsent = self.unsent
        while unsent.load():
            if unsent.state() == FREE:
                return True
            unsent.advance()
        return False
