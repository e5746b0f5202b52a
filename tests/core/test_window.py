from limen.core.aggregate import Aggregate
from limen.core.channel import Channel
from limen.core.quality import BAD, GOOD, UNCERTAIN
from limen.core.schedule import Schedule
from limen.functions.window import Function

NAMES = ("min", "max", "mean", "rms", "sum", "last", "count")


def aggregates(values):
    gathered = Aggregate()
    for value in values:
        gathered.feed(value)
    return [gathered.value(name) for name in NAMES]


def test_all_aggregates_of_some_samples():
    assert aggregates([3, 4, 5, 9]) == [3, 9, 5, 6, 21, 9, 4]  # 5.25; root of 32.75


def test_aggregates_of_negative_samples_round_away_from_zero():
    assert aggregates([-3, -4]) == [-4, -3, -4, 4, -7, -4, 2]  # -3.5; root of 12.5
    assert aggregates([-1, -1, -2]) == [-2, -1, -1, 1, -4, -2, 3]


def test_aggregates_of_one_and_of_large_samples():
    assert aggregates([7]) == [7, 7, 7, 7, 7, 7, 1]
    large = 1 << 40
    assert aggregates([large, -large])[:4] == [-large, large, 0, large]
    assert aggregates([0, 0]) == [0, 0, 0, 0, 0, 0, 2]


class Clock:
    """UTC is uptime and a quarter of a second past 11 s."""

    is_set = True
    ahead_s = 11

    def utc_s(self, s, ms):
        return self.ahead_s + s + (ms + 250) // 1000

    def utc_ms(self, ms):
        return (ms + 250) % 1000


class Device:
    def __init__(self, channels):
        self.channels = channels
        self.s = self.ms = 0
        self.fresh = False


def channel(index):
    return Channel({"name": "c%d" % index, "places": 0}, Schedule(1000))


class Bench:
    """A channel whose mean and count are told; `told` has (s, ms, [(value, quality)])."""

    def __init__(self, stages=None):
        self.clock = Clock()
        self.source = Device([channel(0)])
        self.own = Device([channel(0), channel(1)])
        self.told = []
        settings = {"window_s": 10, "of": [[0, stages or {}, ["mean", "count"]]]}
        self.function = Function(self, 2, self.own, settings)

    def take(self, number, device):
        assert number == 2
        fresh = [(one.value, one.quality) for one in device.channels if one.fresh]
        self.told.append((device.s, device.ms, fresh))

    def read(self, s, value, quality=GOOD):
        self.source.s = s
        one = self.source.channels[0]
        one.value, one.quality, one.fresh = value, quality, True
        self.function.feed(self.source)


def test_a_window_is_told_with_the_time_of_its_end():
    bench = Bench()
    for s in range(25):
        bench.read(s, s)
    assert bench.told == [
        (8, 750, [(4, UNCERTAIN), (9, UNCERTAIN)]),
        (18, 750, [(14, GOOD), (10, GOOD)]),
    ]


def test_a_bad_sample_makes_the_window_uncertain_and_only_bad_ones_bad_once():
    bench = Bench()
    for s in range(10, 60):
        is_bad = s == 25 or s >= 30
        bench.read(s, None if is_bad else 7, BAD if is_bad else GOOD)
    assert [qualities for _, _, qualities in bench.told] == [
        [(7, UNCERTAIN), (9, UNCERTAIN)],
        [(7, UNCERTAIN), (9, UNCERTAIN)],
        [(7, UNCERTAIN), (1, UNCERTAIN)],
        [(None, BAD), (None, BAD)],
        [],
    ]


def test_a_step_of_the_clock_ends_the_window():
    bench = Bench()
    for s in range(0, 23):
        bench.read(s, 5)
    bench.clock.ahead_s -= 3600
    for s in range(23, 40):
        bench.read(s, 5)
    assert bench.told[2:] == [
        (22, 0, [(5, UNCERTAIN), (4, UNCERTAIN)]),
        (28, 750, [(5, UNCERTAIN), (6, UNCERTAIN)]),
        (38, 750, [(5, GOOD), (10, GOOD)]),
    ]


def test_before_the_clock_is_set_windows_count_uptime_and_are_uncertain():
    bench = Bench()
    bench.clock.is_set = False
    for s in range(0, 31):
        bench.read(s, 5)
    assert [(s, ms) for s, ms, _ in bench.told] == [(10, 0), (20, 0), (30, 0)]
    assert bench.told[2][2] == [(5, UNCERTAIN), (10, UNCERTAIN)]


def test_samples_are_smoothed_first():
    bench = Bench({"median": 3})
    for s in range(9, 20):
        bench.read(s, 900 if s == 12 else 5)
    assert bench.told[0][2] == [(5, UNCERTAIN), (10, UNCERTAIN)]
