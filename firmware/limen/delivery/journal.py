"""Keeps on flash what the outbox cannot deliver now, or may not lose: copy, move, received.

Records stay in the outbox's rings while the link acknowledges them. `copy` puts what a ring holds
on flash as well: at once for what was committed, after at most ten seconds for the rest (`run`).
When a ring is full `move` lets it go, as flash has it; the `backlog` reads it back. What is
received is marked on flash, one byte a frame. A record is thus sent from one place at a time.

Each boot begins segments of its own, which name incarnation, boot and configuration, so a backlog
goes out under the names it was given. When flash is full the oldest segment of data goes, or of
events where there is no other, and a gap event tells which records went. Flash that refuses or is
broken is counted, and records are delivered from memory as if there were no journal.

Code for what happens seldom is loaded for it, and forgotten.
"""

import asyncio

from limen.core.compat import const
from limen.core.frame import Frame, most_bytes
from limen.core.late import Borrowed
from limen.delivery.outbox import BACKLOG, DATA, EVENT
from limen.delivery.ring import ACKED, HIGHEST, Cursor
from limen.delivery.segments import BLOCK, HEAD, LOST, Segments

_TICK_MS = const(1500)
_TICKS_OLD = const(3)  # what has waited so many, and less than twice as many, is copied
_TICKS_EMPTY = const(5)  # where nothing waits; what has come meanwhile is copied a tick later
_PER_TICK = const(750)  # records of the backlog
_MOST_COPIES = const(24)
_FREE_SEGMENTS = const(3)  # kept ready, so that the gaps can be told
_WEAR = const(100000)  # erases that a block stands

# What is loaded for a moment.
_TIDY = const(0)
_WRITE = const(1)
_GIVE_UP = const(2)
_TELL = const(3)
_BACKLOG = const(4)
_PAST = const(5)
_ANNOUNCE = const(6)


def _late(what):
    """A function or class that is seldom needed; its code goes when nobody has it any longer."""
    with Borrowed():
        if what == _TIDY:
            from limen.delivery.tables import tidy as found
        elif what == _WRITE:
            from limen.delivery.tables import write as found
        elif what == _GIVE_UP:
            from limen.delivery.gaps import give_up as found
        elif what == _TELL:
            from limen.delivery.gaps import tell_gap as found
        elif what == _BACKLOG:
            from limen.delivery.backlog import Backlog as found
        elif what == _PAST:
            from limen.delivery.past import Past as found
        else:
            from limen.delivery.past import announce as found
    return found


class Stream:
    """The frames of one kind: where they are written, and which of them the outbox holds, too."""

    def __init__(self, kind):
        self.kind = kind
        self.block = -1  # being written
        self.at = self.seq = self.s = 0
        self.copied = 0  # the highest seq on flash
        self.copies = []  # places of the frames whose records are in the outbox, too
        self.lasts = []  # the last seq of each
        self.thinned = False  # some of those records have been received
        self.mark = 0  # no lower seq was put since the last call of `copy_old`
        self.low = 0  # no lower seq of this boot waits behind the outbox; 0 if none does
        self.high = 0  # and no higher one: they are in the outbox, or were received from there


