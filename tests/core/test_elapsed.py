from limen.core.elapsed import elapsed_ms


def test_elapsed():
    assert elapsed_ms(1, 900, 3, 100) == 1200
    assert elapsed_ms(3, 100, 1, 900) == -1200
    assert elapsed_ms(0, 0, 0, 0) == 0


def test_after_years_of_uptime():
    assert elapsed_ms(315360000, 999, 315360001, 0) == 1
    assert elapsed_ms(0, 0, 315360000, 1) == 315360000001
