"""The configurations' channels in the journal: a copy of each birth's tail, while records need it.

A tail lies in segments of its own kind, in pieces that are payloads of frames; `seq` of a
segment's head is the size of the whole, so a copy that a power cut left in part is told apart.
"""

from limen.core.frame import HEAD_BYTES, LARGEST
from limen.delivery.segments import BLOCK, HEAD, TABLE


def pieces(segments, frame, cfg):
    """Yield the pieces of a table; each is valid until the next."""
    head = memoryview(frame.buffer)
    block = segments.oldest(TABLE)
    while block >= 0:
        segments.load(block)
        number = segments.number
        at = HEAD
        while segments.cfg == cfg and at + HEAD_BYTES < BLOCK:
            segments.read(block, at, head[:HEAD_BYTES])
            size = frame.size()
            if not size or at + HEAD_BYTES + size > BLOCK:
                break
            segments.read(block, at + HEAD_BYTES, head[HEAD_BYTES : HEAD_BYTES + size])
            if not frame.is_whole():
                break
            yield head[HEAD_BYTES : HEAD_BYTES + size]
            segments.load(block)
            at += HEAD_BYTES + size
        block = segments.oldest(TABLE, number)


def write(segments, frame, identity, path):
    """Copy the file at `path` as the table of a configuration; OSError if flash refuses."""
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        block = -1
        at = 0
        room = memoryview(frame.buffer)[HEAD_BYTES : HEAD_BYTES + LARGEST]
        while True:
            end = HEAD_BYTES + file.readinto(room)
            if end == HEAD_BYTES:
                return
            if block < 0 or at + end > BLOCK:
                block = segments.begin(TABLE, *identity, size, 0)
                at = HEAD
            frame.seal(frame.buffer, end)
            segments.program(block, at, memoryview(frame.buffer)[:end])
            at += end


def tidy(segments, frame, current):
    """Kill the tables that no segment needs or that are not whole; return what the others are of.

    The current configuration's is needed.
    """
    needed = [current]
    for kind in (0, 1):
        block = segments.oldest(kind)
        while block >= 0:
            segments.load(block)
            if segments.cfg not in needed:
                needed.append(segments.cfg)
            block = segments.oldest(kind, segments.number)
    whole = []
    block = segments.oldest(TABLE)
    while block >= 0:
        segments.load(block)
        cfg = segments.cfg
        number = segments.number
        if cfg not in whole:
            size = segments.seq
            if cfg in needed and size == sum(map(len, pieces(segments, frame, cfg))):
                whole.append(cfg)
            else:
                segments.kill(block)
        block = segments.oldest(TABLE, number)
    return whole
