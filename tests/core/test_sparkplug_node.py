"""A Sparkplug node between a real outbox and a session and a dialect that are made here."""

import asyncio

from fake_gateway import Clock, channel
from fake_session import Session
from fake_store import Store
from fake_stream import run

from limen.core.text import Text
from limen.delivery.outbox import DATA, Outbox
from limen.delivery.sparkplug_node import Node
from limen.service.poll import Device

OPTIONS = {"sparkplug": {"host": None}, "batch_bytes": 400, "in_flight": 3}


class PingSession(Session):
    pings = 0

    def ping(self):
        self.pings += 1

    def set_last_will(self, topic, message, retain, qos):
        pass


class Dialect:
    """Writes the seq of each record; memory is too short for the `short`th of those to come."""

    def __init__(self, payload):
        self.devices = [Device("gateway", (), None), Device("main", (channel("power", 1),), None)]
        self.data_topics = [b"node/data", b"main/data"]
        self.short = 0
        self._payload = payload

    def topic(self, kind, number=0):
        return kind.encode()

    def death(self, number):
        return b""

    def values(self, number):
        return []

    def birth(self, number, values, s, ms, seq):
        yield b"born"

    def begin(self):
        pass

    def add(self, kind, records, is_historical):
        self.short -= 1
        if not self.short:
            raise MemoryError
        self._payload.put(b"%d " % records.seq)
        return True

    def add_diagnostics(self, put):
        return False

    def end(self, seq):
        pass


class Bench:
    def __init__(self):
        payload = Text()
        self.outbox = Outbox(2000, 600, 3)
        self.session = PingSession()
        self.dialect = Dialect(payload)
        clock = Clock()
        clock.is_set = True
        self.node = Node(self.session, self.outbox, self.dialect, payload, clock, Store(), OPTIONS)
        self.node.facts = list

    def put(self, value):
        self.outbox.begin(DATA, 1, 0, 100 + value, 0, False)
        self.outbox.add(0, value)
        self.outbox.put()

    def connect(self):
        self.session.pings = 0
        self.session.on_connect()
        run(self._be_born())
        self.session.take()

    async def _be_born(self):
        await self.node.begin(False)
        self.node.carry()
        while self.node._birth:
            await asyncio.sleep(0)

    def sent(self):
        """Carry what can be, and confirm it; the seqs of the records."""
        self.node.carry()
        seqs = []
        for message in self.session.take():
            if message.topic.endswith("/data"):
                seqs += [int(seq) for seq in message.payload.split()]
        self.session.on_confirmed(self.session.pings)
        return seqs


def test_records_go_when_the_births_are_told_and_leave_the_outbox_with_the_ping_behind_them():
    bench = Bench()
    bench.put(1)
    bench.connect()
    bench.put(2)
    bench.node.carry()
    assert [one.payload for one in bench.session.take()] == [b"1 2 "]
    assert bench.outbox.waiting() == 2
    bench.session.on_confirmed(bench.session.pings)
    assert bench.outbox.waiting() == 0


def test_what_a_message_took_that_memory_was_too_short_for_is_sent_by_the_next_connection():
    bench = Bench()
    bench.connect()
    for value in range(3):
        bench.put(value)
    bench.dialect.short = 2
    try:
        bench.node.carry()
        raise AssertionError
    except MemoryError:
        pass
    bench.connect()
    arrived = []
    while bench.outbox.waiting():
        sent = bench.sent()
        assert sent
        arrived += sent
    assert sorted(arrived) == [1, 2, 3]
