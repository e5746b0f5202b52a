"""From when to when something lasts, as often as it may; what is long is on disk."""

from collections.abc import Iterator

from host_tools.emulation.long_array import LongArray


class Spans:
    """Pairs of times in µs, in the order in which they were added."""

    def __init__(self):
        self._ends = LongArray()

    def add(self, begin_us: int, end_us: int) -> None:
        self._ends.append(begin_us)
        self._ends.append(end_us)

    def __len__(self) -> int:
        return len(self._ends) // 2

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for at in range(0, len(self._ends), 2):
            yield self._ends[at], self._ends[at + 1]
