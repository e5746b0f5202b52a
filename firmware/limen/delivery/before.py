"""What lies on flash of the boot before; asked for at the start, as the birth tells of it."""

from limen.core.frame import DATA, EVENT
from limen.delivery.walk import Walk, frame_buffer


def waiting(segments, inc, boot):
    """The highest seqs among a boot's data, and among its events, that are yet to be received; 0
    where there are none."""
    return [_highest(segments, kind, inc, boot) for kind in (DATA, EVENT)]


def _highest(segments, kind, inc, boot):
    """The newest segment decides, unless nothing in it waits."""
    walk = Walk(segments, kind, frame_buffer())
    seq = 0
    block = _newest(segments, kind, inc, boot, segments.newest)
    while block >= 0 and not seq:
        walk.enter_block(block)
        while walk.find():
            seq = max(seq, _last_seq(walk))
            walk.skip()
        block = _newest(segments, kind, inc, boot, walk.segment - 1)
    return seq


def _newest(segments, kind, inc, boot, most):
    """The block of the boot's newest segment whose number is at most `most`, or -1."""
    found = -1
    highest = 0
    for block in range(segments.count):
        if segments.kinds[block] == kind + 1 and segments.load(block):
            if (segments.inc, segments.boot) == (inc, boot) and highest < segments.number <= most:
                found = block
                highest = segments.number
    return found


def _last_seq(walk):
    """That of the frame that was found; 0 if it is nonsense, though whole by its CRC."""
    try:
        walk.begin()
        while walk.next(walk.kind):
            pass
        return walk.seq
    except (IndexError, ValueError):
        return 0
