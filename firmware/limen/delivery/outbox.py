"""Keeps every record from the sample to the broker's acknowledgement: put, peek, ack.

A record is started with `begin`, filled with `add` or `add_text`, and kept by `put`, which gives
it its seq. Data are numbers; an event is JSON text from the moment it occurs, so that no change of
configuration changes what it says. `peek` hands out what the next message should carry: events
before data, one device a message. What a message took stays here until `ack`; `repeat` hands out
the same records again after a reconnect. One message is made at a time. When memory is used up the
oldest records of that kind go: to the journal, if there is one, else they are counted.

All records of a boot share one seq, so a receiver can name every record, and below `low` it can
count what is missing. A message is known by its slot, 1 to `slots`.
"""

from array import array

from limen.core.compat import const
from limen.delivery.ring import ACKED, FREE, Cursor, Ring

DATA = const(0)
EVENT = const(1)
BACKLOG = const(2)  # the ring of what the journal has read back

_VALUELESS = const(2)  # from this quality on a record names its channels without values


class Selection(Cursor):
    """Walks through the records of one ring that belong into one message.

    `counts` are those of all slots: what a message has taken counts at once, as making it may fail.
    """

    def __init__(self, counts):
        self._counts = counts

    def start_at(self, ring, mark, wanted, slot):
        """Select records in state `wanted`, of the device of the first one, from a mark on."""
        self.begin(ring, mark)
        self._wanted = wanted
        self.slot = slot
        self.topic_device = -1
        self.taken = 0
        return self

    def next(self):
        """Load the next record for the message; False when there is none."""
        while self.load():
            if self.state() == self._wanted and self.topic_device in (-1, self.device):
                self.topic_device = self.device
                return True
        return False

    def take(self):
        """The message carries the record that `next` loaded."""
        self.buffer[self.start + 1] = self.slot
        self.taken += 1
        self._counts[self.slot] = self.taken


class Outbox:
    """`data_bytes` and `event_bytes` of memory for records, `slots` messages in flight.

    A record holds at most `channels` channels, so that it fits into a message.
    """

    def __init__(self, data_bytes, event_bytes, slots, channels=24):
        self.most_channels = channels
        self._count = array("H", [0] * (slots + 1))
        self._selection = Selection(self._count)
        self.rings = (Ring(data_bytes, self._selection), Ring(event_bytes, self._selection))
        self._kind = bytearray(slots + 1)
        self._low = array("l", [0] * (slots + 1))
        self.next_seq = 1
        self.acked = 0
        self.dropped = 0
        self._ring = self.journal = None
        self._begun = DATA
        self._valueless = False
        self._channels = 0

    def begin(self, kind, device, quality, s, ms, uptime):
        """Start a record taken at (s, ms): UTC since 2000, or since boot where `uptime` is True."""
        ring = self._ring = self.rings[kind]
        self._begun = kind
        while not ring.has_room():
            if not self.journal or not self.journal.move(kind):
                self._drop(ring)
        ring.begin(self.next_seq, device, quality, s, ms, uptime)
        self._valueless = quality >= _VALUELESS
        self._channels = 0

    def add(self, channel, value):
        """Add a channel's value; False when the record is full and another must be begun."""
        ring = self._ring
        if self._channels == self.most_channels or ring.full(12):
            return False
        self._channels += 1
        ring.add(channel)
        if not self._valueless:
            ring.add(value)
        return True

    def add_text(self, text):
        """Fill the record of an event with its JSON, of up to LONGEST_TEXT bytes."""
        self._ring.add_text(text)

    def put(self):
        """Keep the record; return its seq."""
        self._ring.commit()
        seq = self.next_seq
        self.next_seq = seq + 1
        return seq

    def commit(self):
        """What was put last must outlive a power cut from now on."""
        if self.journal:
            self.journal.commit(self._begun)

    def peek(self, slot):
        """The records for a new message in `slot`; None when nothing waits."""
        kind = self._next_kind()
        if kind is None:
            return None
        self._kind[slot] = kind
        past = kind == BACKLOG and self.journal.backlog.past
        self._low[slot] = self.journal.backlog.low() if past else self.low()
        ring = self.rings[kind]
        return self._selection.start_at(ring, ring.unsent, FREE, slot)

    def _next_kind(self):
        """Which ring the next message is made of."""
        rings = self.rings
        if rings[EVENT].has_unsent():
            return EVENT
        has_backlog = self.journal and self.journal.fetch()
        if has_backlog and self.journal.backlog.kind == EVENT:
            return BACKLOG
        if rings[DATA].has_unsent():
            return DATA
        return BACKLOG if has_backlog else None

    def repeat(self, slot):
        """The records that the message in `slot` carried; None when none of them is left."""
        if not self._count[slot]:
            return None
        ring = self.rings[self._kind[slot]]
        return self._selection.start_at(ring, ring.head, slot, slot)

    def ack(self, slot):
        """The message in `slot` has arrived: let its records go."""
        count = self._count[slot]
        if not count:
            return
        kind = self._kind[slot]
        self._count[slot] = 0
        self.rings[kind].release(slot, count)
        if kind != BACKLOG or not self.journal.backlog.past:
            self.acked += count
        if self.journal:
            self.journal.received(kind)

    def kind(self, slot):
        kind = self._kind[slot]
        return self.journal.backlog.kind if kind == BACKLOG else kind

    def past(self, slot):
        """The dialect of the boot that the message's records are of; None for this boot."""
        return self.journal.backlog.past if self._kind[slot] == BACKLOG else None

    def low_of(self, slot):
        """What `low` was when the message was made: a repeated message says the same."""
        return self._low[slot]

    def low(self):
        """The lowest seq not yet acknowledged; the next seq to come when all are."""
        low = self.journal.low() if self.journal else self.next_seq
        for kind in (DATA, EVENT):
            ring = self.rings[kind]
            if ring.count:
                low = min(low, ring.low())
        return low

    def waiting(self):
        """Records kept that have not arrived."""
        return self.next_seq - 1 - self.acked - self.dropped

    def _drop(self, ring):
        self.forget(ring)
        self.dropped += 1

    def forget(self, ring):
        """Let the head of a ring go, whoever carries it, and what has arrived behind it."""
        state = ring.drop()
        if state != FREE and state != ACKED:
            self._count[state] -= 1
        ring.release(ACKED, 0)
