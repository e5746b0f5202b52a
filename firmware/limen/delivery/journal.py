"""Keeps on flash what the outbox cannot deliver now, or may not lose: copy, fetch, received.

Records stay in the outbox's rings while the link acknowledges them. `copy` puts what a ring holds
on flash as well: at once for what was committed, after at most ten seconds for the rest (`run`).
When a ring is full `move` lets it go, as flash has it; `fetch` reads such records back, oldest
first and events before data, into a ring of their own, from which they are sent like the others.
What is received is marked on flash, one byte a frame. A record is thus sent from one place at a
time, and none is read twice: a frame that was written again is known by its seqs.

Each boot begins segments of its own, which name incarnation, boot and configuration, so a backlog
goes out under the names it was given. When flash is full the oldest segment of data goes, or of
events where there is no other, and a gap event tells which records went. Flash that refuses or is
broken is counted, and records are delivered from memory as if there were no journal.
"""

import asyncio

from limen.core.compat import const
from limen.core.frame import HEAD_BYTES, RECEIVED, Frame, most_bytes
from limen.delivery.outbox import BACKLOG, DATA, EVENT
from limen.delivery.ring import ACKED, Cursor, Ring
from limen.delivery.segments import BLOCK, HEAD, Segments

_BACKLOG_BYTES = const(1024)
_TICK_MS = const(1500)
_TICKS_OLD = const(3)  # what was put before the last so many ticks, and those before, is copied
_PER_TICK = const(750)  # records of the backlog
_MOST_COPIES = const(24)
_FREE_SEGMENTS = const(3)  # kept ready, so that the gaps can be told
_WEAR = const(100000)  # erases that a block stands


class _Stream:
    """The frames of one kind: where they are written, and how far they have been read back."""

    def __init__(self, kind):
        self.kind = kind
        self.block = -1  # being written
        self.at = self.seq = self.s = 0
        self.names = ()
        self.copied = 0  # the highest seq on flash
        self.copies = []  # places of the frames whose records are in the outbox, too
        self.lasts = []  # the last seq of each
        self.thinned = False  # some of those records have been received
        self.mark = self.next_mark = 0
        self.low = 0  # no lower seq of this boot waits behind the outbox; 0 if none does
        self.read_block = -1
        self.read_number = self.read_at = 0
        self.read_seq = self.read_s = 0
        self.is_dry = False  # no segment follows that of `read_number`


