"""Which records of one boot have arrived: the duplicate filter and the finder of gaps.

Seqs are kept as ranges, so a stream without holes takes one range however long it runs. Memory is
bounded: beyond MOST_RANGES the lowest range is forgotten. What lies below the floor is unknown:
its records count as new, because twice is better than never, and its holes are no gaps.
"""

import bisect
from collections.abc import Iterator

MOST_RANGES = 4096


class Seen:
    """The seqs of one boot; those below `floor` are nobody's business, and so not missed."""

    def __init__(self, floor: int):
        self.floor = floor
        self.low = floor
        self._starts: list[int] = []
        self._ends: list[int] = []

    @classmethod
    def of_ranges(cls, floor: int, low: int, ranges: list[list[int]]) -> "Seen":
        """What `floor`, `low` and `ranges` said before."""
        seen = cls(floor)
        seen.low = low
        seen._starts = [first for first, _ in ranges]
        seen._ends = [last + 1 for _, last in ranges]
        return seen

    def ranges(self) -> list[list[int]]:
        """Ascending [first, last] of what has arrived."""
        return [[s, end - 1] for s, end in zip(self._starts, self._ends, strict=True)]

    def __contains__(self, seq: int) -> bool:
        at = bisect.bisect_right(self._starts, seq)
        return at > 0 and seq < self._ends[at - 1]

    def __len__(self) -> int:
        return sum(self._ends) - sum(self._starts)

    @property
    def top(self) -> int:
        """The highest seq that has arrived, 0 when there is none."""
        return self._ends[-1] - 1 if self._ends else 0

    def add(self, seq: int) -> bool:
        """Note a record; False when it has been here before."""
        if seq in self:
            return False
        at = bisect.bisect_right(self._starts, seq)
        starts, ends = self._starts, self._ends
        grows_before = at > 0 and ends[at - 1] == seq
        grows_behind = at < len(starts) and starts[at] == seq + 1
        if grows_before and grows_behind:
            ends[at - 1] = ends.pop(at)
            del starts[at]
        elif grows_before:
            ends[at - 1] = seq + 1
        elif grows_behind:
            starts[at] = seq
        else:
            starts.insert(at, seq)
            ends.insert(at, seq + 1)
            self._forget_beyond_bound()
        return True

    def raise_low(self, low: int) -> list[tuple[int, int]]:
        """All below `low` was acknowledged: (first, last) of each hole that is a gap since now."""
        found = list(self.holes(self.low, low))
        self.low = max(self.low, low)
        return found

    def missing(self) -> list[int]:
        """The seqs below `low` that never arrived: nobody will send them any more."""
        holes = self.holes(self.floor, self.low)
        return [seq for first, last in holes for seq in range(first, last + 1)]

    def holes(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """(first, last) of what is missing from `first` up to `end`, which is not meant."""
        at = max(0, bisect.bisect_right(self._starts, first) - 1)
        for start, behind in zip(self._starts[at:], self._ends[at:], strict=True):
            if start >= end:
                break
            if first < start:
                yield first, start - 1
            first = max(first, behind)
        if first < end:
            yield first, end - 1

    def _forget_beyond_bound(self) -> None:
        if len(self._starts) > MOST_RANGES:
            del self._starts[0], self._ends[0]
            self.floor = max(self.floor, self._starts[0])
            self.low = max(self.low, self.floor)
