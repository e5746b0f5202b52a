"""Reads back from flash what lies behind the outbox, oldest first and events before data.

The records come into a ring of their own, from which they are sent like the others. A frame that
is in the outbox as well is left to it. What is received is marked on flash, one byte a frame; a
segment is dead when all of it is. Records that were written twice are known by their seqs: `_last`
is the highest that was read.
"""

from limen.core.compat import const
from limen.core.frame import VALUELESS
from limen.delivery.outbox import DATA, EVENT
from limen.delivery.ring import HIGHEST, LONGEST_TEXT, Cursor, Ring
from limen.delivery.segments import BLOCK
from limen.delivery.walk import Walk, frame_buffer

_RING_BYTES = const(1024)
_MOST_COPIES = const(24)


def _bytes(number):
    """How many bytes a number takes in a ring."""
    size = 1
    rest = (number if number >= 0 else -1 - number) >> 6
    while rest:
        size += 1
        rest >>= 7
    return size


class Backlog:
    """Of a journal; made when there is something to read, and dropped when it has been received.

    `kind` is that of the records in `ring`; `past` speaks for their boot if that is an earlier
    one.
    """

    def __init__(self, journal):
        self.journal = journal
        self.ring = Ring(_RING_BYTES, Cursor())
        buffer = frame_buffer()
        self.walks = [Walk(journal.segments, kind, buffer) for kind in (DATA, EVENT)]
        self.past = None
        self.left = []  # segments that have been read, and not yet received
        self._copies = []  # as in the journal's streams, of what is in the ring
        self._lasts = []
        self._names = journal.identity
        self._read_on(DATA)

    def fetch(self):
        """Whether records are ready to be sent; reads as many as may go, if there are none."""
        if self.ring.count or self.journal.allowance <= 0:
            return self.ring.has_unsent()
        for kind in (EVENT, DATA):
            while self._find(kind) and self._pour(kind):
                pass
            if self.ring.count:
                return True
        self.journal.forget_backlog()
        return False

    def _find(self, kind):
        """Load the next frame that waits and is not in the outbox; False if there is none."""
        walk = self.walks[kind]
        stream = self.journal.streams[kind]
        while walk.block >= 0 or self._enter(walk):
            is_found = walk.find()
            if self._is_up_to_date(walk, stream):
                break
            if is_found:
                return True
            self.journal.corrupt += walk.is_torn
            self._leave(walk, stream)
        if not self.ring.count:
            stream.low = 0
        return False

    def _enter(self, walk):
        if not walk.enter():
            return False
        journal = self.journal
        cfg = walk.names[2]
        if cfg != journal.identity[2] and cfg not in journal.tables:
            journal.corrupt += 1
            walk.place = BLOCK
        return True

    def _is_up_to_date(self, walk, stream):
        """Whether what follows is in the outbox, or not yet written."""
        if stream.copies:
            return stream.copies[0] == walk.block * BLOCK + walk.place
        return walk.block == stream.block and walk.place >= stream.at

    def _leave(self, walk, stream):
        """The segment is at its end."""
        if walk.block == stream.block:
            stream.block = -1
        self.left.append(walk.block)
        walk.block = -1
        if not self.ring.count:
            self._kill_left()

    def _pour(self, kind):
        """Put the records of the frame into the ring; False when the ring takes no more."""
        walk = self.walks[kind]
        ring = self.ring
        if walk.names != self._names or kind != self.kind:
            if ring.count:
                return False
            self._speak_as(walk.names)
            self._read_on(kind)
        try:
            if not self._put_all(walk):
                return False
        except (IndexError, ValueError):  # whole by its CRC, and yet none
            self.journal.corrupt += 1
        self._copies.append(walk.block * BLOCK + walk.place)
        self._lasts.append(self._last)
        walk.skip()
        if not ring.count:
            self.received()
        return self.journal.allowance > 0 and len(self._copies) < _MOST_COPIES

    def _put_all(self, walk):
        """Put the frame's records that have not been read; False when the ring is full."""
        high = HIGHEST if self.past else self.journal.streams[walk.kind].high
        walk.begin()
        while walk.next(walk.kind):
            if self._last < walk.seq <= high:
                if not self.ring.has_room():
                    return False
                self._put(walk)
                self._last = walk.seq
                self.journal.allowance -= 1
        return True

    def _put(self, walk):
        """Put a record that could have been in the outbox; ValueError if it could not."""
        ring = self.ring
        has_values = walk.quality < VALUELESS
        if walk.kind == EVENT:
            size = len(walk.text())
        else:
            size = sum(map(_bytes, walk.channels))
            if has_values:
                size += sum(map(_bytes, walk.values))
        if size > LONGEST_TEXT:
            raise ValueError("too long for a record")
        ring.begin(walk.seq, walk.device, walk.quality, walk.s, walk.ms, walk.uptime)
        if walk.kind == EVENT:
            ring.add_text(walk.text())
        else:
            for index in range(len(walk.channels)):
                ring.add(walk.channels[index])
                if has_values:
                    ring.add(walk.values[index])
        ring.commit()

    def _speak_as(self, names):
        """What is read is of this boot from now on."""
        if names != self._names:
            self.past = self.journal.speaker(names)  # memory may be too short for it
            self._names = names

    def _read_on(self, kind):
        """From now on what is read is of this kind. Records of this boot that have been received
        are still on a flash that has refused to be marked."""
        self.kind = kind
        self._last = 0 if self.past else self.journal.low_of(kind) - 1

    def received(self):
        """Records of the ring have been received: mark the frames that are complete."""
        journal = self.journal
        low = self.ring.low() if self.ring.count else self._last + 1
        journal.mark(self._copies, self._lasts, low)
        if not self.ring.count:
            self._kill_left()
            if not self.past:
                journal.streams[self.kind].low = low

    def _kill_left(self):
        while self.left:
            self.journal.segments.kill(self.left.pop())

    def low(self):
        """The lowest seq of an earlier boot that waits: its events go before all its data."""
        return self.ring.low() if self.kind == DATA else 1
