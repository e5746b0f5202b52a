"""The outbox against a plain list of records, over random schedules of puts, messages and acks."""

from hypothesis import given, settings
from hypothesis import strategies as st

from limen.delivery.outbox import DATA, EVENT, Outbox

SLOTS = 4

put = st.tuples(
    st.just("put"),
    st.sampled_from([DATA, DATA, DATA, EVENT]),
    st.integers(0, 3),
    st.integers(-3_000_000, 3_000_000),
    st.lists(st.tuples(st.integers(0, 200), st.integers(-(2**40), 2**40)), max_size=12),
)
send = st.tuples(st.just("send"), st.integers(1, SLOTS), st.integers(1, 6))
ack = st.tuples(st.just("ack"), st.integers(1, SLOTS))
repeat = st.tuples(st.just("repeat"), st.integers(1, SLOTS))


def values_of(cursor):
    found = []
    while cursor.at < cursor.end:
        found.append((cursor.number(), cursor.number()))
    return found


def taken(selection, limit):
    found = []
    while len(found) < limit and selection.next():
        record = (selection.seq, selection.device, selection.s * 1000 + selection.ms)
        found.append((*record, values_of(selection)))
        selection.take()
    return found


class Model:
    """What the outbox promises, in the plainest words."""

    def __init__(self):
        self.records = {}  # seq: [kind, record, slot or 0]
        self.next_seq = 1

    def expected(self, kind, limit):
        waiting = [r for r in self.records.values() if r[0] == kind and r[2] == 0]
        device = waiting[0][1][1]
        return [r[1] for r in waiting if r[1][1] == device][:limit]


@settings(max_examples=60)
@given(
    st.sampled_from([(1600, 700), (560, 520)]),
    st.lists(st.one_of(put, put, put, send, ack, repeat), min_size=40, max_size=120),
)
def test_outbox_equals_a_plain_list(sizes, steps):
    """The smaller one overflows all the time, with messages under way."""
    outbox = Outbox(*sizes, SLOTS)
    model = Model()
    now_ms = 820_000_000_000
    for step in steps:
        if step[0] == "put":
            _, kind, device, step_ms, values = step
            now_ms += step_ms
            run_put(outbox, model, kind, device, now_ms, values)
        elif step[0] == "send":
            run_send(outbox, model, step[1], step[2])
        elif step[0] == "ack":
            outbox.ack(step[1])
            model.records = {s: r for s, r in model.records.items() if r[2] != step[1]}
        else:
            selection = outbox.repeat(step[1])
            mine = [r[1] for r in model.records.values() if r[2] == step[1]]
            assert (taken(selection, 99) if selection else []) == mine
        assert outbox.waiting() == len(model.records)
        assert outbox.low() == min(model.records, default=model.next_seq)


def run_put(outbox, model, kind, device, now_ms, values):
    dropped = outbox.dropped
    outbox.begin(kind, device, 0, now_ms // 1000, now_ms % 1000, False)
    for channel, value in values:
        assert outbox.add(channel, value)
    seq = outbox.put()
    assert seq == model.next_seq
    model.next_seq += 1
    oldest = [s for s, r in model.records.items() if r[0] == kind]
    for gone in oldest[: outbox.dropped - dropped]:
        del model.records[gone]
    model.records[seq] = [kind, (seq, device, now_ms, values), 0]


def run_send(outbox, model, slot, limit):
    if any(r[2] == slot for r in model.records.values()):
        return
    selection = outbox.peek(slot)
    if selection is None:
        assert not any(r[2] == 0 for r in model.records.values())
        return
    kind = outbox.kind(slot)
    expected = model.expected(kind, limit)
    assert taken(selection, limit) == expected
    for record in expected:
        model.records[record[0]][2] = slot


def test_a_full_outbox_drops_the_oldest_and_counts_them():
    outbox = Outbox(1000, 500, SLOTS)
    for n in range(500):
        outbox.begin(DATA, 1, 0, n, 0, False)
        outbox.add(3, n)
        outbox.put()
    assert outbox.dropped == 500 - outbox.waiting()
    assert outbox.low() == outbox.dropped + 1
    selection = outbox.peek(1)
    assert selection.next()
    assert (selection.seq, selection.s) == (outbox.dropped + 1, outbox.dropped)


def test_events_go_before_data():
    outbox = Outbox(1000, 500, SLOTS)
    outbox.begin(DATA, 1, 0, 5, 0, False)
    outbox.put()
    outbox.begin(EVENT, 1, 0, 5, 0, False)
    outbox.add_text(b'{"a":1}')
    outbox.put()
    selection = outbox.peek(1)
    assert outbox.kind(1) == EVENT
    assert selection.next() and selection.seq == 2
    assert selection.buffer[selection.at : selection.end] == b'{"a":1}'


def test_uptime_and_utc_keep_apart():
    outbox = Outbox(1000, 500, SLOTS)
    for s, uptime in ((10, True), (11, True), (820_000_000, False), (820_000_001, False)):
        outbox.begin(DATA, 1, 0, s, 7, uptime)
        outbox.put()
    selection = outbox.peek(1)
    times = []
    while selection.next():
        times.append((selection.s, selection.ms, bool(selection.uptime)))
    assert times == [
        (10, 7, True),
        (11, 7, True),
        (820_000_000, 7, False),
        (820_000_001, 7, False),
    ]


def test_what_waits_is_found_wherever_the_buffer_ends():
    """Records of one length come to the same end of the buffer in each round."""
    for under_way in range(1, 22):
        for behind in range(1, 22):
            outbox = Outbox(600, 500, 2)
            put_some(outbox, under_way)
            records = outbox.peek(1)
            taken(records, 99)
            assert outbox.peek(2) is None
            put_some(outbox, 1)
            outbox.ack(1)
            put_some(outbox, behind)
            records = outbox.peek(2)
            assert records and len(taken(records, 99)) == outbox.waiting()


def put_some(outbox, count):
    for n in range(count):
        outbox.begin(DATA, 1, 0, 820_000_000 + n, 0, False)
        for channel in range(10):
            outbox.add(channel, 20_000 + n)
        outbox.put()


def test_a_record_takes_so_many_channels_and_no_more():
    outbox = Outbox(1000, 500, SLOTS, channels=3)
    for _ in range(2):
        outbox.begin(DATA, 1, 0, 5, 0, False)
        assert [outbox.add(channel, 7) for channel in range(5)] == [True] * 3 + [False] * 2
        outbox.put()
    selection = outbox.peek(1)
    assert [len(record[-1]) for record in taken(selection, 99)] == [3, 3]


def test_a_record_of_large_values_ends_before_it_is_too_long():
    outbox = Outbox(2000, 500, SLOTS)
    put = []
    for value in (2**61, -(2**61), 2**40, 7):
        outbox.begin(DATA, 300, 0, 820_000_000, 0, False)
        values = []
        while outbox.add(200, value):
            values.append((200, value))
        outbox.put()
        put.append(values)
    assert len(put[0]) >= 18 and len(put[-1]) == outbox.most_channels
    selection = outbox.peek(1)
    found = []
    while selection.next():
        assert selection.end - selection.start <= 250
        found.append(values_of(selection))
    assert found == put
