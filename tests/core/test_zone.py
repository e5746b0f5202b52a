from limen.core.calendar import seconds_of
from limen.core.zone import Zone

BERLIN = [3600, 7200, 3, 5, 0, 7200, 10, 5, 0, 10800]
DUBLIN = [3600, 0, 10, 5, 0, 7200, 3, 5, 0, 3600]
SYDNEY = [36000, 39600, 10, 1, 0, 7200, 4, 1, 0, 10800]
LORD_HOWE = [37800, 39600, 10, 1, 0, 7200, 4, 1, 0, 7200]
CHATHAM = [45900, 49500, 9, 5, 0, 9900, 4, 1, 0, 13500]
KATHMANDU = [20700]
NUUK = [-7200, -3600, 3, 5, 0, -3600, 10, 5, 0, 0]
GAZA = [7200, 10800, 3, 4, 4, 180000, 10, 4, 4, 180000]


def local(rule, *utc):
    """(year, month, date, weekday, hour, minute, second) of a UTC date and time."""
    zone = Zone(rule)
    zone.place(seconds_of(*utc))
    second = zone.second
    clock = (second // 3600, second // 60 % 60, second % 60)
    return (zone.year, zone.month, zone.date, zone.weekday) + clock


def changes(rule, year):
    """The UTC dates and times of a year's changes, each with the offset that begins there."""
    zone = Zone(rule)
    zone.place(seconds_of(year, 1, 1))
    found = []
    while zone.changes_at < seconds_of(year + 1, 1, 1):
        at = zone.changes_at
        zone.place(at)
        found.append((at, zone.offset_s))
    return found


def test_an_evening_in_berlin():
    assert local(BERLIN, 2026, 11, 21, 23, 30, 1) == (2026, 11, 22, 6, 0, 30, 1)
    assert local(BERLIN, 2026, 7, 1, 21, 59, 59) == (2026, 7, 1, 2, 23, 59, 59)


def test_days_are_counted_by_the_clock_on_the_wall():
    zone = Zone(BERLIN)
    zone.place(seconds_of(2026, 11, 21, 22, 59, 59))
    day = zone.day
    zone.place(seconds_of(2026, 11, 21, 23, 0, 0))
    assert (zone.day - day, zone.second) == (1, 0)
    assert zone.day == seconds_of(2026, 11, 22) // 86400


def test_the_clocks_change_in_berlin():
    assert changes(BERLIN, 2027) == [
        (seconds_of(2027, 3, 28, 1), 7200),
        (seconds_of(2027, 10, 31, 1), 3600),
    ]
    assert local(BERLIN, 2027, 3, 28, 0, 59, 59)[4:] == (1, 59, 59)
    assert local(BERLIN, 2027, 3, 28, 1, 0, 0)[4:] == (3, 0, 0)
    assert local(BERLIN, 2027, 10, 31, 0, 59, 59)[4:] == (2, 59, 59)
    assert local(BERLIN, 2027, 10, 31, 1, 0, 0)[4:] == (2, 0, 0)


def test_ireland_has_its_standard_time_in_summer():
    assert changes(DUBLIN, 2027) == [
        (seconds_of(2027, 3, 28, 1), 3600),
        (seconds_of(2027, 10, 31, 1), 0),
    ]


def test_summer_in_the_south_spans_the_new_year():
    assert local(SYDNEY, 2027, 1, 1, 0, 0, 0) == (2027, 1, 1, 4, 11, 0, 0)
    assert changes(SYDNEY, 2027) == [
        (seconds_of(2027, 4, 3, 16), 36000),
        (seconds_of(2027, 10, 2, 16), 39600),
    ]


def test_parts_of_an_hour():
    assert local(KATHMANDU, 2026, 11, 21, 18, 15, 0) == (2026, 11, 22, 6, 0, 0, 0)
    assert local(CHATHAM, 2027, 1, 1, 0, 0, 0)[4:] == (13, 45, 0)
    assert changes(LORD_HOWE, 2027) == [
        (seconds_of(2027, 4, 3, 15), 37800),
        (seconds_of(2027, 10, 2, 15, 30), 39600),
    ]


def test_a_change_before_or_behind_its_day():
    assert changes(NUUK, 2027)[0] == (seconds_of(2027, 3, 28, 1), -3600)
    # 50 hours behind the fourth Thursday: Saturday, 2 o'clock.
    assert changes(GAZA, 2027)[0] == (seconds_of(2027, 3, 27, 0), 10800)


def test_a_zone_without_changes():
    zone = Zone([-12600])
    zone.place(seconds_of(2038, 1, 19, 3, 14, 8))
    assert (zone.year, zone.month, zone.date, zone.second) == (2038, 1, 18, 85448)
    assert zone.changes_at > seconds_of(9999, 1, 1)


def test_time_may_run_backwards():
    zone = Zone(BERLIN)
    zone.place(seconds_of(2027, 7, 1))
    zone.place(seconds_of(2026, 12, 31, 23))
    assert (zone.year, zone.offset_s, zone.second) == (2027, 3600, 0)


def test_where_seconds_leave_the_small_integers():
    assert local(BERLIN, 2034, 1, 9, 13, 37, 3) == (2034, 1, 9, 0, 14, 37, 3)
    assert local(BERLIN, 2034, 1, 9, 13, 37, 4) == (2034, 1, 9, 0, 14, 37, 4)
    assert local(BERLIN, 2036, 2, 7, 6, 28, 16) == (2036, 2, 7, 3, 7, 28, 16)
    assert local(BERLIN, 2099, 7, 1, 0, 0, 0) == (2099, 7, 1, 2, 2, 0, 0)


def test_within_a_day_nothing_is_allocated():
    try:
        from gc import mem_alloc
    except ImportError:
        return
    zone = Zone(BERLIN)
    zone.place(seconds_of(2027, 7, 1))
    noon = seconds_of(2027, 7, 1, 12)
    before = mem_alloc()
    zone.place(noon)
    assert mem_alloc() == before
