from limen.core.time_choice import agree, apart_ms, choose

TRUE = [20, 848609325, 250]
NEAR = [5, 848609325, 262]
LATE = [5, 848612925, 250]
OTHER_LIE = [5, 848605725, 250]
OWN = [128, 848609325, 200]


def test_the_nearest_of_those_that_agree():
    assert choose([TRUE, NEAR], None) == (NEAR, 2)
    assert choose([TRUE], None) == (TRUE, 1)
    assert choose([], OWN) == (None, 0)


def test_one_that_lies_is_outvoted():
    for claims in ([LATE, TRUE, NEAR], [TRUE, NEAR, LATE], [TRUE, LATE, NEAR]):
        assert choose(claims, None) == (NEAR, 2)
    assert choose([LATE, LATE, TRUE], None) == (LATE, 2)


def test_between_two_the_clock_decides():
    assert choose([LATE, TRUE], OWN) == (TRUE, 1)
    assert choose([TRUE, OTHER_LIE], OWN) == (TRUE, 1)
    assert choose([LATE, OTHER_LIE, TRUE], OWN) == (TRUE, 1)


def test_two_servers_know_better_than_the_clock():
    assert choose([LATE, [30, 848612925, 260]], OWN) == (LATE, 2)


def test_agreement_is_a_matter_of_distance():
    assert apart_ms([0, 10, 900], [0, 11, 100]) == 200
    assert apart_ms([0, 11, 100], [0, 10, 900]) == -200
    assert agree([100, 10, 900], [90, 11, 100])
    assert not agree([90, 10, 900], [90, 11, 100])
