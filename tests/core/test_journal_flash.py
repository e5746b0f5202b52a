"""The journal on flash that is full, refuses, wears out, or has changed."""

import json

from fake_flash import BLOCK, Flash
from fake_journal import Boot

from limen.delivery.gaps import give_up
from limen.delivery.outbox import DATA, EVENT
from limen.delivery.segments import HEAD, LOST, Segments


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


def test_what_is_on_flash_is_not_lost_when_that_refuses_and_memory_is_full():
    """It went with the oldest of memory, and was marked as received (seed 7582 of the soak)."""
    flash = Flash(16)
    gateway = Boot(flash)
    for s in range(30):
        gateway.sample(s, s)
    gateway.commit(DATA)
    flash.refuses = True
    for s in range(30, 300):
        gateway.sample(s, s)
    assert gateway.outbox.low() == 1
    received = dict(gateway.drain())
    assert [seq for seq in range(1, 31) if (1, seq) not in received] == []
    assert len(received) + gateway.outbox.dropped == 300
    assert gateway.outbox.waiting() == 0


def test_what_flash_refused_to_mark_as_received_is_not_counted_twice():
    flash = Flash(16)
    gateway = Boot(flash)
    for first in (0, 300):
        for s in range(first, first + 300):
            gateway.sample(s, s)
            gateway.event(s, b"{}", commit=False)
        flash.refuses = first == 0
        received = dict(gateway.drain())
        flash.refuses = False
        assert sorted(received) == sorted(gateway.put)[2 * first :]
        assert gateway.outbox.waiting() == 0


def test_what_is_received_from_memory_while_flash_refuses_is_not_read_back():
    """Copies that could not be marked lie behind what only flash has (seed 9234 of the soak)."""
    flash = Flash(16)
    gateway = Boot(flash)
    for s in range(60):
        gateway.sample(s, s)
    assert gateway.journal.move(DATA)
    for s in range(60, 75):
        gateway.sample(s, s)
    gateway.commit(DATA)
    flash.refuses = True
    received = list(gateway.send(most=1000).items())
    gateway.outbox.ack(1)
    received += gateway.drain()
    assert [name for name, _ in sorted(received)] == sorted(gateway.put)
    assert gateway.outbox.waiting() == 0


def test_what_was_received_from_the_middle_of_a_frame_is_not_sent_again():
    gateway = Boot(Flash(16))
    for s in range(30):
        gateway.sample(s, s, device=1 + s % 2)
    gateway.commit(DATA)
    gateway.send(slot=1)
    received = gateway.send(slot=2)
    gateway.outbox.ack(2)
    assert gateway.journal.move(DATA)
    received_later = dict(gateway.drain())
    assert sorted(received) == [(1, seq) for seq in range(2, 31, 2)]
    assert sorted(received_later) == [(1, seq) for seq in range(1, 31, 2)]
    assert gateway.outbox.waiting() == 0


def test_what_was_received_in_part_when_flash_refuses_is_neither_lost_nor_sent_twice():
    """It was in memory and on flash, and nobody knew (seed 9234 of the soak)."""
    for seconds in (0, 30, 300):
        flash = Flash(16)
        gateway = Boot(flash)
        for s in range(30):
            gateway.sample(s, s)
        gateway.commit(DATA)
        received = list(gateway.send(most=7).items())
        gateway.outbox.ack(1)
        flash.refuses = True
        for s in range(30, 30 + seconds):
            gateway.sample(s, s)
        flash.refuses = False
        received += gateway.drain()
        assert len(received) == len(dict(received))
        assert [seq for seq in range(1, 31) if (1, seq) not in dict(received)] == []
        assert len(received) + gateway.outbox.dropped == len(gateway.put)
        assert gateway.outbox.waiting() == 0


def test_flash_that_refuses_is_counted_and_memory_goes_on():
    flash = Flash(16)
    gateway = Boot(flash)
    flash.refuses = True
    for s in range(20):
        gateway.sample(s, s, commit=True)
    assert dict(gateway.drain()) == gateway.put
    assert gateway.outbox.acked == 20
    assert gateway.journal.counters(1)["failures"] > 0


def test_flash_that_refused_for_a_time_is_written_again():
    flash = Flash(16)
    before = Boot(flash)
    flash.refuses = True
    for s in range(30):
        before.sample(s, s, commit=True)
    flash.refuses = False
    before.sample(30, 30, commit=True)
    assert before.journal.counters(1)["failures"] > 30
    assert dict(Boot(flash, boot=2).drain()) == before.put


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


