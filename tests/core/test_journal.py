import json

from fake_cuts import check_cut, count_writes
from fake_flash import BLOCK, Flash
from fake_journal import Boot

from limen.delivery.gaps import give_up
from limen.delivery.outbox import DATA, EVENT
from limen.delivery.segments import LOST, Segments


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
        lost |= {(1, seq) for seq in range(gap["from"], gap["to"] + 1)} & {
            name for name in gateway.put if gateway.put[name][0] == DATA
        }
    assert len(lost) == sum(gap["count"] for gap in gaps) > 0
    assert not any(name in lost for name in received)
    assert all(name in lost or name in received for name in gateway.put)
    assert len(lost) + len(received) == len(gateway.put)
    assert (gateway.outbox.dropped, gateway.outbox.waiting()) == (len(lost), 0)


def test_flash_that_refuses_is_counted_and_memory_goes_on():
    flash = Flash(16)
    gateway = Boot(flash)
    flash.refuses = True
    for s in range(20):
        gateway.sample(s, s, commit=True)
    assert dict(gateway.drain()) == gateway.put
    assert gateway.outbox.acked == 20
    assert gateway.journal.counters(1)["failures"] > 0


def test_flash_that_refuses_from_the_start_is_read_all_the_same():
    flash = Flash(16)
    before = Boot(flash)
    for s in range(300):
        before.sample(s, s)
    before.journal.save()
    flash.refuses = True
    after = Boot(flash, boot=2, cfg=7)
    after.sample(1, 1, commit=True)
    received = dict(after.drain())
    assert received.pop((2, 1)) == after.put[2, 1]
    assert received == before.put
    assert after.journal.counters(1)["failures"] > 0


def test_random_bytes_do_not_stop_the_start():
    flash = Flash(16)
    before = Boot(flash)
    for s in range(3000):
        before.sample(s, s)
    before.journal.save()
    state = 1
    for at in range(0, len(flash.cells), 97):
        state = state * 1103515245 + 12345 & 0x3FFFFFFF
        flash.cells[at] = state >> 16 & 255
    after = Boot(flash, boot=2)
    for name, content in after.drain():
        assert before.put[name] == content
    assert after.journal.counters(1)["corrupt"] > 0


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


def fill(gateway, seconds):
    """Events are long, so it takes few of them to fill the flash."""
    for s in range(seconds):
        gateway.event(s, b'{"alarm":"%0180d"}' % s)
        gateway.tell_gaps()


def count_of(gaps):
    """How many records the gap events tell of."""
    return sum(json.loads(gap)["count"] for gap in gaps)


def test_flash_that_refuses_costs_what_memory_cannot_hold_and_that_is_counted():
    """Neither is a record told as lost that still comes, nor does one go without being counted."""
    for seconds in (0, 100):
        flash = Flash(7)
        gateway = Boot(flash)
        fill(gateway, seconds)
        told = list(gateway.gaps)
        flash.refuses = True
        for s in range(300):
            gateway.sample(s, s)
            gateway.tell_gaps()
        assert gateway.gaps == told
        received = dict(gateway.drain())
        assert received == {name: gateway.put[name] for name in received}
        lost = gateway.outbox.dropped
        assert (len(received) + lost, lost > 100) == (len(gateway.put), True)


def test_a_segment_whose_head_has_changed_is_none():
    flash = Flash(4)
    before = Boot(flash)
    for s in range(20):
        before.sample(s, s)
    before.journal.save()
    (block,) = [block for block in range(4) if before.journal.segments.kinds[block] == DATA + 1]
    for at in range(36):
        flash.cells[block * BLOCK + at] ^= 1 << at % 8
        after = Boot(flash, boot=2)
        assert after.drain() == [], at
        flash.cells[block * BLOCK + at] ^= 1 << at % 8
    assert dict(Boot(flash, boot=3).drain()) == before.put


def test_a_block_that_does_not_keep_what_was_written_is_left():
    flash = Flash(12)
    before = Boot(flash, data_bytes=2048)
    flash.worn = (2, 3, 4)
    for s in range(400):
        before.sample(s, s * 79190007 % 409600000, commit=s % 30 == 0)
    before.journal.save()
    assert before.journal.counters(1)["failures"] == 3
    assert dict(Boot(flash, boot=2).drain()) == before.put


def test_all_blocks_wear_alike():
    flash = Flash(9)
    for boot in range(1, 9):
        gateway = Boot(flash, boot)
        fill(gateway, 100)
        if boot % 3 == 0:
            gateway.drain()
    _, *wear = sorted(flash.wear)  # the table of the configuration stays where it is
    assert wear[0] >= 4
    assert wear[-1] - wear[0] <= 1
    told = gateway.journal.counters(1)["erases"]
    assert sum(flash.wear) <= told <= sum(flash.wear) + 1, "an erase may have been cut"


def test_what_is_being_written_is_not_given_up():
    """Events fill the flash while a few data wait in memory, with their copies in a segment."""
    flash = Flash(7)
    gateway = Boot(flash)
    for s in range(15):
        gateway.sample(s, s, commit=True)
        fill(gateway, 10)
    received = dict(Boot(flash, boot=2).drain())
    assert received == {name: gateway.put[name] for name in received}
    lost = [content for name, content in gateway.put.items() if name not in received]
    assert [kind for kind, *_ in lost] == [EVENT] * len(lost)
    assert len(lost) == count_of(gateway.gaps) > 0


def test_the_oldest_data_go_then_the_oldest_events_but_nothing_in_use():
    segments = Segments(Flash(12))
    events = [segments.begin(EVENT, 1, 1, 1, seq, 0) for seq in range(3)]
    data = [segments.begin(DATA, 1, 1, 1, seq, 0) for seq in range(4)]
    kept = [data[0], data[2], events[0]]
    for gone in (data[1], data[3], events[1], events[2]):
        give_up(segments, kept)
        assert [block for block in range(12) if segments.kinds[block] == LOST] == [gone]
        segments.kill(gone)
    give_up(segments, kept)
    assert segments.used[LOST] == 0


def test_a_gap_of_the_boot_before_is_none_of_this_boot_s_records():
    flash = Flash(7)
    before = Boot(flash)
    for s in range(100):
        before.event(s, b'{"alarm":"%0180d"}' % s)
    before.tell_gaps()
    after = Boot(flash, boot=2)
    fill(after, 10)
    assert after.gaps and json.loads(after.gaps[0])["boot"] == 1
    assert after.outbox.dropped == 0
