import json

from fake_cuts import check_cut, count_writes
from fake_flash import BLOCK, Flash
from fake_journal import Boot

from limen.delivery.outbox import DATA, EVENT


def test_what_was_committed_outlives_a_power_cut():
    flash = Flash(16)
    before = Boot(flash)
    before.sample(100, 2301, commit=True)
    before.event(101, b'{"alarm":"power.high"}')
    after = Boot(flash, boot=2)
    assert sorted(after.drain()) == sorted(before.put.items())
    assert Boot(flash, boot=3).drain() == []


def test_what_is_received_at_once_never_comes_to_flash():
    flash = Flash(16)
    gateway = Boot(flash)
    for s in range(500):
        gateway.sample(s, s)
        assert len(gateway.send()) == 1
        gateway.outbox.ack(1)
        if s % 4 == 0:
            gateway.tick()
    assert (flash.writes, gateway.journal.counters(500)["data"]) == (0, 0)


def test_what_waits_is_copied_at_the_second_tick():
    gateway = Boot(Flash(16))
    gateway.sample(1, 1)
    gateway.tick()
    gateway.sample(2, 2)
    gateway.tick()
    gateway.tick()
    assert gateway.journal.streams[DATA].copied == 2


def test_a_full_ring_moves_to_flash_and_comes_back_in_order():
    gateway = Boot(Flash(32))
    for s in range(1200):
        gateway.sample(s, 2300 + s % 9)
    received = gateway.drain()
    assert dict(received) == gateway.put
    assert len(received) == 1200
    assert gateway.outbox.dropped == gateway.outbox.waiting() == 0
    assert gateway.outbox.low() == 1201


def test_values_of_any_size_and_sign_come_back_from_flash():
    gateway = Boot(Flash(16))
    sizes = [1 << power for power in (0, 5, 6, 7, 12, 13, 14, 20, 30, 31, 40, 61)]
    values = [0] + [
        sign * (size + more) for size in sizes for sign in (-1, 1) for more in (-1, 0, 1)
    ]
    for s, value in enumerate(values):
        gateway.sample(s, value)
        gateway.sample(s, value, quality=2)
        gateway.sample(s, 1, channel=200, quality=1, device=60)
    gateway.journal.move(DATA)
    assert dict(gateway.drain()) == gateway.put


def test_live_values_go_beside_the_backlog_and_low_waits_for_it():
    gateway = Boot(Flash(32))
    for s in range(1000):
        gateway.sample(s, s)
    gateway.journal.move(DATA)
    gateway.sample(5000, 1)
    assert list(gateway.send(1)) == [(1, 1001)]
    gateway.outbox.ack(1)
    assert min(gateway.send(1)) == (1, 1)
    assert gateway.outbox.low() == 1
    gateway.outbox.ack(1)
    assert 1 < gateway.outbox.low() < 1000


def test_events_of_the_backlog_go_before_its_data():
    flash = Flash(32)
    before = Boot(flash)
    for s in range(300):
        before.sample(s, s)
        if s % 100 == 0:
            before.event(s, b'{"alarm":%d}' % s)
    before.journal.save()
    kinds = [content[0] for _, content in Boot(flash, boot=2).drain()]
    assert kinds == [EVENT] * 3 + [DATA] * 300


def test_a_typical_sample_takes_at_most_five_bytes():
    """Its times are never the same seconds apart: `sample` gives them some milliseconds more."""
    flash = Flash(16)
    gateway = Boot(flash)
    for s in range(1800):
        gateway.sample(s, 2300 + s * s % 40)
        if s % 5 == 4:
            gateway.tick()
    gateway.journal.save()
    used = gateway.journal.counters(1)["data"]
    assert (used - 1) * BLOCK <= 5 * 1800, "one segment is not full"
    assert gateway.journal.streams[DATA].copied == 1800


def test_when_it_is_full_the_oldest_data_go_and_the_gaps_add_up():
    flash = Flash(7)
    gateway = Boot(flash)
    for s in range(2200):
        gateway.sample(s, s * 79190007 % 409600000)
        if s % 200 == 0:
            gateway.event(s, b'{"alarm":%d}' % s)
        gateway.tell_gaps()
    received = dict(gateway.drain())
    gaps = [json.loads(gap) for gap in gateway.gaps]
    lost = set()
    for gap in gaps:
        assert (gap["inc"], gap["boot"]) == ("9f03a1c4", 1)
        for seq in range(gap["from"], gap["to"] + 1):
            if gateway.put[1, seq][0] == DATA:
                lost.add((1, seq))
    assert len(lost) == sum(gap["count"] for gap in gaps) > 0
    assert not any(name in lost for name in received)
    assert all(name in lost or name in received for name in gateway.put)
    assert len(lost) + len(received) == len(gateway.put)
    assert (gateway.outbox.dropped, gateway.outbox.waiting()) == (len(lost), 0)


def test_a_received_part_of_a_frame_does_not_come_again():
    gateway = Boot(Flash(16))
    for s in range(30):
        gateway.sample(s, s)
    gateway.commit(DATA)
    first = gateway.send(1, most=10)
    gateway.outbox.ack(1)
    gateway.journal.move(DATA)
    rest = dict(gateway.drain())
    assert not set(first) & set(rest)
    assert len(first) + len(rest) == 30


def test_what_arrived_out_of_order_does_not_come_again():
    gateway = Boot(Flash(16))
    for s in range(30):
        gateway.sample(s, s)
    first = gateway.send(1, most=10)
    second = gateway.send(2, most=10)
    gateway.outbox.ack(2)
    gateway.journal.move(DATA)
    gateway.outbox.ack(1)
    rest = [name for name, _ in gateway.drain()]
    assert sorted(rest + list(second)) == sorted(gateway.put)
    assert set(first) < set(rest), "their message was forgotten with them"
    assert gateway.outbox.waiting() == 0


def test_what_is_kept_of_copies_is_bounded():
    gateway = Boot(Flash(16), event_bytes=20000)
    for s in range(100):
        gateway.event(s, b'{"alarm":%d}' % s)
        assert len(gateway.journal.streams[EVENT].copies) <= 24
    assert dict(gateway.drain()) == gateway.put


def test_nothing_committed_is_lost_wherever_the_power_fails():
    writes = count_writes(400)
    assert writes > 80
    for cuts in range(0, writes, 6):
        check_cut(cuts, cuts // 6 % 5, 400)
