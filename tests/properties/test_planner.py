"""Plans against all ways to cut the registers, on small maps."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from limen.core.planner import plan

registers = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 4)), max_size=9).map(sorted)
holes = st.lists(st.integers(0, 44), max_size=3)


def is_allowed(start, count, longest, holes):
    return count <= longest and not any(start <= hole < start + count for hole in holes)


def covering(group):
    start = min(address for address, _ in group)
    return start, max(address + words for address, words in group) - start


def cheapest(registers, longest, overhead_bytes, holes):
    """The least cost over all assignments of registers to requests, in any order."""
    best = None
    for labels in product(range(len(registers)), repeat=len(registers)):
        if any(label > index for index, label in enumerate(labels)):
            continue
        groups = {}
        for register, label in zip(registers, labels, strict=True):
            groups.setdefault(label, []).append(register)
        requests = [covering(group) for group in groups.values()]
        if all(is_allowed(start, count, longest, holes) for start, count in requests):
            cost = sum(overhead_bytes + 2 * count for _, count in requests)
            best = cost if best is None else min(best, cost)
    return best


@given(registers.filter(lambda r: len(r) <= 6), st.integers(4, 50), st.integers(0, 60), holes)
def test_no_way_to_cut_is_cheaper(registers, longest, overhead_bytes, holes):
    holes = [h for h in holes if not any(a <= h < a + words for a, words in registers)]
    requests = plan(registers, longest, overhead_bytes, holes)
    cost = sum(overhead_bytes + 2 * count for _, count, _, _ in requests)
    assert cost == (cheapest(registers, longest, overhead_bytes, holes) if registers else 0)


@given(
    st.lists(st.tuples(st.integers(0, 65531), st.integers(1, 4)), max_size=60).map(sorted),
    st.integers(4, 125),
    st.integers(0, 100),
)
def test_every_register_is_read_once_within_the_limits(registers, longest, overhead_bytes):
    served = []
    for start, count, first, end in plan(registers, longest, overhead_bytes):
        assert 1 <= count <= longest
        for address, words in registers[first:end]:
            assert start <= address and address + words <= start + count
        served += range(first, end)
    assert served == list(range(len(registers)))
