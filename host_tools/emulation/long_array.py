"""A growing row of whole numbers of 64 bits, of which only a few blocks are in memory.

Short ones never touch the disk. Of a long one full blocks go to a temporary file, which vanishes
with the process, and come back when they are asked for; so ten million numbers take as much
memory as a hundred thousand.
"""

import os
import tempfile
from array import array
from collections import OrderedDict

BLOCK = 8192
"""Numbers in a block."""

_KEPT_BLOCKS = 8
_BLOCK_BYTES = 8 * BLOCK


class LongArray:
    """`append`, `[index]` and `len`; a number beyond 64 bits is an OverflowError."""

    def __init__(self):
        self._newest = array("q")
        self._stored = 0
        self._file = None
        self._kept: OrderedDict[int, array] = OrderedDict()

    def __len__(self) -> int:
        return self._stored + len(self._newest)

    def __getitem__(self, index: int) -> int:
        if index < 0:
            index += len(self)
        if index >= self._stored:
            return self._newest[index - self._stored]
        number, place = divmod(index, BLOCK)
        return self._block(number)[place]

    def append(self, value: int) -> None:
        self._newest.append(value)
        if len(self._newest) >= _KEPT_BLOCKS * BLOCK:
            self._store()

    def _store(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="limen-recording-")
        self._newest.tofile(self._file)
        self._file.flush()
        self._stored += len(self._newest)
        self._newest = array("q")

    def _block(self, number: int) -> array:
        if number in self._kept:
            self._kept.move_to_end(number)
        else:
            block = array("q")
            block.frombytes(os.pread(self._file.fileno(), _BLOCK_BYTES, number * _BLOCK_BYTES))
            self._kept[number] = block
            if len(self._kept) > _KEPT_BLOCKS:
                self._kept.popitem(last=False)
        return self._kept[number]
