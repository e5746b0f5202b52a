"""Plans against all ways to cut the registers, on small maps."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from limen.core.planner import plan

registers = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 4)), max_size=9).map(sorted)
cuts = st.lists(st.integers(0, 44), max_size=3)


def is_allowed(start, count, longest, cuts):
    return count <= longest and not any(start < cut < start + count for cut in cuts)


def cost_of(requests, overhead_bytes, bits):
    return sum(overhead_bytes + (count * bits + 7) // 8 for _, count in requests)


def covering(group):
    start = min(address for address, _ in group)
    return start, max(address + words for address, words in group) - start


def cheapest(registers, longest, overhead_bytes, cuts, bits):
    """The least cost over all assignments of registers to requests, in any order."""
    best = None
    for labels in product(range(len(registers)), repeat=len(registers)):
        if any(label > index for index, label in enumerate(labels)):
            continue
        groups = {}
        for register, label in zip(registers, labels, strict=True):
            groups.setdefault(label, []).append(register)
        requests = [covering(group) for group in groups.values()]
        if all(is_allowed(start, count, longest, cuts) for start, count in requests):
            cost = cost_of(requests, overhead_bytes, bits)
            best = cost if best is None else min(best, cost)
    return best


@given(
    registers.filter(lambda r: len(r) <= 6),
    st.integers(4, 50),
    st.integers(0, 60),
    cuts,
    st.sampled_from((1, 16)),
)
def test_no_way_to_cut_is_cheaper(registers, longest, overhead_bytes, cuts, bits):
    cuts = [c for c in cuts if not any(a < c < a + words for a, words in registers)]
    requests = plan(registers, longest, overhead_bytes, cuts, bits)
    assert all(is_allowed(start, count, longest, cuts) for start, count, _, _ in requests)
    cost = cost_of([request[:2] for request in requests], overhead_bytes, bits)
    least = cheapest(registers, longest, overhead_bytes, cuts, bits) if registers else 0
    assert cost == least


@given(
    st.lists(st.tuples(st.integers(0, 65531), st.integers(1, 4)), max_size=60).map(sorted),
    st.integers(4, 125),
    st.integers(0, 100),
    st.lists(st.integers(0, 65535), max_size=8),
)
def test_every_register_is_read_once_within_the_limits(registers, longest, overhead_bytes, cuts):
    cuts += [address + words // 2 for address, words in registers[::7]]
    served = []
    for start, count, first, end in plan(registers, longest, overhead_bytes, cuts):
        assert is_allowed(start, count, longest, cuts if end - first > 1 else ())
        assert count >= 1
        for address, words in registers[first:end]:
            assert start <= address and address + words <= start + count
        served += range(first, end)
    assert served == list(range(len(registers)))
