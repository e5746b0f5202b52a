"""Straight lines from raw numbers to counts."""

from limen.core.scaling import Line, gcd, rounded, through


def test_a_raw_number_becomes_a_count():
    celsius = Line(175, -45 * 65535, 65535, 2)  # SHT3x: -45 + 175 * raw / 65535
    assert [celsius.count(raw) for raw in (0, 26214, 65535)] == [-4500, 2500, 13000]


def test_rounding_is_to_the_nearest_and_ties_go_away_from_zero():
    assert [rounded(n, 4) for n in (1, 2, 5, 6, -1, -2, -5, -6)] == [0, 1, 1, 2, 0, -1, -1, -2]
    assert [rounded(n, 3) for n in (1, 2, 4, 5, -1, -2)] == [0, 1, 1, 2, 0, -1]
    assert rounded(7, 1) == 7


def test_places_may_be_negative():
    assert Line(5, 0, 1, -3).count(700) == 4  # 3500 in thousands
    assert Line(5, 0, 1, -3).count(-700) == -4


def test_lines_have_no_common_factor():
    line = Line(100, -6553500, 65535, 2)
    assert (line.numerator, line.offset, line.denominator) == (2000, -131070000, 13107)
    assert gcd(12, -18) == 6
    assert gcd(0, 5) == 5


def test_a_line_through_two_points():
    # 4 to 20 mA at 100 ohms, in microvolts, are -50 to 150 bar in hundredths.
    line = Line(*through(400000, -5000, 2000000, 15000))
    assert [line.count(uv) for uv in (400000, 1200000, 2000000, 2100000)] == [
        -5000,
        5000,
        15000,
        16250,
    ]
    falling = Line(*through(2000000, 15000, 400000, -5000))
    assert falling.count(360000) == -5500
    assert Line(*through(0, 100, 10, -100)).count(1) == 80
