from fake_store import Store

from limen.service import placing
from limen.service.clock import Clock

T_S = 848609325
T_MS = 1795294125000


class Rtc:
    """The chip's RTC: it goes on over a reset, and begins in 2000 with the power."""

    def __init__(self):
        self.fields = (2000, 1, 1, 5, 0, 0, 0, 0)

    def datetime(self, fields=None):
        if fields is None:
            return self.fields
        self.fields = fields


class Gateway:
    """One boot, its own path and its own keeper of time; `events` are [quality, body]."""

    def __init__(self, store, boot, rtc):
        self.store = store
        self.boot = boot
        self.ticks = 0
        self.clock = Clock(lambda: self.ticks, lambda new, old: new - old, rtc)
        self.path = self.gateway = self
        self.note_due_s = 0
        self.events = []

    def put_event(self, number, quality, s, ms, body):
        assert (number, s, ms) == (0, self.clock.s, self.clock.ms)
        self.events.append([quality, body])

    def live(self, s):
        self.ticks += s * 1000
        self.clock.tick()

    def begin(self, is_warm):
        self.is_warm = is_warm
        run(placing.begin(self))

    def place(self, s, ms):
        self.clock.set_boot(s, ms)
        run(placing.place(self, "ntp"))


def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


def event(more, uptime_ms, utc_ms):
    body = '{"clock":"set",%s"uptime_ms":%d,"utc_ms":%d,"source":"ntp"}'
    return body % (more, uptime_ms, utc_ms)


def test_the_boot_itself():
    gateway = Gateway(Store(), 3, Rtc())
    gateway.begin(False)
    gateway.live(60)
    gateway.place(T_S, 250)
    assert gateway.events == [[0, event("", 60000, T_MS + 60250)]]
    assert gateway.store.get("unplaced") == []


def test_boots_since_the_power_came_are_placed_exactly():
    store = Store()
    rtc = Rtc()
    for boot, (minute, second, us) in ((3, (0, 0, 500000)), (4, (2, 0, 0)), (5, (9, 59, 900000))):
        rtc.fields = (2000, 1, 1, 5, 0, minute, second, us)
        gateway = Gateway(store, boot, rtc)
        gateway.begin(boot > 3)
        gateway.live(30)
    gateway.place(T_S, 100)
    assert gateway.events == [
        [0, event("", 30000, T_MS + 30100)],
        [0, event('"boot":4,', 0, T_MS + 100 - 479900)],
        [0, event('"boot":3,', 0, T_MS + 100 - 599400)],
    ]


def test_boots_before_a_power_cut_are_placed_before_the_next():
    store = Store()
    for boot, is_warm in ((3, False), (4, True), (5, False)):
        gateway = Gateway(store, boot, Rtc())
        gateway.begin(is_warm)
        gateway.live(600)
        run(placing.note(gateway))
        assert gateway.note_due_s == 1200
    gateway.place(T_S, 0)
    assert gateway.events == [
        [0, event("", 600000, T_MS + 600000)],
        [1, event('"boot":4,', 1328000, T_MS)],
        [1, event('"boot":3,', 1328000, T_MS - 1328000)],
    ]


def test_a_clock_that_was_set_while_its_boot_was_not_told():
    store = Store()
    gateway = Gateway(store, 3, Rtc())
    gateway.begin(False)
    rtc = Rtc()
    rtc.fields = (2026, 11, 21, 5, 20, 48, 45, 0)
    again = Gateway(store, 4, rtc)
    again.begin(True)
    assert again.events[1][0] == 1
    assert again.events[1][1] == event('"boot":3,', 192000, T_MS).replace("ntp", "reset")


def test_the_newest_boots_are_remembered():
    store = Store()
    for boot in range(1, 40):
        Gateway(store, boot, Rtc()).begin(True)
    assert [entry[0] for entry in store.get("unplaced")] == list(range(24, 40))


def test_a_step_tells_what_it_was():
    gateway = Gateway(Store(), 3, Rtc())
    gateway.clock.set_boot(T_S, 5)
    gateway.live(7)
    run(placing.tell_step(gateway, [128, T_S + 3600, 10], "ntp"))
    text = '{"clock":"step","was_ms":%d,"uptime_ms":7000,"utc_ms":%d,"source":"ntp"}'
    assert gateway.events == [[0, text % (T_MS + 3607010, T_MS + 7005)]]
