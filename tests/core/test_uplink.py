"""The uplink carries records: each until it is acknowledged, whatever the network does."""

import json

from fake_noise import Dice
from fake_uplink import BASE, Bench, connected, seqs

from limen.delivery.outbox import DATA, EVENT


def test_a_connection_begins_with_who_is_here():
    bench = Bench()
    bench.put(7)
    bench.connect()
    status, told = bench.session.take()
    assert (status.topic, status.qos, status.retain) == (BASE + "status", 1, True)
    assert json.loads(status.payload) == {"inc": "9f03a1c4", "boot": 3, "online": True}
    assert bench.session.subscribed == [(BASE + "cmd/+", 1)]
    assert (told.topic, told.qos, told.retain) == (BASE + "birth", 0, True)
    assert json.loads(told.payload)["fw"] == "0.1.0"
    assert json.loads(told.payload)["device"][0]["id"] == "meter"


def test_a_record_goes_only_when_its_message_is_acknowledged():
    bench = connected()
    bench.put(7)
    assert bench.carry() is True
    (message,) = bench.session.records()
    assert (message.topic, message.qos) == (BASE + "dev/main/data", 1)
    assert (message.retain, message.dup) == (False, False)
    assert json.loads(message.payload)["r"][0][3] == {"power": 0.7}
    assert bench.outbox.waiting() == 1
    bench.session.on_puback(message.pid + 1)
    assert bench.outbox.waiting() == 1
    bench.session.on_puback(message.pid)
    assert bench.outbox.waiting() == 0
    assert bench.sent() == []
    assert bench.uplink.messages == 1


def test_an_acknowledgement_and_a_new_record_wake_who_sends():
    bench = connected()
    wake = bench.uplink.wake
    bench.put(7)
    bench.carry()
    assert not wake.is_set()
    bench.session.on_puback(bench.session.records()[0].pid)
    assert wake.is_set()
    wake.clear()
    bench.session.on_puback(4711)
    assert not wake.is_set()
    bench.uplink.nudge()
    assert wake.is_set()


def test_records_of_one_device_and_kind_share_a_message():
    bench = connected()
    for value, device in ((1, 1), (2, 2), (3, 1)):
        bench.put(value, device)
    bench.put(4, 1, EVENT)
    assert [one for _, one in bench.sent()] == [[4], [1, 3], [2]]


def test_a_message_holds_no_more_than_a_batch():
    bench = connected(in_flight=2, batch_bytes=200)
    for value in range(20):
        bench.put(value)
    bench.carry()
    messages = bench.session.records()
    assert [len(message.payload) <= 200 for message in messages] == [True, True]
    assert seqs(messages[0]) + seqs(messages[1]) == list(range(1, len(seqs(messages[1])) * 2 + 1))


def test_only_so_many_messages_are_under_way():
    bench = connected(in_flight=2)
    for value in range(2):
        bench.put(value)
        assert len(bench.sent()) == 1
    bench.put(2)
    assert bench.sent() == []
    bench.session.on_puback(bench.uplink.session._pid)
    assert [one for _, one in bench.sent()] == [[3]]


class Short:
    """A dialect whose message takes more memory than there is, from the second record on."""

    def __init__(self, dialect):
        self._dialect = dialect
        self.left = 2

    def __getattr__(self, name):
        return getattr(self._dialect, name)

    def add(self, kind, records):
        self.left -= 1
        if not self.left:
            raise MemoryError
        return self._dialect.add(kind, records)


def test_what_a_message_took_that_memory_was_too_short_for_is_sent_by_the_next_connection():
    bench = connected()
    bench.uplink._dialect = Short(bench.uplink._dialect)
    for value in range(3):
        bench.put(value)
    try:
        bench.carry()
        raise AssertionError
    except MemoryError:
        pass
    bench.connect(present=True)
    arrived = []
    while bench.outbox.waiting():
        sent = bench.sent()
        assert sent
        for pid, numbers in sent:
            arrived += numbers
            bench.session.on_puback(pid)
    assert sorted(arrived) == [1, 2, 3]


def test_a_reconnect_repeats_in_order_under_the_old_ids_before_anything_new():
    """Slot 1 is used twice, so that the order is not that of the slots."""
    for present in (True, False):
        bench = connected()
        for value in range(3):
            bench.put(value)
            bench.carry()
        first = bench.session.records()
        bench.session.on_puback(first[0].pid)
        bench.put(3)
        bench.carry()
        first = first[1:] + bench.session.records()
        bench.put(4)
        bench.connect(present)
        again = bench.session.records()
        assert [one.pid for one in again] == [one.pid for one in first]
        assert [one.payload for one in again] == [one.payload for one in first]
        assert [one.dup for one in again] == [present] * 3
        bench.session.on_puback(first[2].pid)
        assert [one for _, one in bench.sent()] == [[5]]


