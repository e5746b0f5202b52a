"""Tells of the records that went with a segment, as the journal was full; loaded only then."""

from limen.core.frame import HEAD_BYTES, RECEIVED
from limen.delivery.segments import BLOCK, HEAD


def tell_gap(segments, frame, tell):
    """Tell of one segment that was given up, and let it be used again; return how many are lost.

    After a power cut in between it is told again, in the same words.
    """
    block = segments.given_up()
    segments.load(block)
    names = (segments.inc, segments.boot)
    first = last = count = 0
    for seq in _seqs(segments, frame, block):
        first = first or seq
        last = seq
        count += 1
    if count:
        body = '{"gap":"full","inc":"%08x","boot":%d,"from":%d,"to":%d,"count":%d}'
        tell(body % (names + (first, last, count)))
    segments.kill(block)
    return count


def _seqs(segments, frame, block):
    """The seqs of a segment's records that have not been received, each once."""
    head = memoryview(frame.buffer)
    at = HEAD
    last = 0
    while at + HEAD_BYTES < BLOCK:
        segments.read(block, at, head[:HEAD_BYTES])
        size = frame.size()
        if not size or at + HEAD_BYTES + size > BLOCK:
            break
        if frame.buffer[2] != RECEIVED:
            segments.read(block, at + HEAD_BYTES, head[HEAD_BYTES : HEAD_BYTES + size])
            if not frame.is_whole():
                break
            frame.open(segments.seq, segments.s)
            while frame.next(segments.kind):
                if frame.seq > last:
                    last = frame.seq
                    yield last
        at += HEAD_BYTES + size