class Journal:
    """`identity`: incarnation, boot and configuration as numbers; `tell(body)` puts an event.

    `plain` is the dialect; None for another, which can speak for this configuration only.
    """

    def __init__(self, flash, outbox, identity, plain, birth_path, tell):
        self.segments = Segments(flash)
        self.erases = self.segments.newest
        self.identity = identity
        self.plain = plain
        self.backlog = self.nudge = None
        self.failures = self.corrupt = self.lost = 0
        self.allowance = _PER_TICK
        self._birth_path = birth_path
        self._tell = tell
        self._outbox = outbox
        self._frame = Frame()
        self.streams = (Stream(DATA), Stream(EVENT))
        used = self.segments.used
        self._waits = used[DATA + 1] + used[EVENT + 1] > 0  # something is to be read back
        outbox.journal = self
        self.tables = [] if plain else [identity[2]]
        if self.segments.newest:
            try:
                tables = _late(_TIDY)(self.segments, identity[2])
                self.tables = tables if plain else [identity[2]]
            except OSError:
                self.failures += 1

    # Writing.

    def copy(self, kind):
        """Put on flash what the outbox has of this kind and flash has not; False if it refuses."""
        stream = self.streams[kind]
        frame = self._frame
        ring = self._outbox.rings[kind]
        record = Cursor()
        record.begin(ring, ring.head)
        is_open = False
        try:
            while record.load():
                if record.seq <= stream.copied or record.state() == ACKED:
                    continue
                if is_open and not frame.fits(record):
                    self._write(stream)
                    is_open = False
                if not is_open:
                    if stream.block < 0 or BLOCK - stream.at < most_bytes(record):
                        self._begin_segment(stream, record)
                    frame.start(stream.seq, stream.s, record, BLOCK - stream.at)
                    is_open = True
                frame.add(kind, record)
            if is_open:
                self._write(stream)
        except (OSError, MemoryError):
            self.failures += 1
            return False
        return True

    def _begin_segment(self, stream, record):
        stream.block = -1
        segments = self.segments
        if self.identity[2] not in self.tables:
            _late(_WRITE)(segments, self._frame, self.identity, self._birth_path)
            self.tables.append(self.identity[2])
        if segments.used[0] <= _FREE_SEGMENTS:
            _late(_GIVE_UP)(segments, self._kept())
        stream.seq = record.seq
        stream.s = record.s
        stream.block = segments.begin(stream.kind, *self.identity, stream.seq, stream.s)
        stream.at = HEAD

    def _kept(self):
        """Blocks that are under way."""
        kept = []
        for stream in self.streams:
            kept.append(stream.block)
            kept += [place // BLOCK for place in stream.copies]
        if self.backlog:
            kept += [walk.block for walk in self.backlog.walks] + self.backlog.left
        return kept

    def _write(self, stream):
        """Program the frame; a segment that refuses it is left."""
        size = self._frame.close()
        block = stream.block
        stream.block = -1
        self.segments.program(block, stream.at, memoryview(self._frame.buffer)[:size])
        stream.block = block
        stream.copies.append(block * BLOCK + stream.at)
        stream.lasts.append(self._frame.seq)
        stream.copied = self._frame.seq
        stream.at += size

    def move(self, kind):
        """Let a ring of the outbox go, as far as flash has what it holds; False if it has nothing.

        Frames that have been received in part are written again first, without that part.
        """
        stream = self.streams[kind]
        ring = self._outbox.rings[kind]
        thinned = stream.copies if stream.thinned else ()
        lasts = stream.lasts
        copied = stream.copied
        if thinned:
            stream.copied = 0
            stream.copies = []
            stream.lasts = []
        stream.thinned = False
        if self.copy(kind):
            self.mark(thinned, lasts, HIGHEST)
        elif thinned:  # what flash had it has
            stream.copied = max(copied, stream.copied)
        if not ring.count or ring.low() > stream.copied:
            return False
        stream.low = stream.low or ring.low()
        stream.high = stream.copied
        self._waits = True
        while ring.count and ring.low() <= stream.copied:
            self._outbox.forget(ring)
        stream.copies = []
        stream.lasts = []
        return True

    # Reading back.

    def fetch(self):
        """Whether records of the backlog are ready to be sent."""
        try:
            if self._waits and not self.backlog and self.allowance > 0:
                self.backlog = _late(_BACKLOG)(self)
                self._outbox.rings += (self.backlog.ring,)
            return self.backlog and self.backlog.fetch()
        except OSError:
            self.failures += 1
        except MemoryError:
            self.failures += 1
            self.allowance = 0  # till the next tick; others have the memory till then
            if self.backlog and not self.backlog.ring.count:
                self._drop_backlog()
        return False

    def forget_backlog(self):
        """All of it has been received."""
        self._waits = False
        self._drop_backlog()

    def _drop_backlog(self):
        self.backlog = None
        self._outbox.rings = self._outbox.rings[:BACKLOG]

    def speaker(self, names):
        """The dialect in the words of a boot; None for this one."""
        if names == self.identity:
            return None
        return _late(_PAST)(self, names) if self.plain else names

    # Received.

    def received(self, kind):
        """Records of a ring have been received: mark the frames that are complete."""
        if kind == BACKLOG:
            self.backlog.received()
            return
        stream = self.streams[kind]
        ring = self._outbox.rings[kind]
        self.mark(stream.copies, stream.lasts, ring.low() if ring.count else HIGHEST)
        stream.thinned = bool(stream.copies)

    def mark(self, copies, lasts, low):
        """Say on flash which frames have been received: those that end below `low`."""
        done = 0
        while done < len(copies) and lasts[done] < low:
            place = copies[done]
            try:
                self.segments.clear(place // BLOCK, place % BLOCK + 2)
            except OSError:
                self.failures += 1
            done += 1
        if done:
            del copies[:done]
            del lasts[:done]

    def low(self):
        """The lowest seq of this boot that waits behind the outbox, or the next one to come."""
        return min(self.low_of(DATA), self.low_of(EVENT))

    def low_of(self, kind):
        """As `low`, of one kind: what is lower and still on flash has been received."""
        return self.streams[kind].low or self._outbox.next_seq

    # From time to time.

    async def run(self, pulse):
        left = _TICKS_OLD
        is_empty = False
        while True:
            pulse.beat(60)
            passed = 1 if self._waits else left
            await asyncio.sleep_ms(_TICK_MS * passed)
            self.allowance = _PER_TICK
            if self._waits:
                self.nudge()
            left -= passed
            if not left:
                self.copy_old()
                was_empty = is_empty
                is_empty = not self._outbox.waiting()
                if is_empty:
                    left = _TICKS_EMPTY
                else:
                    left = 1 if was_empty else _TICKS_OLD
            if self.segments.used[LOST]:
                tell_gap = _late(_TELL)
                self.lost += tell_gap(self.segments, self._tell, self._outbox, self.identity)

    def copy_old(self):
        """Copy what has waited since the last call, and all behind it."""
        for stream in self.streams:
            ring = self._outbox.rings[stream.kind]
            first = max(ring.low(), stream.copied + 1) if ring.count else self._outbox.next_seq
            if first < stream.mark:
                self.commit(stream.kind)
            stream.mark = self._outbox.next_seq

    def commit(self, kind):
        """Copy, and let the ring go when many frames of it are on flash."""
        if self.copy(kind) and len(self.streams[kind].copies) > _MOST_COPIES:
            self.move(kind)

    def save(self):
        """The board is about to restart: copy all; False if flash refuses."""
        has_events = self.copy(EVENT)
        return self.copy(DATA) and has_events

    async def announce(self, session, facts):
        """Publish the births that a backlog of other configurations is to be read with."""
        if self.tables and self.tables != [self.identity[2]]:
            await _late(_ANNOUNCE)(self, session, facts)

    def counters(self, uptime_s):
        """What the diagnostics tell."""
        segments = self.segments
        used = segments.used
        erases = segments.newest - self.erases
        days = (segments.count * _WEAR - segments.newest) * uptime_s // 86400
        return {
            "segments": segments.count,
            "events": used[EVENT + 1],
            "data": used[DATA + 1],
            "lost": self.lost,
            "corrupt": self.corrupt,
            "failures": self.failures + segments.failures,
            "erases": segments.newest,
            "days_left": days // erases if erases else None,
        }