def test_a_repeated_message_says_the_same_low():
    bench = connected()
    bench.put(0)
    bench.carry()
    bench.put(1)
    bench.carry()
    one, other = bench.session.records()
    bench.session.on_puback(one.pid)
    bench.connect(True)
    (again,) = bench.session.records()
    assert again.payload == other.payload
    assert json.loads(again.payload)["low"] == 1


def test_a_message_whose_records_are_gone_frees_its_slot():
    bench = connected(in_flight=1, data_bytes=600)
    bench.put(0)
    bench.carry()
    bench.session.records()
    while bench.outbox.low() == 1:
        bench.put(5)
    bench.connect()
    assert bench.session.records() == []
    assert len(bench.sent()) == 1


def test_a_full_socket_is_waited_for():
    bench = connected()
    for value in range(3):
        bench.put(value)
        bench.carry()
    bench.put(4, 2)
    bench.session.takes = 0
    bench.session.on_puback(bench.session.records()[0].pid)
    assert bench.carry() is False
    assert bench.session.records() == []
    bench.session.takes = 1
    assert [one for _, one in bench.sent()] == [[4]]
    bench.session.takes = 3  # status and birth, and one of three to be repeated
    bench.connect()
    assert [seqs(one) for one in bench.session.records()] == [[2], [3], [4]]
    assert bench.session.drained == 2


def test_a_message_is_begun_where_topic_and_batch_fit():
    bench = connected(batch_bytes=400)
    bench.put(7)
    bench.session.free = 400 + 160 - 1
    assert bench.carry() is False
    bench.session.free += 1
    assert [one for _, one in bench.sent()] == [[1]]


class Broker:
    """Gets what is on the wire as far as the network lets it, and checks it as a service would."""

    def __init__(self, session):
        self.session = session
        self.wire = []
        self.payloads = {}  # by packet id, of what is not acknowledged
        self.owed = []  # packet ids to acknowledge
        self.received = {}  # seq: record

    def hear(self, most):
        self.wire += self.session.records()
        while self.wire and most:
            self._take(self.wire.pop(0))
            most -= 1

    def _take(self, message):
        batch = json.loads(message.payload)
        known = self.payloads.get(message.pid)
        assert known in (None, message.payload), "a packet id means one message"
        self.payloads[message.pid] = message.payload
        if message.pid not in self.owed:
            self.owed.append(message.pid)
        for record in batch["r"]:
            assert self.received.get(record[0], record) == record
            self.received[record[0]] = record
        missing = [seq for seq in range(1, batch["low"]) if seq not in self.received]
        assert not missing, "below low all has arrived"

    def acknowledge(self, dice):
        if self.owed:
            pid = self.owed.pop(dice.below(len(self.owed)))
            del self.payloads[pid]
            self.session.on_puback(pid)

    def forget(self):
        """The connection is cut: what is on the wire, and what was to be acknowledged, is gone."""
        self.session.take()
        self.wire = []
        self.owed = []


def test_every_record_arrives_whatever_the_network_does():
    for seed in range(12):
        dice = Dice(seed + 1)
        bench = connected(in_flight=4)
        broker = Broker(bench.session)
        put = 0
        for _ in range(200):
            event = dice.below(9)
            if event < 3 and bench.outbox.waiting() < 12:
                put = bench.put(dice.below(1000), 1 + dice.below(2), dice.pick((DATA, EVENT)))
            elif event < 5:
                bench.session.takes = dice.below(4)
                bench.carry()
                broker.hear(dice.below(3))
            elif event < 8:
                broker.acknowledge(dice)
            else:
                broker.forget()
                bench.session.takes = dice.below(3) + 2
                bench.connect(dice.below(2) == 1)
                broker.hear(dice.below(3))
            assert bench.outbox.waiting() >= put - len(broker.received)
        bench.session.takes = 1000
        while bench.outbox.waiting():
            bench.carry()
            broker.hear(1000)
            assert broker.owed, "what waits is never sent"
            broker.acknowledge(dice)
        assert sorted(broker.received) == list(range(1, put + 1))
        assert bench.outbox.dropped == 0