def test_nothing_goes_out_under_a_wrong_name_while_memory_is_short():
    flash = Flash(16)
    before = Boot(flash)
    before.sample(1, 1, commit=True)
    after = Boot(flash, boot=2)
    speaker = after.journal.speaker

    def has_no_memory(names):
        raise MemoryError()

    for _ in range(3):
        after.journal.speaker = has_no_memory
        assert after.send() == {}
        after.journal.allowance = 750
    after.journal.speaker = speaker
    assert after.send() == before.put
    assert after.outbox.past(1), "it is the boot before that speaks"


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


class OneRefuses(Flash):
    """Its block 3 cannot be erased; `tried` counts how often that was asked of it."""

    tried = 0

    def ioctl(self, request, argument):
        if request == 6 and argument == 3:
            self.tried += 1
            raise OSError(5)
        return super().ioctl(request, argument)


def test_a_block_that_refused_is_not_tried_again():
    flash = OneRefuses(9)
    gateway = Boot(flash)
    for _ in range(4):
        fill(gateway, 100)
        gateway.drain()
    assert sum(flash.wear) > 2 * flash.blocks
    assert (flash.tried, gateway.journal.counters(1)["failures"]) == (1, 1)


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
    """Events fill the flash while a few data are in a segment, and in memory, too, or no longer."""
    for is_moved in (False, True):
        flash = Flash(7)
        gateway = Boot(flash)
        for s in range(15):
            gateway.sample(s, s, commit=True)
            if is_moved:
                gateway.journal.move(DATA)
            fill(gateway, 10)
        received = dict(Boot(flash, boot=2).drain())
        assert received == {name: gateway.put[name] for name in received}
        lost = [content for name, content in gateway.put.items() if name not in received]
        assert [kind for kind, *_ in lost] == [EVENT] * len(lost)
        assert len(lost) == count_of(gateway.gaps) > 0


def test_nothing_is_written_behind_what_cannot_be_read():
    """The segment that is being written has a torn frame: it is left, and not written on."""
    flash = Flash(16)
    gateway = Boot(flash)
    for s in range(60):
        gateway.sample(s, s)
    gateway.journal.move(DATA)
    flash.cells[gateway.journal.streams[DATA].block * BLOCK + HEAD + 8] ^= 1
    assert (gateway.drain(), gateway.journal.counters(1)["corrupt"]) == ([], 1)
    gateway.sample(100, 5, commit=True)
    assert [name for name, _ in Boot(flash, boot=2).drain()] == [(1, 61)]


def test_a_segment_is_written_on_after_others_have_been_read():
    gateway = Boot(Flash(16))
    fill(gateway, 50)
    first = gateway.send(1, most=15)
    gateway.outbox.ack(1)
    erases = gateway.flash.erases
    gateway.event(50, b"{}")
    gateway.drain()
    assert first and gateway.flash.erases == erases


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


def test_what_is_being_read_is_not_given_up():
    gateway = Boot(Flash(8))
    fill(gateway, 100)
    live = gateway.send()
    gateway.outbox.ack(1)
    under_way = gateway.send(1, most=3)
    fill(gateway, 60)
    gateway.outbox.ack(1)
    received = dict(gateway.drain())
    assert not set(received) & set(under_way)
    received.update(under_way)
    received.update(live)
    assert received == {name: gateway.put[name] for name in received}
    assert len(received) + count_of(gateway.gaps) == len(gateway.put)


def test_an_erase_that_was_cut_is_counted():
    flash = Flash(7)
    Boot(flash).event(1, b"{}")
    assert Boot(flash, boot=2).journal.counters(1)["erases"] == flash.erases + 1
    gateway = Boot(flash)
    fill(gateway, 300)
    assert gateway.journal.counters(1)["erases"] == flash.erases + 1
    assert Boot(flash, boot=3).journal.counters(1)["erases"] == flash.erases + 1, "all have heads"


def test_every_free_block_is_found():
    segments = Segments(Flash(6))
    blocks = [segments.begin(DATA, 1, 1, 1, seq, 0) for seq in range(6)]
    assert sorted(blocks) == list(range(6))
    for block in blocks[::-1]:
        segments.kill(block)
        assert segments.begin(DATA, 1, 1, 1, 7, 0) == block
    try:
        segments.begin(DATA, 1, 1, 1, 8, 0)
        raise AssertionError("there is no free block")
    except OSError:
        assert segments.used == [0, 6, 0, 0, 0, 0]


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
