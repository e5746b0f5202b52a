from limen.core.calendar import seconds_of
from limen.service.clock import Clock

PERIOD = 1 << 30  # where the chip's ticks wrap


class Rtc:
    def __init__(self, fields=(2000, 1, 1, 5, 0, 0, 0, 0)):
        self.fields = fields

    def datetime(self, fields=None):
        if fields is None:
            return self.fields
        self.fields = fields


class Ticks:
    def __init__(self, start):
        self.now = start

    def ms(self):
        return self.now

    def diff(self, new, old):
        return (new - old + PERIOD // 2) % PERIOD - PERIOD // 2

    def pass_ms(self, ms):
        self.now = (self.now + ms) % PERIOD


def clock_at(start, rtc=None):
    ticks = Ticks(start)
    return Clock(ticks.ms, ticks.diff, rtc or Rtc()), ticks


def test_uptime_grows():
    clock, ticks = clock_at(5)
    ticks.pass_ms(1999)
    clock.tick()
    assert (clock.s, clock.ms) == (1, 999)


def test_uptime_grows_across_the_wrap_of_the_ticks():
    clock, ticks = clock_at(PERIOD - 1500)
    for _ in range(3):
        ticks.pass_ms(1000)
        clock.tick()
    assert (clock.s, clock.ms) == (3, 0)


def test_years_of_uptime_stay_exact():
    clock, ticks = clock_at(0)
    day_ms = 86400000
    for _ in range(3 * 365):
        ticks.pass_ms(day_ms + 1)
        clock.tick()
    assert (clock.s, clock.ms) == (3 * 365 * 86400 + 1, 95)


def test_utc_is_placed_at_any_uptime():
    clock, ticks = clock_at(0)
    ticks.pass_ms(10700)
    clock.set_boot(819999989, 600)
    assert clock.is_set
    assert (clock.utc_s(10, 700), clock.utc_ms(700)) == (820000000, 300)
    assert (clock.utc_s(10, 300), clock.utc_ms(300)) == (819999999, 900)
    assert (clock.utc_s(11, 400), clock.utc_ms(400)) == (820000001, 0)


def test_an_rtc_that_was_set_before_the_reset_is_believed():
    clock, _ = clock_at(0, Rtc((2026, 11, 21, 5, 20, 48, 45, 250000)))
    assert clock.is_set
    assert (clock.utc_s(0, 0), clock.utc_ms(0)) == (848609325, 250)


def test_an_rtc_that_was_never_set_is_not():
    clock, _ = clock_at(0, Rtc((2000, 1, 1, 5, 0, 1, 40, 250000)))
    assert not clock.is_set
    assert (clock.boot_s, clock.boot_ms) == (100, 250)


def test_setting_the_clock_sets_the_rtc():
    rtc = Rtc()
    clock, ticks = clock_at(0, rtc)
    ticks.pass_ms(10700)
    clock.set_boot(848609314, 550)
    assert rtc.fields == (2026, 11, 21, 5, 20, 48, 45, 250000)


def test_utc_is_shifted_and_uptime_is_not():
    clock, ticks = clock_at(0)
    clock.set_boot(848609314, 1)
    clock.shift(-2)
    assert (clock.utc_s(0, 0), clock.utc_ms(0)) == (848609313, 999)
    clock.shift(1002)
    assert (clock.utc_s(0, 0), clock.utc_ms(0)) == (848609315, 1)
    ticks.pass_ms(1500)
    clock.tick()
    assert (clock.s, clock.ms) == (1, 500)


def test_the_last_days_of_other_clocks():
    # 2^30 s since 2000, the era of NTP, and 2^31 s since 1970.
    for day in ((2034, 1, 9, 13, 37, 4), (2036, 2, 7, 6, 28, 16), (2038, 1, 19, 3, 14, 8)):
        rtc = Rtc()
        clock, ticks = clock_at(0, rtc)
        moment = seconds_of(*day)
        ticks.pass_ms(2500)
        clock.set_boot(moment - 3, 0)
        before = clock.utc_s(2, 500)
        assert (before, clock.utc_ms(500)) == (moment - 1, 500)
        assert (clock.utc_s(3, 0) - before, clock.utc_ms(0)) == (1, 0)
        again, _ = clock_at(7, rtc)
        assert again.is_set and again.utc_s(0, 0) == moment - 1
