"""A queue of records in one block of memory that is allocated once and never grows.

A record is: length, state, head, then numbers (see `varint`): step of seq, step of time, device;
then the body, which is numbers or text. It lies in one piece; a length of 0 says "go on at the
start". The state says who has it: 0 nobody, 1 to 254 the message that carries it, 255 its receiver.
Steps of seq and time count from the record before, so a sample of one channel takes about ten
bytes; where the step is too far (the first record in UTC) the time is written out.

The room for one largest record is always kept free, so the end never meets the head.
"""

from array import array

from limen.core.compat import const
from limen.core.varint import Reader, put_number

FREE = const(0)
ACKED = const(255)
LARGEST = const(250)
_FULL = const(234)  # the same record may have a longer head in another ring
LONGEST_TEXT = const(230)
HIGHEST = const(0x3FFFFFFF)  # no seq is larger

_QUALITY = const(3)  # in the head: two bits of quality,
_UPTIME = const(4)  # time counts from boot, because the clock was not set
_WRITTEN_OUT = const(8)  # time is four bytes of seconds and two of milliseconds, not a step
_FARTHEST_STEP_S = const(500000)  # a longer step in milliseconds would leave the small integers

# A mark is a place between two records: where it is, and seq and time of the record before.
_AT = const(0)
_SEQ = const(1)
_S = const(2)
_MS = const(3)


class Cursor(Reader):
    """Walks through the records of a ring; has the fields of the one that `load` has read."""

    def begin(self, ring, mark):
        """Stand at a mark of a ring."""
        self.ring = ring
        self.buffer = ring.buffer
        self.end, self.seq, self.s, self.ms = mark

    def put_mark(self, mark):
        """Set a mark behind the record that was read."""
        mark[_AT] = self.end
        mark[_SEQ] = self.seq
        mark[_S] = self.s
        mark[_MS] = self.ms

    def has_next(self):
        """True when a record follows; steps over the end of the buffer."""
        ring = self.ring
        if self.end == ring.tail:
            return False
        if self.end == ring.size or not self.buffer[self.end]:
            self.end = 0
        return self.end != ring.tail

    def load(self):
        """Read the next record; False at the end of the ring. `at` is left at its body."""
        if not self.has_next():
            return False
        buffer = self.buffer
        start = self.start = self.end
        self.end = start + buffer[start]
        head = buffer[start + 2]
        self.quality = head & _QUALITY
        self.uptime = head & _UPTIME
        self.at = start + 3
        self.seq += self.number()
        if head & _WRITTEN_OUT:
            at = self.at
            self.s = buffer[at] | buffer[at + 1] << 8 | buffer[at + 2] << 16 | buffer[at + 3] << 24
            self.ms = buffer[at + 4] | buffer[at + 5] << 8
            self.at = at + 6
        else:
            ms = self.ms + self.number()
            self.s += ms // 1000
            self.ms = ms % 1000
        self.device = self.number()
        return True

    def state(self):
        return self.buffer[self.start + 1]


class Ring:
    """Records in the order of their seq; written at the tail, released at the head."""

    def __init__(self, size, cursor):
        self.size = size
        self.buffer = bytearray(size)
        self.tail = self.count = 0
        self.head = array("l", (0, 0, 0, 0))
        self.unsent = array("l", (0, 0, 0, 0))  # no record before it is FREE
        self._cursor = cursor
        self._seq = self._s = self._ms = self._at = 0

    def begin(self, seq, device, quality, s, ms, uptime):
        """Start a record at the tail; there is room (see `has_room`)."""
        buffer = self.buffer
        step_s = s - self._s
        head = quality | (_UPTIME if uptime else 0)
        at = put_number(buffer, self.tail + 3, seq - self._seq)
        if -_FARTHEST_STEP_S < step_s < _FARTHEST_STEP_S:
            at = put_number(buffer, at, step_s * 1000 + ms - self._ms)
        else:
            head |= _WRITTEN_OUT
            for value in (s & 255, s >> 8 & 255, s >> 16 & 255, s >> 24, ms & 255, ms >> 8):
                buffer[at] = value
                at += 1
        buffer[self.tail + 1] = FREE
        buffer[self.tail + 2] = head
        self._at = put_number(buffer, at, device)
        self._seq = seq
        self._s = s
        self._ms = ms

    def full(self, size):
        """True when a part of `size` bytes would make the record too long."""
        return self._at - self.tail + size > _FULL

    def add(self, number):
        """Append a number to the body of the record."""
        self._at = put_number(self.buffer, self._at, number)

    def add_text(self, text):
        """Append text of up to LONGEST_TEXT bytes as the body of the record."""
        at = self._at
        self._at = at + len(text)
        self.buffer[at : self._at] = text

    def commit(self):
        """End the record that `begin` started."""
        self.buffer[self.tail] = self._at - self.tail
        self.tail = self._at
        self.count += 1

    def has_room(self):
        """True when the largest record fits; wraps to the start of the buffer when it must."""
        if not self.count:
            self.tail = self.head[_AT] = self.unsent[_AT] = 0
            return True
        head = self.head[_AT]
        if self.tail >= head:
            if self.size - self.tail >= LARGEST:
                return True
            if not head:
                return False
            if self.tail < self.size:
                self.buffer[self.tail] = 0
            self.tail = 0
        return head - self.tail > LARGEST

    def low(self):
        """The seq of the head; meaningful while count > 0."""
        cursor = self._cursor
        cursor.begin(self, self.head)
        cursor.load()
        return cursor.seq

    def release(self, state, count):
        """Mark `count` records of this state as received, then let go what the head allows."""
        buffer = self.buffer
        at = self.head[_AT]
        while count:
            if at == self.size or not buffer[at]:
                at = 0
            if buffer[at + 1] == state:
                buffer[at + 1] = ACKED
                count -= 1
            at += buffer[at]
        while self.count and buffer[self.head[_AT] + 1] == ACKED:
            self.drop()

    def drop(self):
        """Let the head go; return the state that it had."""
        cursor = self._cursor
        cursor.begin(self, self.head)
        cursor.load()
        state = cursor.state()
        self.count -= 1
        # No mark may stay at the buffer's end: later the tail may stand there again.
        cursor.has_next()
        cursor.put_mark(self.head)
        if not self.count or self.unsent[_SEQ] <= cursor.seq:
            cursor.put_mark(self.unsent)
        return state

    def has_unsent(self):
        """True when a FREE record waits; moves `unsent` up to it."""
        cursor = self._cursor
        cursor.begin(self, self.unsent)
        while cursor.load():
            if cursor.state() == FREE:
                return True
            cursor.put_mark(self.unsent)
        return False
