"""A partition of raw flash as a ring of segments, one block each, which hold frames of one kind.

A segment begins with a head: its number, which counts all segments ever begun, its kind, whose
records it holds (incarnation, boot) and the configuration that they are to be read with; then a
CRC, and its state. The state is programmed in place: LIVE, LOST (given up to make room, and nobody
was told yet), DEAD. Only dead or unreadable blocks are erased, and blocks are taken in turn, so
all wear alike and the number of the newest segment is the count of erases.

A power cut leaves the head whole or unreadable, and a dead segment dead, wherever it comes.
"""

import binascii
import struct

from limen.core.compat import const

BLOCK = const(4096)
HEAD = const(40)
TABLE = const(2)  # beside the kinds of records: what the configuration's channels are

STATE_AT = const(36)

# What a block is, beside kind + 1 of a live segment.
FREE = const(0)
LOST = const(4)
_BAD = const(5)  # refuses to be written

_TRIES = const(4)

_LIVE = const(0xFF)
_DEAD = const(0)
_FORM = "<4sIIIIIIII"  # magic, number, inc, boot, cfg, first seq, first second, kind, CRC
_MAGIC = b"LJ2\n"


class Segments:
    """`flash` is a block device as `esp32.Partition`, of any content.

    `kinds` has what each block is, `used` how many blocks are of each.
    """

    def __init__(self, flash):
        self._flash = flash
        self.count = flash.ioctl(4, 0)
        self.kinds = bytearray(self.count)
        self.used = [self.count, 0, 0, 0, 0, 0]
        self._head = bytearray(HEAD)
        self.newest = self.failures = 0
        self._last = 0
        for block in range(self.count):
            if self.load(block):
                state = self._head[STATE_AT]
                if state == _LIVE:
                    self.turn(block, self.kind + 1)
                elif state != _DEAD:
                    self.turn(block, LOST)
                if self.number > self.newest:
                    self.newest = self.number
                    self._last = block
        self._count_cut_erase()

    def _count_cut_erase(self):
        """The block that comes next has no head: its erase, or what follows, may have been cut."""
        for step in range(1, self.count):
            block = (self._last + step) % self.count
            if self.kinds[block] == FREE:
                if self.newest and not self.load(block):
                    self.newest += 1
                return

    def load(self, block):
        """Read the head of a block into the fields; False if it is none."""
        head = self._head
        self._flash.readblocks(block, head, 0)
        found = struct.unpack_from(_FORM, head, 0)
        magic, self.number, self.inc, self.boot, self.cfg, self.seq, self.s, self.kind, crc = found
        return magic == _MAGIC and crc == binascii.crc32(memoryview(head)[:32]) and self.kind < 3

    def turn(self, block, what):
        """A block is something else from now on."""
        self.used[self.kinds[block]] -= 1
        self.used[what] += 1
        self.kinds[block] = what

    def read(self, block, at, buffer):
        self._flash.readblocks(block, buffer, at)

    def program(self, block, at, data):
        """Clear bits, and see that they are; OSError if they are not."""
        self._flash.writeblocks(block, data, at)
        check = memoryview(self._head)
        for start in range(0, len(data), HEAD):
            part = memoryview(data)[start : start + HEAD]
            self._flash.readblocks(block, check[: len(part)], at + start)
            if check[: len(part)] != part:
                raise OSError(5)

    def begin(self, kind, inc, boot, cfg, seq, s):
        """Make the next free block a segment; return it. OSError if there is none that works.

        A block is bad if a later one takes what it refused. Where several refuse, the flash does.
        """
        last = self._last
        refusing = []
        for step in range(1, self.count + 1):
            block = (last + step) % self.count
            if self.kinds[block] == FREE:
                try:
                    self._make(block, (kind, inc, boot, cfg, seq, s))
                    for bad in refusing:
                        self.turn(bad, _BAD)
                    return block
                except OSError:
                    self.failures += 1
                    refusing.append(block)
                    if len(refusing) == _TRIES:
                        break
        raise OSError(28)

    def _make(self, block, facts):
        kind, inc, boot, cfg, seq, s = facts
        self._last = block
        self._flash.ioctl(6, block)
        self.newest += 1
        head = bytearray(b"\xff" * HEAD)
        struct.pack_into(_FORM, head, 0, _MAGIC, self.newest, inc, boot, cfg, seq, s, kind, 0)
        struct.pack_into("<I", head, 32, binascii.crc32(memoryview(head)[:32]))
        self.program(block, 0, head)
        self.turn(block, kind + 1)

    def oldest(self, kind, behind=0):
        """The block of the oldest segment of a kind whose number is above `behind`, or -1."""
        found = -1
        lowest = 0
        for block in range(self.count):
            if self.kinds[block] == kind + 1 and self.load(block):
                if self.number > behind and (found < 0 or self.number < lowest):
                    found = block
                    lowest = self.number
        return found

    def kill(self, block):
        """Nothing in it is needed any longer, also where flash refuses to note it."""
        try:
            self.clear(block, STATE_AT)
        except OSError:
            self.failures += 1
        self.turn(block, FREE)

    def clear(self, block, at):
        """Clear the bits of one byte."""
        self._flash.writeblocks(block, b"\0", at)
