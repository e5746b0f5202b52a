from limen.core.calendar import date_of, seconds_of


def test_the_count_begins_in_2000():
    assert seconds_of(2000, 1, 1) == 0
    assert date_of(0) == (2000, 1, 1, 0, 0, 0, 5)


def test_golden_dates():
    assert seconds_of(1999, 12, 31, 23, 59, 59) == -1
    assert seconds_of(1970, 1, 1) == -946684800
    assert seconds_of(2034, 1, 9, 13, 37, 4) == 1 << 30
    assert date_of(1 << 30) == (2034, 1, 9, 13, 37, 4, 0)
    assert date_of(seconds_of(2036, 2, 7, 6, 28, 16)) == (2036, 2, 7, 6, 28, 16, 3)


def test_leap_days():
    assert date_of(seconds_of(2024, 2, 28) + 86400)[:3] == (2024, 2, 29)
    assert date_of(seconds_of(2100, 2, 28) + 86400)[:3] == (2100, 3, 1)
    assert date_of(seconds_of(2400, 2, 29))[:3] == (2400, 2, 29)


def test_every_day_of_a_century_follows_the_one_before():
    seconds = seconds_of(1999, 1, 1)
    for _ in range(36525):
        year, month, day, _, _, _, weekday = date_of(seconds)
        assert seconds_of(year, month, day) == seconds
        seconds += 86400
        assert date_of(seconds)[6] == (weekday + 1) % 7
