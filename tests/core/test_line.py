from limen.core.line import EARLIER, Line
from limen.core.quality import BAD, GOOD, STALE, UNCERTAIN

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock

FAR_MS = 600000


class Follower:
    """Feeds a line, and has what was published: (s, value), the time in whole seconds."""

    def __init__(self, bound, delay_ms=FAR_MS):
        self.line = Line((bound, delay_ms))
        self.published = []

    def feed(self, s, value, quality=GOOD):
        told = self.line.passes(value, quality, s, 0)
        if told & EARLIER:
            while self.line.next():
                assert self.line.ms == 0
                self.published.append((self.line.s, self.line.told))
        if told & 1:
            self.published.append((s, value))
        return told


def points(bound, values, delay_ms=FAR_MS):
    """What is published of samples a second apart, up to the last one."""
    follower = Follower(bound, delay_ms)
    for s, value in enumerate(values):
        follower.feed(s, value)
    follower.feed(len(values), None, BAD)
    return follower.published[:-1]


def test_a_straight_line_is_its_two_ends():
    assert points(0, [7, 7, 7, 7, 7]) == [(0, 7), (4, 7)]
    assert points(0, [0, 3, 6, 9, 12]) == [(0, 0), (4, 12)]


def test_a_corner_is_a_point():
    assert points(0, [0, 2, 4, 3, 2, 1, 0]) == [(0, 0), (2, 4), (6, 0)]


def test_the_bound_itself_is_within():
    assert points(1, [0, 1, 0, -1, 0]) == [(0, 0), (4, 0)]
    assert len(points(1, [0, 2, 0, -2, 0])) > 2


def test_a_slope_that_is_no_binary_fraction_is_exact():
    values = [s * 10 // 30 for s in range(0, 300, 3)]
    assert points(0, values) == [(0, 0), (99, 99)]
    thirds = [0, 0, 1, 1, 1, 2, 2, 2, 3]  # the line of one third of a count a second, rounded
    assert points(1, thirds) == [(0, 0), (8, 3)]


def test_fewer_lines_than_going_as_far_as_possible():
    # From 0 a line reaches the 9 behind the step, but then needs more.
    values = [0, 0, 0, 0, 9, 9, 9, 9, 9, 9]
    assert points(1, values) == [(0, 0), (3, 0), (4, 9), (9, 9)]


def test_a_jump_publishes_the_sample_before_it():
    follower = Follower(2)
    for s in range(10):
        follower.feed(s, 50)
    for s in range(10, 20):
        follower.feed(s, 500)
    assert follower.published == [(0, 50), (9, 50), (10, 500)]


def test_the_longest_delay_is_kept():
    follower = Follower(5, 10000)
    for s in range(31):
        follower.feed(s, 100)
        assert s - follower.published[-1][0] < 10
    assert follower.published == [(0, 100), (10, 100), (20, 100), (30, 100)]


def test_bad_quality_ends_the_line_at_once_and_once():
    follower = Follower(5)
    assert follower.feed(0, 100) == 1
    assert follower.feed(1, 102) == 0
    assert follower.feed(2, 104) == 0
    assert follower.feed(3, None, BAD) == 1 + EARLIER
    assert follower.feed(4, None, BAD) == 0
    assert follower.feed(5, 99) == 1
    assert follower.feed(6, 99) == 0
    assert follower.feed(7, 99, UNCERTAIN) == 1 + EARLIER
    assert follower.published == [(0, 100), (2, 104), (3, None), (5, 99), (6, 99), (7, 99)]


def test_stale_is_told_when_a_point_would_be_due():
    follower = Follower(5, 10000)
    follower.feed(0, 1)
    follower.feed(1, None, BAD)
    assert follower.feed(5, None, STALE) == 0
    assert follower.feed(11, None, STALE) == 1
    assert follower.feed(30, None, STALE) == 0


def test_two_samples_of_one_moment_are_both_published():
    follower = Follower(5)
    follower.feed(0, 1)
    follower.feed(1, 2)
    assert follower.feed(1, 90) == 1 + EARLIER
    assert follower.published == [(0, 1), (1, 2), (1, 90)]


def test_values_at_the_ends_of_their_range():
    large = 1 << 40
    assert points(0, [-large, 0, large]) == [(0, -large), (1, 0), (2, large)]
    assert points(1, [large, -large, large]) == [(0, large), (1, -large), (2, large)]
    assert points(1, [large, large + 1, large + 2, large + 4]) == [(0, large), (3, large + 4)]


def noise(count):
    seed = 1
    for _ in range(count):
        seed = seed * 1103515245 + 12345 & 0x7FFFFFFF
        yield (seed >> 16) % 41


def test_nothing_is_off_by_more_than_the_bound_in_noise():
    values = [s // 9 * 9 + grain for s, grain in enumerate(noise(400))]
    published = points(15, values)
    assert published[0] == (0, values[0]) and published[-1] == (399, values[-1])
    for (s, value), (end_s, end_value) in zip(published, published[1:]):
        assert values[s] == value
        for at in range(s, end_s):
            off = (values[at] - value) * (end_s - s) - (end_value - value) * (at - s)
            assert abs(off) <= 15 * (end_s - s)
    assert len(published) == 154


def test_it_allocates_nothing():
    line = Line((25, 300000))
    for s, grain in enumerate(noise(200)):
        line.passes(2000 + grain, GOOD, s, 0)
        while line.next():
            pass
    samples = list(enumerate(noise(100)))
    heap_lock()
    for s, grain in samples:
        line.passes(2000 + grain * 3, GOOD, 300 + s, 0)
        while line.next():
            pass
    heap_unlock()
    assert line.told >= 2000
