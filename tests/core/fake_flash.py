"""A partition of NOR flash: erasing sets bits, programming only clears them, and power may fail.

After `cuts` writes have been let pass, the next one is cut off: it does nothing, or a part of it,
and from then on the flash is without power.
"""

BLOCK = 4096


class PowerCut(Exception):
    """Power has failed; whoever was at work is no more."""


class Flash:
    """`blocks` blocks of flash; `cuts` writes pass before the power fails, if it does."""

    def __init__(self, blocks, cuts=None, part=0):
        self.cells = bytearray(b"\xff" * (blocks * BLOCK))
        self.blocks = blocks
        self.cuts = cuts
        self.part = part
        self.writes = self.erases = self.programmed = 0
        self.refuses = False
        self.worn = ()  # blocks that take what is written, and do not keep it
        self.wear = [0] * blocks  # how often each was erased

    def ioctl(self, request, argument):
        if request == 4:
            return self.blocks
        if request == 5:
            return BLOCK
        if request == 6:
            start = argument * BLOCK
            self._write(start, b"\xff" * BLOCK, True)
            self.wear[argument] += 1
        return 0

    def readblocks(self, block, buffer, offset=0):
        start = block * BLOCK + offset
        assert offset + len(buffer) <= BLOCK
        buffer[:] = self.cells[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset):
        assert offset + len(buffer) <= BLOCK
        data = bytes(buffer)
        self._write(
            block * BLOCK + offset, data[:-1] + b"\xff" if block in self.worn else data, False
        )

    def _write(self, start, data, is_erase):
        if self.refuses:
            raise OSError(5)
        if self.cuts is not None and self.writes >= self.cuts:
            self._cut(start, data, is_erase)
            raise PowerCut()
        self.writes += 1
        if is_erase:
            self.erases += 1
        else:
            self.programmed += len(data)
            for index in range(len(data)):
                old = self.cells[start + index]
                assert old & data[index] == data[index], "a program cannot set bits"
        self.cells[start : start + len(data)] = data

    def _cut(self, start, data, is_erase):
        """Leave a part of the write: a prefix of a program, anything where it was an erase."""
        if self.part == 0:
            return
        if is_erase:
            for index in range(len(data)):
                # Any bits, always the same for the same cut.
                noise = (index * 193 + self.cuts * 71 + self.part * 37) * 2654435761 >> 7 & 255
                self.cells[start + index] = (
                    noise if self.part == 1 else self.cells[start + index] | noise
                )
            return
        size = min(len(data), max(1, len(data) * self.part // 4))
        self.cells[start : start + size] = data[:size]
