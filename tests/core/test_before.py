from fake_flash import Flash
from fake_journal import INC, Boot

from limen.delivery.before import waiting


def test_the_highest_of_what_waits_of_each_kind():
    flash = Flash(8)
    gateway = Boot(flash)
    for s in range(6):
        gateway.sample(s, s)
    gateway.commit(0)
    gateway.event(9, b'{"a":1}')
    gateway.sample(10, 1)  # in memory only
    assert waiting(Boot(flash, 2).journal.segments, INC, 1) == [6, 7]


def test_nothing_waits_of_a_boot_that_was_received_or_never_was():
    flash = Flash(8)
    gateway = Boot(flash)
    gateway.sample(1, 1)
    gateway.commit(0)
    gateway.drain()
    segments = Boot(flash, 2).journal.segments
    assert waiting(segments, INC, 1) == [0, 0]
    assert waiting(segments, INC, 7) == [0, 0]
    assert waiting(segments, INC + 1, 1) == [0, 0]


def test_a_segment_that_has_just_begun_does_not_hide_those_before():
    flash = Flash(16)
    gateway = Boot(flash)
    last = 0
    while gateway.journal.segments.used[1] < 3:
        gateway.sample(last, last * 7919 % 1000)
        gateway.commit(0)
        last += 1
    newest = gateway.journal.segments
    newest.begin(0, INC, 1, 0x1C0FFEE1, last + 1, last)
    assert waiting(Boot(flash, 2).journal.segments, INC, 1) == [last, 0]
