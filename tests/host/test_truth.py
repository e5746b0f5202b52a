"""Truth against what was published: exact values and held values."""

from decimal import Decimal
from fractions import Fraction

from host_tools.subscriber import Gateway
from host_tools.truth import Point, Published, Reads, Rule, Truth, judge

START_US = 1_795_291_200_000_000
START_MS = START_US // 1000


def power(*rule):
    channel = {"name": "power_active_total", "unit": "W", "kind": "gauge", "places": 1}
    return channel | ({"report": list(rule)} if rule else {})


def reads_of(*watts, places=1):
    """One value a second, served a quarter of a second before its device has been read."""
    reads = Reads(places)
    for second, value in enumerate(watts):
        reads.add(START_US + second * 1_000_000 + 750_000, value)
    return reads


def points_of(**by_second):
    return [
        Point(START_MS + int(second[1:]) * 1000 + 1000, 0, value and Decimal(value))
        for second, value in by_second.items()
    ]


def test_every_value_published_and_right():
    verdict = judge("m", power(), reads_of(1, -2, 3), points_of(s0="1.0", s1="-2.0", s2="3.0"))
    assert (verdict.read, verdict.published, verdict.largest_error) == (3, 3, 0)
    assert verdict.is_good
    assert verdict.text() == "ok"


def test_a_held_value_may_be_off_by_the_deadband_and_no_more():
    channel = power(500, 0, 0, 0)
    verdict = judge("m", channel, reads_of(100, 150, 50, 100), points_of(s0="100.0"))
    assert (verdict.largest_error, verdict.outside, verdict.is_good) == (500, 0, True)
    verdict = judge("m", channel, reads_of(100, Decimal("150.1"), 100), points_of(s0="100.0"))
    assert (verdict.largest_error, verdict.outside, verdict.is_good) == (501, 1, False)
    assert verdict.text() == "1 beyond the bound"


def test_what_is_read_again_at_once_was_taken_by_nobody():
    reads = Reads(1, 1_000_000, 500_000)
    for ms, watts in ((750, 100), (1600, 300), (1750, 300), (2750, 300), (3750, 900), (4750, 300)):
        reads.add(START_US + ms * 1000, watts)
    verdict = judge("m", power(500, 0, 0, 0), reads, points_of(s0="100.0", s1="300.0"))
    assert (verdict.read, verdict.outside, verdict.largest_error) == (5, 1, 6000)


def test_a_percentage_counts_from_the_published_value():
    channel = power(500, 200, 0, 0)
    points = points_of(s0="-10000.0")
    assert judge("m", channel, reads_of(-10000, -10200), points).outside == 0
    assert judge("m", channel, reads_of(-10000, Decimal("-10200.1")), points).outside == 1


def test_a_change_may_be_held_back_as_long_as_configured():
    channel = power(500, 0, 2000, 0)
    verdict = judge("m", channel, reads_of(0, 900, 900, 900), points_of(s0="0.0", s3="900.0"))
    assert (verdict.held_back, verdict.outside, verdict.largest_error) == (2, 0, 0)
    assert verdict.text() == "ok, 2 held back"
    verdict = judge("m", channel, reads_of(0, 900, 900, 900), points_of(s0="0.0"))
    assert (verdict.held_back, verdict.outside) == (2, 1)


def test_a_value_that_was_not_served_is_wrong():
    verdict = judge("m", power(), reads_of(1, 2), points_of(s0="1.0", s1="2.1"))
    assert (verdict.wrong, verdict.text()) == (1, "1 wrong")
    early = [Point(START_MS, 0, Decimal("1.0"))]
    assert judge("m", power(), reads_of(1), early).wrong == 1


def test_bad_quality_holds_nothing():
    points = points_of(s0="1.0")
    points.append(Point(START_MS + 2000, 2, None))
    verdict = judge("m", power(), reads_of(1, 90, 90), points)
    assert (verdict.uncovered, verdict.outside, verdict.is_good) == (2, 0, True)


