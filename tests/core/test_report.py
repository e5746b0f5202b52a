from limen.core.quality import BAD, GOOD, STALE, UNCERTAIN
from limen.core.report import Report

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock


def passed(rule, samples):
    """The samples (value, quality, s, ms) that pass."""
    report = Report(rule)
    return [sample for sample in samples if report.passes(*sample)]


def values(rule, counts):
    """The counts that pass, one a second."""
    samples = [(count, GOOD, s, 0) for s, count in enumerate(counts)]
    return [sample[0] for sample in passed(rule, samples)]


def test_a_value_passes_when_it_leaves_the_deadband():
    assert values((500, 0, 0, 0), [1000, 1500, 1501, 1001, 1000]) == [1000, 1501, 1000]


def test_the_last_published_value_is_never_off_by_more():
    assert values((5, 0, 0, 0), [-10, -5, -4, 1, 2, -3, -4]) == [-10, -4, 2, -4]


def test_without_a_deadband_every_change_passes():
    assert values((0, 0, 0, 0), [7, 7, 8, 8, 7]) == [7, 8, 7]


def test_the_larger_of_count_and_share_counts():
    rule = (50, 200, 0, 0)  # 50, or 2 % of the last value
    assert values(rule, [1000, 1050, 1051]) == [1000, 1051]
    assert values(rule, [10000, 10200, 10201]) == [10000, 10201]
    assert values(rule, [-10000, -9800, -9799, -9604]) == [-10000, -9799]
    assert values(rule, [0, 50, -50, 51]) == [0, 51]


def test_a_share_that_is_not_whole_is_not_rounded_up():
    assert values((0, 150, 0, 0), [99, 100, 101]) == [99, 101]  # 1.5 % of 99 is 1.485
    assert values((0, 1, 0, 0), [9999, 10000]) == [9999, 10000]
    assert values((0, 1, 0, 0), [10000, 10001, 10002]) == [10000, 10002]


def test_at_most_every_postpones_a_change():
    samples = [(0, GOOD, 0, 0), (9, GOOD, 0, 500), (9, GOOD, 0, 999), (9, GOOD, 1, 0)]
    assert passed((1, 0, 1000, 0), samples) == [samples[0], samples[3]]


def test_a_postponed_change_that_went_back_is_none():
    samples = [(0, GOOD, 0, 0), (9, GOOD, 0, 500), (0, GOOD, 1, 0), (2, GOOD, 1, 1)]
    assert passed((1, 0, 1000, 0), samples) == [samples[0], samples[3]]


def test_at_least_every_repeats():
    samples = [(5, GOOD, 0, 1), (5, GOOD, 300, 0), (5, GOOD, 300, 1), (5, GOOD, 600, 0)]
    assert passed((1, 0, 0, 300000), samples) == [samples[0], samples[2]]


def test_a_change_of_quality_passes_at_once():
    samples = [
        (5, GOOD, 0, 0),
        (5, UNCERTAIN, 0, 1),
        (None, BAD, 0, 2),
        (5, GOOD, 0, 3),
        (None, STALE, 0, 4),
    ]
    assert passed((100, 0, 60000, 0), samples) == samples


def test_stale_passes_once_in_the_place_of_the_heartbeat():
    samples = [(5, GOOD, 0, 0), (None, BAD, 1, 0)]
    samples += [(None, STALE, s, 0) for s in (2, 3, 4, 5, 6, 60)]
    assert passed((0, 0, 0, 3000), samples) == samples[:2] + [(None, STALE, 4, 0)]
    assert passed((0, 0, 0, 0), samples) == samples[:2]


def test_bad_quality_passes_once_and_has_no_heartbeat():
    samples = [(None, BAD, 0, 0), (None, BAD, 1, 0), (None, BAD, 900, 0), (3, GOOD, 901, 0)]
    assert passed((1, 0, 0, 1000), samples) == [samples[0], samples[3]]


def test_values_beyond_small_integers():
    big = 1 << 62
    assert values((0, 100, 0, 0), [big, big + big // 100, big + big // 100 + 1]) == [
        big,
        big + big // 100 + 1,
    ]
    assert values((1, 0, 0, 0), [-big, big]) == [-big, big]


def test_filtering_allocates_nothing():
    report = Report((500, 10000, 1000, 300000))
    report.passes(1073741823, GOOD, 1000000, 999)
    heap_lock()
    try:
        results = report.passes(1073741823, GOOD, 1000299, 0)
        again = report.passes(1073741823, GOOD, 1000300, 999)
        bad = report.passes(None, BAD, 1000301, 0)
        back = report.passes(-1, GOOD, 1000302, 0)
    finally:
        heap_unlock()
    assert (results, again, bad, back) == (False, True, True, True)
