"""Edges of a bouncing contact."""

from limen.core.debounce import Debounce

WRAP = 1 << 30


def diff(a, b):
    return (a - b + WRAP // 2) % WRAP - WRAP // 2


def fed(*looks, level=0, stable_ms=20):
    contact = Debounce(level, stable_ms, diff)
    for seen, ms in looks:
        contact.feed(seen, ms)
    return contact


def taken(contact):
    edges = []
    while contact.waiting:
        edges.append(contact.take())
    return edges


def test_an_edge_counts_when_the_contact_stands_still():
    contact = fed((1, 100), (1, 119))
    assert contact.waiting == 0
    assert contact.settles_in_ms(119) == 1
    contact.feed(1, 120)
    assert taken(contact) == [(1, 100)]
    assert contact.level == 1
    assert contact.settles_in_ms(130) is None


def test_the_time_is_that_of_the_first_bounce():
    contact = fed((1, 100), (0, 103), (1, 104), (0, 110), (1, 111), (1, 131))
    assert taken(contact) == [(1, 100)]


def test_a_glitch_is_no_edge():
    contact = fed((1, 100), (0, 105), (0, 125), (1, 300), (1, 320))
    assert taken(contact) == [(1, 300)]


def test_edges_that_nobody_looked_at_in_between():
    contact = fed((1, 100), (0, 150), (1, 190), (1, 500))
    assert taken(contact) == [(1, 100), (0, 150), (1, 190)]


def test_without_debouncing_every_edge_counts():
    contact = fed((1, 100), (0, 101), (1, 102), stable_ms=0)
    assert taken(contact) == [(1, 100), (0, 101), (1, 102)]


def test_a_level_that_stood_from_the_start_is_no_edge():
    assert taken(fed((1, 5), (1, 500), level=1)) == []


def test_ticks_may_wrap():
    contact = fed((1, WRAP - 5), (0, WRAP - 1), (1, 3), (1, 23))
    assert taken(contact) == [(1, WRAP - 5)]


def test_when_there_is_no_room_two_edges_are_lost():
    looks = [(1 - n % 2, 100 * n) for n in range(11)]
    contact = fed(*(looks + [(1, 1020)]))
    assert contact.lost == 4
    edges = taken(contact)
    assert [level for level, _ in edges] == [1, 0, 1, 0, 1, 0, 1]
    assert edges[-1] == (1, 600)
    assert contact.level == 1
    contact.feed(0, 2000)
    contact.feed(0, 2100)
    assert taken(contact) == [(0, 2000)]
