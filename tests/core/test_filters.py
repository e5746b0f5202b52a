"""Median, exponential mean, bands, rate, and the chain of them."""

from limen.core.bands import Bands
from limen.core.chain import make_report
from limen.core.median import Median
from limen.core.quality import BAD, GOOD, STALE
from limen.core.rate import Rate
from limen.core.smooth import Smooth

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock


def fed(stage, values):
    return [stage.feed(value) for value in values]


def passed(report, samples):
    """(value published, s) of the samples (value, quality, s) that pass."""
    return [
        (report.told, s) for value, quality, s in samples if report.passes(value, quality, s, 0)
    ]


def good(*values):
    return [(value, GOOD, s) for s, value in enumerate(values)]


def test_a_spike_is_no_median():
    assert fed(Median(3), [5, 6, 900, 7, 8, -900, 9]) == [5, 5, 6, 7, 8, 7, 8]


def test_the_median_of_five():
    assert fed(Median(5), [1, 9, 2, 8, 3, 7, 4]) == [1, 1, 2, 2, 3, 7, 4]


def test_the_median_with_equal_values():
    assert fed(Median(3), [4, 4, 4, 9, 9, 4, 4]) == [4, 4, 4, 4, 9, 9, 4]


def test_the_exponential_mean_comes_to_rest_on_the_value():
    smooth = Smooth(4)
    assert fed(smooth, [0, 100, 100, 100, 100]) == [0, 25, 44, 58, 68]
    for _ in range(40):
        smooth.feed(100)
    assert smooth.feed(100) == 100
    assert fed(smooth, [-3] * 60)[-1] == -3


def test_a_band_is_left_upwards_at_its_limit_and_downwards_behind_the_hysteresis():
    bands = Bands((0, 5, 40, 60))
    samples = good(0, 39, 40, 36, 35, 34, 70, 59, 54, 0)
    assert passed(bands, samples) == [(0, 0), (40, 2), (34, 5), (70, 6), (54, 8), (0, 9)]


def test_bands_have_a_heartbeat():
    assert passed(Bands((3000, 0, 10)), good(1, 2, 3, 4, 5)) == [(1, 0), (4, 3)]


def test_fast_changes_are_told_and_where_they_end():
    rate = Rate((0, 10, 1000))
    samples = good(0, 10, 21, 40, 41, 42, 30)
    assert passed(rate, samples) == [(0, 0), (21, 2), (40, 3), (41, 4), (30, 6)]


def test_a_slow_rate_over_a_gap_is_not_fast():
    rate = Rate((0, 10, 1000))
    samples = [(0, GOOD, 0), (50, GOOD, 5), (101, GOOD, 10), (101, GOOD, 11), (101, GOOD, 12)]
    assert passed(rate, samples) == [(0, 0), (101, 10), (101, 11)]


def test_a_chain_publishes_what_its_stages_make():
    chain = make_report({"median": 3, "change": [10, 0, 0, 0]})
    assert passed(chain, good(100, 101, 900, 102, 150, 151)) == [(100, 0), (150, 4)]


def test_bad_quality_passes_the_chain_once_and_clears_it():
    chain = make_report({"median": 3, "smooth": 4, "change": [0, 0, 0, 5000]})
    samples = [(100, GOOD, 0), (None, BAD, 1), (None, BAD, 2), (500, GOOD, 3)]
    told = [chain.passes(value, quality, s, 0) for value, quality, s in samples]
    assert told == [True, True, False, True]
    assert chain.told == 500


def test_stale_is_told_in_the_place_of_the_heartbeat():
    chain = make_report({"median": 3, "change": [0, 0, 0, 5000]})
    samples = [(1, GOOD, 0), (None, BAD, 1), (None, STALE, 3), (None, STALE, 6), (None, STALE, 60)]
    told = [chain.passes(value, quality, s, 0) for value, quality, s in samples]
    assert told == [True, True, False, True, False]


def test_stages_go_before_a_line():
    chain = make_report({"median": 3, "line": [2, 60000]})
    samples = good(5, 5, 900, 5, 5, 5) + [(None, BAD, 6)]
    assert passed(chain, samples) == [(5, 0), (None, 6)]


def test_a_chain_allocates_nothing():
    chain = make_report({"median": 3, "smooth": 4, "change": [10, 200, 0, 60000]})
    bands = make_report({"bands": [1000, 5, 40, 60]})
    rate = make_report({"rate": [1000, 10, 1000]})
    reports = (chain, bands, rate)
    for report in reports:
        report.passes(1, GOOD, 0, 0)
    samples = [(s * s % 70, s) for s in range(1, 50)]
    heap_lock()
    for value, s in samples:
        chain.passes(value, GOOD, s, 0)
        bands.passes(value, GOOD, s, 0)
        rate.passes(value, GOOD, s, 0)
    heap_unlock()
    assert (chain.told, bands.told, rate.told) == (38, 21, 21)
