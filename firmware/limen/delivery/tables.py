"""The configurations' channels in the journal: a copy of each birth's tail, while records need it.

A tail lies in segments of its own kind, in pieces that are payloads of frames; `seq` of a
segment's head is the size of the whole, so a copy that a power cut left in part is told apart.
"""

from limen.core.frame import DATA, EVENT, HEAD_BYTES, LARGEST
from limen.delivery.segments import BLOCK, HEAD, TABLE
from limen.delivery.walk import Walk, frame_buffer


def pieces(segments, buffer, cfg):
    """Yield the pieces of a table, in `buffer`; each is valid until the next."""
    walk = Walk(segments, TABLE, buffer)
    while walk.enter():
        while walk.names[2] == cfg and walk.find():
            yield memoryview(buffer)[HEAD_BYTES : walk.end]
            walk.skip()


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
            frame.end = end
            segments.program(block, at, memoryview(frame.buffer)[: frame.close()])
            at += end


def tidy(segments, current):
    """Kill the tables that no segment needs or that are not whole; return what the others are of.

    The current configuration's is needed.
    """
    buffer = frame_buffer()
    needed = [current]
    for kind in (DATA, EVENT):
        walk = Walk(segments, kind, buffer)
        while walk.enter():
            if walk.names[2] not in needed:
                needed.append(walk.names[2])
    whole = []
    walk = Walk(segments, TABLE, buffer)
    while walk.enter():
        cfg = walk.names[2]
        if cfg not in whole:
            size = walk.first_seq
            if cfg in needed and size == sum(map(len, pieces(segments, buffer, cfg))):
                whole.append(cfg)
            else:
                segments.kill(walk.block)
    return whole
