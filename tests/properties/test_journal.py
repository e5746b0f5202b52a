"""A journal of any content: the gateway starts, delivers what can be read, and counts the rest."""

import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.paths import PROJECT

sys.path[:0] = [str(PROJECT / "tests/core")]

from fake_flash import BLOCK, Flash  # noqa: E402
from fake_journal import Boot  # noqa: E402

from limen.core.frame import HEAD_BYTES, LARGEST, Frame  # noqa: E402
from limen.delivery.outbox import DATA, EVENT  # noqa: E402
from limen.delivery.segments import HEAD, Segments  # noqa: E402

BLOCKS = 8
BYTES = BLOCKS * BLOCK
PLACES = st.integers(0, BYTES - 1)
DAMAGE = st.one_of(
    st.tuples(st.just("bytes"), PLACES, st.binary(min_size=1, max_size=60)),
    st.tuples(st.just("cut"), PLACES, st.sampled_from((b"\xff", b"\x00"))),
    st.tuples(st.just("block"), st.integers(0, BLOCKS - 1), st.integers(0, BLOCKS - 1)),
    st.tuples(st.just("version"), st.integers(0, BLOCKS - 1), st.binary(min_size=4, max_size=4)),
)


def written() -> tuple[bytes, dict]:
    """The content of a flash after an outage, and what was put."""
    flash = Flash(BLOCKS)
    before = Boot(flash)
    for s in range(2500):
        before.sample(s, s * 7919 % 41, channel=s % 2)
        if s % 100 == 0:
            before.event(s, b'{"alarm":%d}' % s)
    before.journal.save()
    return bytes(flash.cells), before.put


CONTENT, PUT = written()


def damage(cells: bytearray, kind: str, at: int, what) -> None:
    if kind == "bytes":
        cells[at : at + len(what)] = what
        del cells[BYTES:]
    elif kind == "cut":
        cells[at:] = what * (BYTES - at)
    elif kind == "block":
        cells[at * BLOCK : (at + 1) * BLOCK] = cells[what * BLOCK : (what + 1) * BLOCK]
    else:
        cells[at * BLOCK : at * BLOCK + 4] = what


@settings(max_examples=25)
@given(st.lists(DAMAGE, min_size=1, max_size=6))
def test_what_can_be_read_is_delivered_as_it_was_put(damages):
    flash = Flash(BLOCKS)
    flash.cells[:] = CONTENT
    for one in damages:
        damage(flash.cells, *one)
    after = Boot(flash, boot=2)
    after.tell_gaps()
    received = after.drain()
    names = [name for name, _ in received]
    assert len(set(names)) == len(names)
    assert all(PUT[name] == content for name, content in received)
    after.event(1, b'{"alarm":1}')
    assert len(after.drain()) == 1


@settings(max_examples=50)
@given(st.binary(min_size=1, max_size=LARGEST), st.sampled_from((DATA, EVENT)))
def test_a_frame_that_is_whole_and_yet_nonsense_harms_nobody(payload, kind):
    flash = Flash(BLOCKS)
    before = Boot(flash)
    before.sample(1, 2)
    before.journal.save()
    segments = Segments(flash)
    block = segments.begin(kind, *before.journal.identity, 1, 1)
    frame = Frame()
    frame.buffer[HEAD_BYTES : HEAD_BYTES + len(payload)] = payload
    frame.end = HEAD_BYTES + len(payload)
    segments.program(block, HEAD, frame.buffer[: frame.close()])
    after = Boot(flash, boot=2)
    assert dict(after.drain())[1, 1] == before.put[1, 1]
    after.event(1, b'{"alarm":1}')
    assert len(after.drain()) == 1
