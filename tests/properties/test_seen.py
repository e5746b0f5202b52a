"""The duplicate filter against a plain set, and its bound."""

from hypothesis import given
from hypothesis import strategies as st

from host_tools.client import seen as seen_module
from host_tools.client.seen import Seen

steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 40)),
        st.tuples(st.just("low"), st.integers(1, 45)),
        st.tuples(st.just("restart"), st.just(0)),
    )
)


class Reference:
    """The same by a set: every hole below the highest low is told once, in the order of seq."""

    def __init__(self, floor):
        self.floor = floor
        self.low = floor
        self.arrived = set()

    def add(self, seq):
        is_new = seq not in self.arrived
        self.arrived.add(seq)
        return is_new

    def raise_low(self, low):
        holes = [seq for seq in range(self.low, low) if seq not in self.arrived]
        self.low = max(low, self.low)
        return holes

    def missing(self):
        return [seq for seq in range(self.floor, self.low) if seq not in self.arrived]


@given(st.integers(1, 20), steps)
def test_it_agrees_with_a_set(floor, taken):
    seen, reference = Seen(floor), Reference(floor)
    for what, number in taken:
        if what == "add":
            assert seen.add(number) == reference.add(number)
        elif what == "low":
            holes = seen.raise_low(number)
            told = [seq for first, last in holes for seq in range(first, last + 1)]
            assert told == reference.raise_low(number)
        else:
            seen = Seen.of_ranges(seen.floor, seen.low, seen.ranges())
        assert (len(seen), seen.top) == (len(reference.arrived), max(reference.arrived, default=0))
        assert seen.missing() == reference.missing()
        assert [seq for seq in range(46) if seq in seen] == sorted(reference.arrived)
    assert all(first <= last for first, last in seen.ranges())


@given(st.lists(st.integers(1, 60), unique=True))
def test_memory_is_bounded_and_what_is_forgotten_passes_again(seqs):
    bound, seen_module.MOST_RANGES = seen_module.MOST_RANGES, 4
    try:
        seen = Seen(1)
        for seq in seqs:
            assert seen.add(seq)
            assert len(seen.ranges()) <= 4
        assert all(seq in seqs for first, last in seen.ranges() for seq in range(first, last + 1))
        assert all(seq in seen or seq < seen.floor for seq in seqs)
        assert seen.raise_low(seen.floor) == []
    finally:
        seen_module.MOST_RANGES = bound