class Journal:
    """`identity`: incarnation, boot and configuration as numbers; `tell(body)` puts an event."""

    def __init__(self, flash, outbox, identity, plain, birth_path, tell):
        self.segments = Segments(flash)
        self.erases = self.segments.newest
        self.identity = identity
        self.plain = plain
        self.past = self.nudge = None
        self.kind = DATA
        self.failures = self.corrupt = self.lost = 0
        self._birth_path = birth_path
        self._tell = tell
        self._outbox = outbox
        self.frame = Frame()
        self._cursor = Cursor()
        self._streams = (_Stream(DATA), _Stream(EVENT))
        self._copies = []  # as in a stream, of the backlog's ring
        self._lasts = []
        self._left = []  # segments that have been read, and not yet received
        self._read = self._said = identity
        self._last = 0  # the highest seq that was read
        self._allowance = _PER_TICK
        self._backlog = Ring(_BACKLOG_BYTES, self._cursor)
        outbox.rings += (self._backlog,)
        outbox.journal = self
        self._tables = []
        if self.segments.newest:
            from limen.delivery.tables import tidy

            try:
                self._tables = tidy(self.segments, self.frame, identity[2])
            except OSError:
                self.failures += 1

    # Writing.

    def copy(self, kind):
        """Put on flash what the outbox has of this kind and flash has not."""
        if self._copy(kind) and len(self._streams[kind].copies) > _MOST_COPIES:
            self.move(kind)

    def _copy(self, kind):
        """As `copy`; False if flash refuses."""
        stream = self._streams[kind]
        frame = self.frame
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
                    self._start(stream, record)
                    is_open = True
                frame.add(kind, record)
            if is_open:
                self._write(stream)
        except OSError:
            self.failures += 1
            return False
        return True

    def _start(self, stream, record):
        """Start a frame with a record, in a segment that has room for it."""
        if stream.block < 0 or BLOCK - stream.at < most_bytes(record):
            self._begin_segment(stream, record)
        self.frame.start(stream.seq, stream.s, record, BLOCK - stream.at)

    def _begin_segment(self, stream, record):
        stream.block = -1
        if self.identity[2] not in self._tables:
            from limen.delivery.tables import write

            write(self.segments, self.frame, self.identity, self._birth_path)
            self._tables.append(self.identity[2])
        if self.segments.free() <= _FREE_SEGMENTS:
            self._give_up()
        stream.seq = record.seq
        stream.s = record.s
        stream.block = self.segments.begin(stream.kind, *self.identity, stream.seq, stream.s)
        stream.at = HEAD
        stream.is_dry = False

    def _write(self, stream):
        """Program the frame; a segment that refuses it is left."""
        size = self.frame.close()
        block = stream.block
        stream.block = -1
        self.segments.program(block, stream.at, memoryview(self.frame.buffer)[:size])
        stream.block = block
        stream.copies.append(block * BLOCK + stream.at)
        stream.lasts.append(self.frame.seq)
        stream.copied = self.frame.seq
        stream.at += size

    def _give_up(self):
        """Give up the oldest segment of data, or else of events, that is not under way."""
        for stream in self._streams:
            block = self.segments.oldest(stream.kind, stream.read_number)
            under_way = [stream.block] + [place // BLOCK for place in stream.copies]
            if block >= 0 and block not in under_way:
                self.segments.give_up(block)
                return

    def move(self, kind):
        """Let a ring of the outbox go, as flash has what it holds; False if flash refuses.

        Frames that have been received in part are written again first, without that part.
        """
        stream = self._streams[kind]
        ring = self._outbox.rings[kind]
        thinned = stream.copies if stream.thinned else ()
        if thinned:
            stream.copied = 0
            stream.copies = []
            stream.lasts = []
        stream.thinned = False
        if not self._copy(kind):
            return False
        self._mark(thinned)
        if ring.count and not stream.low:
            stream.low = ring.low()
        while ring.count:
            self._outbox.forget(ring)
        stream.copies = []
        stream.lasts = []
        return True

    # Reading back.

    def fetch(self):
        """Whether records of the backlog are ready to be sent; reads them, as many as may go."""
        if not self._backlog.count and self._allowance > 0:
            try:
                self._read_back()
            except OSError:
                self.failures += 1
        return self._backlog.has_unsent()

    def _read_back(self):
        for stream in (self._streams[EVENT], self._streams[DATA]):
            while self._find_frame(stream) and self._pour(stream):
                pass
            if self._backlog.count:
                return

    def _find_frame(self, stream):
        """Load the next frame that waits and is not in the outbox; False if there is none."""
        frame = self.frame
        head = memoryview(frame.buffer)
        segments = self.segments
        while stream.read_block >= 0 or self._open_segment(stream):
            block = stream.read_block
            if self._is_up_to_date(stream):
                break
            at = stream.read_at
            if at + HEAD_BYTES < BLOCK:
                segments.read(block, at, head[:HEAD_BYTES])
                size = frame.size()
                if size and at + HEAD_BYTES + size <= BLOCK:
                    if frame.buffer[2] == RECEIVED:
                        stream.read_at += HEAD_BYTES + size
                        continue
                    segments.read(block, at + HEAD_BYTES, head[HEAD_BYTES : HEAD_BYTES + size])
                    if frame.is_whole():
                        return True
                    self.corrupt += 1
                elif not frame.is_blank():
                    self.corrupt += 1
            self._leave(stream)
        if not self._backlog.count:
            stream.low = 0
        return False

    def _open_segment(self, stream):
        if stream.is_dry:
            return False
        segments = self.segments
        block = stream.read_block = segments.oldest(stream.kind, stream.read_number)
        if block < 0:
            stream.is_dry = True
            return False
        segments.load(block)
        stream.read_number = segments.number
        stream.read_seq = segments.seq
        stream.read_s = segments.s
        stream.read_at = HEAD
        stream.names = (segments.inc, segments.boot, segments.cfg)
        if segments.cfg != self.identity[2] and segments.cfg not in self._tables:
            self.corrupt += 1
            stream.read_at = BLOCK
        return True

    def _is_up_to_date(self, stream):
        """Whether what follows is in the outbox, or not yet written."""
        if stream.copies:
            return stream.copies[0] == stream.read_block * BLOCK + stream.read_at
        return stream.read_block == stream.block and stream.read_at >= stream.at

    def _leave(self, stream):
        """The segment is at its end."""
        if stream.read_block == stream.block:
            stream.block = -1
        self._left.append(stream.read_block)
        stream.read_block = -1
        if not self._backlog.count:
            self._kill_left()

    def _pour(self, stream):
        """Put the records of the frame into the ring; False when the ring takes no more."""
        ring = self._backlog
        frame = self.frame
        is_other = stream.names != self._read or stream.kind != self.kind
        if is_other:
            if ring.count:
                return False
            self._read = stream.names
            self.kind = stream.kind
            self._last = 0
            self._speak_as(stream.names)
        frame.open(stream.read_seq, stream.read_s)
        while frame.next(stream.kind):
            if frame.seq > self._last:
                if not ring.has_room():
                    return False
                self._put(ring, stream.kind)
                self._last = frame.seq
                self._allowance -= 1
        self._copies.append(stream.read_block * BLOCK + stream.read_at)
        self._lasts.append(frame.seq)
        stream.read_at += frame.end
        if not ring.count:
            self.received(BACKLOG)
        return self._allowance > 0 and len(self._copies) < _MOST_COPIES

    def _put(self, ring, kind):
        frame = self.frame
        ring.begin(frame.seq, frame.device, frame.quality, frame.s, frame.ms, frame.uptime)
        if kind == EVENT:
            ring.add_text(frame.text())
        else:
            for index in range(len(frame.channels)):
                ring.add(frame.channels[index])
                if frame.quality < 2:
                    ring.add(frame.values[index])
        ring.commit()

    def _speak_as(self, names):
        """The backlog is of this boot from now on."""
        if names == self.identity:
            self.past = None
        elif names != self._said or self.past is None:
            from limen.delivery.past import Past

            self.past = Past(self, names)
        self._said = names

    def is_past(self):
        return self._read != self.identity

    # Received.

    def received(self, kind):
        """Records of a ring have been received: mark the frames that are complete."""
        outbox = self._outbox
        ring = outbox.rings[kind]
        if kind == BACKLOG:
            copies = self._copies
            lasts = self._lasts
            low = ring.low() if ring.count else self._last + 1
        else:
            stream = self._streams[kind]
            copies = stream.copies
            lasts = stream.lasts
            low = ring.low() if ring.count else outbox.next_seq
        done = 0
        while done < len(lasts) and lasts[done] < low:
            done += 1
        self._mark(copies[:done])
        del copies[:done]
        del lasts[:done]
        if kind != BACKLOG:
            stream.thinned = bool(copies)
        elif not ring.count:
            self._kill_left()
            if not self.is_past():
                self._streams[self.kind].low = low

    def _mark(self, places):
        """Say on flash that the records of these frames have been received."""
        try:
            for place in places:
                self.segments.clear(place // BLOCK, place % BLOCK + 2)
        except OSError:
            self.failures += 1

    def _kill_left(self):
        try:
            while self._left:
                self.segments.kill(self._left.pop())
        except OSError:
            self.failures += 1

    def low(self):
        """The lowest seq of this boot that waits behind the outbox, or the next one to come."""
        low = self._outbox.next_seq
        for stream in self._streams:
            if stream.low and stream.low < low:
                low = stream.low
        return low

    def low_of_backlog(self):
        """What `low` is in a message of the backlog: events go before all data of a boot."""
        if not self.is_past():
            return self._outbox.low()
        return self._backlog.low() if self.kind == DATA else 1

    # From time to time.

    async def run(self, pulse):
        ticks = 0
        while True:
            pulse.beat(60)
            await asyncio.sleep_ms(_TICK_MS)
            self._allowance = _PER_TICK
            if self.nudge and not self._backlog.count:
                self.nudge()
            ticks += 1
            if ticks % _TICKS_OLD == 0:
                self.copy_old()
            if self.segments.given_up() >= 0:
                from limen.delivery.gaps import tell_gap

                self.lost += tell_gap(self.segments, self.frame, self._tell)

    def copy_old(self):
        """Copy what has waited since the call before the last one, and all behind it."""
        for stream in self._streams:
            ring = self._outbox.rings[stream.kind]
            first = max(ring.low(), stream.copied + 1) if ring.count else self._outbox.next_seq
            if first < stream.mark:
                self.copy(stream.kind)
            stream.mark = stream.next_mark
            stream.next_mark = self._outbox.next_seq

    def save(self):
        """The board is about to restart: copy all."""
        self.copy(EVENT)
        self.copy(DATA)

    async def announce(self, session, facts):
        """Publish the births that a backlog of other configurations is to be read with."""
        for cfg in self._tables:
            if cfg != self.identity[2]:
                from limen.delivery.past import announce

                await announce(self, session, facts, cfg)

    def counters(self, uptime_s):
        """What the diagnostics tell."""
        segments = self.segments
        erases = segments.newest - self.erases
        days = (segments.count * _WEAR - segments.newest) * uptime_s // 86400
        return {
            "segments": segments.count,
            "events": segments.used(EVENT),
            "data": segments.used(DATA),
            "lost": self.lost,
            "corrupt": self.corrupt,
            "failures": self.failures + segments.failures,
            "erases": segments.newest,
            "days_left": days // erases if erases else None,
        }
