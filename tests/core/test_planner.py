from limen.core.planner import plan

OVERHEAD = 20  # as much as ten registers


def test_neighbours_share_a_request():
    assert plan([(0, 2), (2, 2), (4, 2)], 125, OVERHEAD) == [(0, 6, 0, 3)]


def test_a_gap_is_read_when_it_is_cheaper_than_a_request():
    assert plan([(0, 2), (12, 2)], 125, OVERHEAD) == [(0, 14, 0, 2)]
    assert plan([(0, 2), (13, 2)], 125, OVERHEAD) == [(0, 2, 0, 1), (13, 2, 1, 2)]


def test_no_request_is_longer_than_allowed():
    registers = [(address, 2) for address in range(0, 12, 2)]
    assert plan(registers, 6, OVERHEAD) == [(0, 6, 0, 3), (6, 6, 3, 6)]
    assert plan(registers, 2, OVERHEAD) == [(a, 2, a // 2, a // 2 + 1) for a in range(0, 12, 2)]


def test_the_cut_is_where_the_gap_is():
    registers = [(0, 2), (2, 2), (8, 2), (10, 2)]
    assert plan(registers, 8, OVERHEAD) == [(0, 4, 0, 2), (8, 4, 2, 4)]


def test_no_request_reaches_across_a_cut():
    assert plan([(0, 2), (4, 2)], 125, OVERHEAD, (4,)) == [(0, 2, 0, 1), (4, 2, 1, 2)]
    assert plan([(0, 2), (4, 2)], 125, OVERHEAD, (3,)) == [(0, 2, 0, 1), (4, 2, 1, 2)]
    assert plan([(0, 2), (4, 2)], 125, OVERHEAD, (0, 6)) == [(0, 6, 0, 2)]


def test_a_cut_within_an_item_leaves_the_item_whole():
    # A value at 102 with its exponent at 110, and another value between them.
    registers = [(99, 4), (102, 9), (104, 3)]
    assert plan(registers, 20, OVERHEAD, (104,)) == [
        (99, 4, 0, 1),
        (102, 9, 1, 2),
        (104, 3, 2, 3),
    ]


def test_a_bit_costs_an_eighth_of_a_byte():
    assert plan([(0, 1), (175, 1)], 2000, OVERHEAD, (), 1) == [(0, 176, 0, 2)]
    assert plan([(0, 1), (176, 1)], 2000, OVERHEAD, (), 1) == [(0, 1, 0, 1), (176, 1, 1, 2)]


def test_registers_that_overlap():
    assert plan([(0, 4), (0, 1), (1, 2)], 125, OVERHEAD) == [(0, 4, 0, 3)]


def test_nothing_to_read():
    assert plan([], 125, OVERHEAD) == []
