"""What goes when the journal is full: the oldest segment, and the event that tells of it."""

from limen.core.frame import DATA, EVENT
from limen.delivery.segments import LOST, STATE_AT
from limen.delivery.walk import Walk, frame_buffer

_LOST_STATE = b"\x0f"


def give_up(segments, kept):
    """Give up the oldest segment of data, or else of events, whose block is not among `kept`."""
    for kind in (DATA, EVENT):
        number = 0
        while True:
            block = segments.oldest(kind, number)
            if block < 0:
                break
            if block not in kept:
                segments.program(block, STATE_AT, _LOST_STATE)
                segments.turn(block, LOST)
                return
            segments.load(block)
            number = segments.number


def tell_gap(segments, tell, outbox, identity):
    """Tell of one segment that was given up, and let it be used again; return how many are lost.
    The outbox, which is of the boot `identity`, no longer waits for its own.

    After a power cut in between it is told again, in the same words.
    """
    block = 0
    while segments.kinds[block] != LOST:
        block += 1
    segments.load(block)
    walk = Walk(segments, segments.kind, frame_buffer())
    walk.enter_block(block)
    first = last = count = 0
    for seq in _seqs(walk):
        first = first or seq
        last = seq
        count += 1
    if count:
        inc, boot, _ = walk.names
        body = '{"gap":"full","inc":"%08x","boot":%d,"from":%d,"to":%d,"count":%d}'
        tell(body % (inc, boot, first, last, count))
        if (inc, boot) == identity[:2]:
            outbox.dropped += count
    segments.kill(block)
    return count


def _seqs(walk):
    """The seqs of a segment's records that have not been received, each once."""
    last = 0
    while walk.find():
        walk.begin()
        while walk.next(walk.kind):
            if walk.seq > last:
                last = walk.seq
                yield last
        walk.skip()
