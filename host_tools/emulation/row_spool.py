"""Rows on disk, to be read from their first or from their last; few of them are in memory."""

import pickle
import tempfile
from collections.abc import Iterator

from host_tools.emulation.long_array import LongArray

_ROWS_AT_ONCE = 1000


class RowSpool:
    """`add` rows, of whatever they are made; then iterate, or ask for them `reversed`.

    A short spool never touches the disk.
    """

    def __init__(self):
        self._newest: list = []
        self._begins = LongArray()
        self._file = None

    def add(self, row) -> None:
        self._newest.append(row)
        if len(self._newest) >= _ROWS_AT_ONCE:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="limen-recording-")
            self._begins.append(self._file.tell())
            pickle.dump(self._newest, self._file, pickle.HIGHEST_PROTOCOL)
            self._newest = []

    def __iter__(self) -> Iterator:
        for number in range(len(self._begins)):
            yield from self._chunk(number)
        yield from self._newest

    def __reversed__(self) -> Iterator:
        yield from reversed(self._newest)
        for number in reversed(range(len(self._begins))):
            yield from reversed(self._chunk(number))

    def _chunk(self, number: int) -> list:
        self._file.seek(self._begins[number])
        return pickle.load(self._file)
