"""A gateway's outbox with a journal on a fake flash, and a receiver that reads what it sends."""

import os

from limen.delivery.gaps import tell_gap
from limen.delivery.journal import Journal
from limen.delivery.outbox import BACKLOG, DATA, EVENT, Outbox
from limen.delivery.segments import LOST

INC, CFG = 0x9F03A1C4, 0x1C0FFEE1
BIRTH = "build/test-birth.json"
TAIL = b'"device":[\n{"id":"meter","model":"m","channel":[\n{"name":"power","places":1},\n'
TAIL += b'{"name":"volts","places":2}]}]}'


def birth():
    """The path of the birth's tail; the file is made if it is absent."""
    try:
        os.stat(BIRTH)
    except OSError:
        try:
            os.mkdir("build")
        except OSError:
            pass
        with open(BIRTH, "wb") as file:
            file.write(TAIL)
    return BIRTH


class Plain:
    """As much of the plain dialect as speaking for another boot takes."""

    text = None
    base = "limen/v1/hall-2/press-07/"
    devices = topics = ()


class Boot:
    """One life of a gateway on a flash; `put` is {name: content} of what it put."""

    def __init__(self, flash, boot=1, cfg=CFG, data_bytes=1024, event_bytes=600):
        self.flash = flash
        self.boot = boot
        self.gaps = []
        self.put = {}
        self.committed = set()
        self.outbox = Outbox(data_bytes, event_bytes, 4)
        identity = (INC, boot, cfg)
        self.journal = Journal(flash, self.outbox, identity, Plain(), birth(), self.gaps.append)

    def sample(self, s, value, commit=False, channel=0, quality=0, device=1):
        outbox = self.outbox
        outbox.begin(DATA, device, quality, s, s % 7, False)
        outbox.add(channel, value)
        content = (DATA, device, quality, s, s % 7, [channel] + ([] if quality > 1 else [value]))
        self._put(content, commit)

    def event(self, s, text, commit=True):
        outbox = self.outbox
        outbox.begin(EVENT, 0, 0, s, 5, False)
        outbox.add_text(text)
        self._put((EVENT, 0, 0, s, 5, text), commit)

    def _put(self, content, commit):
        name = (self.boot, self.outbox.put())
        self.put[name] = content
        if commit:
            self.commit(content[0])

    def commit(self, kind):
        self.outbox.commit()
        self.note(kind)

    def note(self, kind):
        """All of this kind that was put is committed now."""
        for name in self.put:
            if self.put[name][0] == kind:
                self.committed.add(name)

    def tick(self):
        self.journal.copy_old()

    def tell_gaps(self):
        """As the journal does from time to time."""
        journal = self.journal
        while journal.segments.used[LOST]:
            tell_gap(journal.segments, self.gaps.append, self.outbox, journal.identity)

    def send(self, slot=1, most=1000):
        """Make a message; return {name: content} of its records."""
        outbox = self.outbox
        records = outbox.peek(slot)
        if records is None:
            return {}
        kind = outbox.kind(slot)
        boot = self.boot
        if outbox._kind[slot] == BACKLOG:
            boot = self.journal.backlog._names[1]
        found = {}
        while records.taken < most and records.next():
            found[boot, records.seq] = self._content(kind, records)
            records.take()
        return found

    def _content(self, kind, record):
        head = (kind, record.device, record.quality, record.s, record.ms)
        if kind == EVENT:
            return head + (bytes(record.buffer[record.at : record.end]),)
        body = []
        while record.at < record.end:
            body.append(record.number())
        return head + (body,)

    def drain(self):
        """Receive all; return [(name, content)] in the order of arrival."""
        received = []
        while True:
            self.journal.allowance = 750
            found = self.send()
            if not found:
                return received
            received += found.items()
            self.outbox.ack(1)