def test_a_value_whose_time_is_a_guess_proves_nothing():
    """A boot that never had a clock, and a power cut behind it (seed 7026)."""
    points = points_of(s0="1.0")
    points.append(Point(START_MS + 2000, 0, Decimal("90.0"), is_guess=True))
    verdict = judge("m", power(), reads_of(1, 2, 90), points)
    assert (verdict.wrong, verdict.uncovered, verdict.outside) == (0, 2, 0)


def test_nothing_published_is_not_good():
    verdict = judge("m", power(), reads_of(1, 2), [])
    assert (verdict.uncovered, verdict.text()) == (2, "nothing published")


def test_values_are_rounded_to_the_resolution_away_from_zero():
    reads = reads_of(Decimal("234.85"), Decimal("-234.25"), Fraction(1, 3))
    assert reads.counts == [2349, -2343, 3]
    assert reads_of(1250, places=-2).counts == [13]


def test_bounds_as_people_write_them():
    assert Rule.of(power(500, 200, 0, 0)).text(power()) == "50.0 W or 2 %"
    assert Rule.of(power(500, 250, 0, 0)).text(power()) == "50.0 W or 2.5 %"
    assert Rule.of(power()).text(power()) == "0.0 W"
    tens, tiny = power(3, 0, 0, 0) | {"places": -1}, power(3, 0, 0, 0) | {"places": 9}
    assert [Rule.of(one).text(one) for one in (tens, tiny)] == ["30 W", "0.000000003 W"]


def test_the_truth_takes_configured_channels_only():
    channel = power() | {"every_ms": 1000}
    truth = Truth({"device": [{"id": "m", "channel": [channel]}]}, START_US)
    on_read = truth.of_device("m")
    on_read(750_000, "power_active_total", 12)
    on_read(750_000, "frequency", 50)
    assert truth["m", "power_active_total"].times_us == [START_US + 750_000]
    assert truth["m", "power_active_total"].counts == [120]


def test_records_without_a_time_wait_for_the_clock():
    assert Published().of(("m", "voltage"), Gateway("x")) == []


def test_a_slow_channel_counts_only_the_reads_that_it_asked_for():
    slow = power() | {"every_ms": 5000}
    fast = {"name": "voltage_l1", "places": 1, "every_ms": 1000}
    truth = Truth({"device": [{"id": "m", "channel": [slow, fast]}]}, START_US)
    for second in range(11):
        for quantity in ("power_active_total", "voltage_l1"):
            truth.of_device("m")(second * 1_000_000, quantity, 230)
    assert len(truth["m", "power_active_total"].counts) == 11
    assert len(truth["m", "power_active_total"].turns.times_us) == 3
    assert len(truth["m", "voltage_l1"].turns.times_us) == 11
    assert truth.samples == 14
    assert len(truth.polls["m"].times_us) == 11


def test_what_is_served_between_two_looks_may_lie_beyond_the_bound():
    reads = Reads(1, 3_000_000, 500_000, blind_us=3_050_000)
    for second, watts in enumerate((100, 300, 300, 300, 300)):
        reads.add(START_US + second * 1_000_000 + 750_000, watts)
    published = points_of(s0="100.0", s3="300.0")
    assert judge("m", power(500, 0, 0, 0), reads, published).outside == 0
    assert judge("m", power(500, 0, 0, 0), reads, published[:1]).outside == 0
    reads.add(START_US + 5_750_000, 300)
    assert judge("m", power(500, 0, 0, 0), reads, published[:1]).outside == 1


def test_a_part_may_look_behind_the_beginning_of_a_reading():
    truth = Truth({"device": [{"id": "air", "channel": [power() | {"every_ms": 1000}]}]}, START_US)
    truth.set_part("air", "power_active_total", Fraction(1, 10))
    reads, on_read = truth["air", "power_active_total"], truth.of_device("air")
    for second, value in enumerate((1, 5, 9)):
        on_read(second * 1_000_000 + 1_010_000, "power_active_total", value)
    points = points_of(s0="1.0", s1="5.0", s2="9.0")
    assert judge("air", power(), reads, points).is_good
    assert judge("air", power(), reads, points_of(s0="1.0", s1="9.0")).wrong == 1
