"""Walks through the segments of one kind on flash, oldest first, and through their frames."""

from limen.core.frame import HEAD_BYTES, LARGEST, RECEIVED
from limen.core.frame_reader import FrameReader
from limen.delivery.segments import BLOCK, HEAD


def frame_buffer():
    """Memory for a walk, or for several that take turns."""
    return bytearray(HEAD_BYTES + LARGEST)


class Walk(FrameReader):
    """`block` is that of the segment it is in, -1 between two; `segment` its number, `place`
    where its next frame begins."""

    def __init__(self, segments, kind, buffer):
        super().__init__(buffer)
        self._segments = segments
        self.kind = kind
        self.block = -1
        self.segment = self.place = 0
        self.is_torn = False

    def enter(self):
        """Go to the next segment; False if there is none."""
        segments = self._segments
        block = segments.oldest(self.kind, self.segment)
        if block >= 0:
            self.enter_block(block)
        return block >= 0

    def enter_block(self, block):
        """Go to a segment."""
        segments = self._segments
        segments.load(block)
        self.block = block
        self.segment = segments.number
        self.names = (segments.inc, segments.boot, segments.cfg)
        self.first_seq = segments.seq
        self.first_s = segments.s
        self.place = HEAD

    def find(self):
        """Load the segment's next frame that was not received; False at the end of what can be
        read: `is_torn` where something else follows."""
        head = memoryview(self.buffer)
        self.is_torn = False
        while self.place + HEAD_BYTES < BLOCK:
            behind = self.place + HEAD_BYTES
            self._segments.read(self.block, self.place, head[:HEAD_BYTES])
            size = self.size()
            if not size or behind + size > BLOCK:
                self.is_torn = not self.is_blank()
                break
            if self.buffer[2] != RECEIVED:
                self._segments.read(self.block, behind, head[HEAD_BYTES : HEAD_BYTES + size])
                self.is_torn = not self.is_whole()
                return not self.is_torn
            self.place = behind + size
        return False

    def begin(self):
        """Read the records of the frame that was found."""
        self.open(self.first_seq, self.first_s)

    def skip(self):
        """Go on behind the frame that was found."""
        self.place += self.end
