"""The client against sets: any batches, in any order, with kills in between."""

import json
import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from host_tools.client import Gap, Sample, State
from host_tools.client.connection import Letter
from host_tools.client.delivery import BIRTH_WAIT_S, Delivery, Inbox

TOPIC = "limen/v1/hall-2/press-07/dev/m/data"

batches = st.tuples(
    st.sampled_from(["00000001", "00000002"]),
    st.integers(1, 2),
    st.integers(1, 12),
    st.lists(st.integers(1, 12), min_size=1, max_size=4),
)
steps = st.lists(st.tuples(batches, st.sampled_from(["", "", "killed before", "killed after"])))


class Service:
    """Stores (boot, seq) of samples and gaps, beside the client's state, in one database."""

    def __init__(self):
        self._database = sqlite3.connect(":memory:")
        self._database.execute("CREATE TABLE sample (inc, boot, seq)")
        self._database.execute("CREATE TABLE gap (inc, boot, seq)")
        self._start()

    def take(self, letter, end):
        """Process a letter; a kill comes before the commit, or before the acknowledgement."""
        self._inbox.put(letter)
        if end == "killed before":
            self._store()
            self._database.rollback()
            self._start()
            self._inbox.put(letter)
        if self._store():
            self._delivery.settle()
        if end == "killed after":
            self._start()
            self._inbox.put(letter)
            assert self._delivery.next(self._now_s()) is None

    def rows(self, table):
        return sorted(self._database.execute(f"SELECT * FROM {table}"))

    def _start(self):
        self._inbox = Inbox()
        self._delivery = Delivery(self._inbox, lambda letter: None, State(self._database))
        self._time_s = 0

    def _now_s(self):
        """Every time it is asked no birth has come for long enough."""
        self._delivery.next(self._time_s)
        self._time_s += BIRTH_WAIT_S
        return self._time_s

    def _store(self):
        """Store what the letter brings; return whether that was anything."""
        items = self._delivery.next(self._now_s())
        for item in items or []:
            name = item.boot.inc, item.boot.number
            if isinstance(item, Sample):
                self._insert("sample", *name, item.seq)
            elif isinstance(item, Gap):
                for seq in range(item.first, item.last + 1):
                    self._insert("gap", *name, seq)
        return items

    def _insert(self, table, *row):
        self._database.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", row)


class Reference:
    """Which records came, and which holes low has told of, by sets."""

    def __init__(self):
        self.arrived, self.gaps, self._low = set(), set(), {}

    def take(self, inc, boot, low, seqs):
        before = self._low.setdefault((inc, boot), low)
        self.arrived |= {(inc, boot, seq) for seq in seqs}
        below = {(inc, boot, seq) for seq in range(before, low)}
        self.gaps |= below - self.arrived
        self._low[inc, boot] = max(low, before)


@given(steps)
def test_every_record_counts_once_whenever_the_service_is_killed(taken):
    service, reference = Service(), Reference()
    for (inc, boot, low, seqs), end in taken:
        records = [[seq, 1, 0, {"voltage": 1}] for seq in seqs]
        frame = {"inc": inc, "boot": boot, "cfg": "1c0ffee1", "low": low, "r": records}
        service.take(Letter(TOPIC, json.dumps(frame).encode(), False, 1, 1, 0), end)
        reference.take(inc, boot, low, seqs)
    assert service.rows("sample") == sorted(reference.arrived)
    assert service.rows("gap") == sorted(reference.gaps)
