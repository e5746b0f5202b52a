"""The readings of a bus, on a clock made here and devices that say what they are asked."""

from fake_line import Clock as Ticks
from fake_line import Uart, meter, settings
from fake_store import Store

from limen.core.channel import Channel
from limen.core.quality import BAD, GOOD, STALE
from limen.core.schedule import Schedule
from limen.drivers import DONE, modbus_bus, modbus_device, modbus_rtu
from limen.service import poll
from limen.service.clock import Clock
from limen.service.poll import Device, Poll


class Rtc:
    def datetime(self, value=None):
        return 2000, 1, 1, 5, 0, 0, 0, 0


class Pulse:
    def beat(self, within_s):
        assert within_s == 120


class Reader:
    """A device that takes `takes_ms` for a reading and answers while `is_there`."""

    def __init__(self, ticks, channels, takes_ms):
        self.ticks = ticks
        self.channels = channels
        self.takes_ms = takes_ms
        self.is_there = self.answered = True
        self.asked = []
        self.probes = []

    def read(self):
        self.asked.append(self.ticks.us // 1000)
        self._is_done = False

    def probe(self):
        self.probes.append(self.ticks.us // 1000)
        self._is_done = False

    def step(self):
        if not self._is_done:
            self._is_done = True
            return self.takes_ms
        self.answered = self.is_there
        for channel in self.channels:
            if channel.fresh:
                channel.value = 1 if self.is_there else None
                channel.quality = GOOD if self.is_there else BAD
        return DONE


class AnyBus:
    def counters(self):
        return {"ok": 7}


class World:
    """A bus with devices; `taken` are (s, number, [(channel, value, quality)])."""

    def __init__(self, bus=None, us=0):
        self.ticks = poll.asyncio = Ticks(us=us, grid_us=1000)
        self.clock = Clock(self.ticks.ticks_ms, self.ticks.ticks_diff, Rtc())
        self.store = Store()
        self.taken = []
        self.reports = []
        self.poll = Poll(bus or AnyBus(), self.clock, self.store, self.take, self.tell)
        self.devices = []
        self.keeps = True

    def take(self, number, device):
        fresh = [channel for channel in device.channels if channel.fresh]
        if self.keeps:
            samples = [(channel.name, channel.value, channel.quality) for channel in fresh]
            self.taken.append((device.s, number, samples))
        for channel in fresh:
            channel.fresh = False

    def tell(self, number, device, body):
        self.reports.append((number, device.id, body))

    def add(self, name, periods_ms, reader):
        channels = [
            Channel({"name": "c%d" % index, "places": 0}, Schedule(every_ms))
            for index, every_ms in enumerate(periods_ms)
        ]
        device = Device(name, channels, reader(channels))
        self.poll.serve(len(self.devices), device)
        self.devices.append(device)
        return device

    def add_reader(self, name, periods_ms, takes_ms=10):
        return self.add(name, periods_ms, lambda c: Reader(self.ticks, c, takes_ms)).reader

    def run(self, seconds):
        """Let so many seconds pass; the task goes on where it was."""
        if not hasattr(self, "task"):
            self.task = self.poll.run(Pulse())
        end_us = self.ticks.us + seconds * 1000000
        while self.ticks.us < end_us:
            next(self.task)


def test_each_channel_has_its_rate():
    world = World()
    world.add_reader("meter", (1000, 5000))
    world.run(10)
    assert [len(samples) for _, _, samples in world.taken] == [2, 1, 1, 1, 1, 2, 1, 1, 1, 1]


def test_readings_do_not_drift():
    world = World()
    reader = world.add_reader("meter", (700,), 33)
    world.run(70)
    assert reader.asked == [n * 700 for n in range(100)]


def test_nobody_is_read_before_the_time():
    world = World()
    readers = [world.add_reader(str(every_ms), (every_ms,), 0) for every_ms in (999, 1000)]
    world.run(10)
    for reader, every_ms in zip(readers, (999, 1000)):
        assert all(asked >= n * every_ms for n, asked in enumerate(reader.asked))


def test_a_reading_is_stamped_when_it_is_there():
    world = World()
    world.add_reader("meter", (1000,), 250)
    device = world.devices[0]
    assert (device.heard_s, device.heard_ms, device.fresh) == (0, 0, False)
    world.run(1)
    assert (device.s, device.ms, device.fresh) == (0, 250, True)
    device.reader.age_ms = 300
    world.run(1)
    assert (device.s, device.ms) == (0, 950)
    assert (device.heard_s, device.heard_ms) == (0, 950)
    device.reader.is_there = False
    world.run(1)
    assert (device.s, device.ms) == (1, 950)
    assert (device.heard_s, device.heard_ms) == (0, 950)


def test_where_the_line_is_too_slow_all_get_their_share():
    world = World()
    fast = world.add_reader("fast", (100,), 90)
    slow = world.add_reader("slow", (200,), 90)
    slower = world.add_reader("slower", (1000,), 90)
    world.run(60)
    assert len(slower.asked) >= 59
    assert len(slow.asked) >= 200
    assert len(fast.asked) >= 200


def rates(dead):
    """How often each of four meters was read in the ten minutes after some of them died, in
    percent of how often before; the line is in use for 80 % of the time."""
    world = World()
    world.keeps = False
    readers = [world.add_reader("meter-%d" % n, (1000,), 200) for n in range(4)]
    world.run(600)
    before = [len(reader.asked) for reader in readers]
    for reader in readers[:dead]:
        reader.is_there = False
        reader.takes_ms = 500
    world.run(600)
    return [
        (len(reader.asked) - count) * 100 // count
        for reader, count in zip(readers[dead:], before[dead:])
    ]


def test_who_has_been_due_for_longest_comes_first():
    world = World()
    readers = [world.add_reader(name, [1000], takes_ms=600) for name in "abc"]
    world.run(30)
    assert min(len(reader.asked) for reader in readers) >= 15


def test_dead_meters_do_not_slow_the_others():
    assert min(rates(1)) >= 95
    assert min(rates(3)) >= 90


def test_a_dead_device_is_told_once_and_probed_at_growing_intervals():
    world = World()
    reader = world.add_reader("meter", (1000, 60000))
    world.run(5)
    world.taken.clear()
    reader.is_there = False
    world.run(200)
    last = world.taken[-1]
    assert last[2] == [("c0", None, BAD), ("c1", None, BAD)]
    assert len(world.taken) == 3
    gaps_s = [(b - a + 500) // 1000 for a, b in zip(reader.probes, reader.probes[1:])]
    assert gaps_s == [4, 8, 16, 32, 60, 60]
    assert not any(asked_ms % 1000 for asked_ms in reader.probes)
    assert world.reports == [(0, "meter", '{"device":"silent"}')]
    assert world.poll.counters() == {"ok": 7, "silent": 1, "cuts": 0}


def test_a_device_that_comes_back_is_read_at_once_and_whole():
    world = World()
    reader = world.add_reader("meter", (1000, 3600000))
    world.run(2)
    reader.is_there = False
    world.run(20)
    world.taken.clear()
    reader.is_there = True
    world.run(20)
    assert world.taken[0][2] == [("c0", 1, GOOD), ("c1", 1, GOOD)]
    assert [len(samples) for _, _, samples in world.taken[1:5]] == [1, 1, 1, 1]
    assert world.reports[-1] == (0, "meter", '{"device":"answering"}')


def test_when_one_device_comes_back_the_others_are_probed_soon():
    world = World()
    readers = [world.add_reader("meter-%d" % n, (1000,)) for n in range(2)]
    for reader in readers:
        reader.is_there = False
        world.run(37)
    world.run(150)
    for reader in readers:
        reader.is_there = True
        reader.asked.clear()
    world.run(70)
    assert abs(readers[0].asked[0] - readers[1].asked[0]) < 1000


def test_a_bus_without_a_link_is_told_once_and_looked_at_often():
    world = World()
    reader = world.add_reader("meter", (1000,))
    world.run(2)
    world.taken.clear()
    reader.is_there = None
    world.run(60)
    assert [samples for _, _, samples in world.taken] == [[("c0", None, BAD)]]
    assert len(reader.probes) >= 25
    reader.is_there = True
    world.run(4)
    assert world.taken[-1][2] == [("c0", 1, GOOD)]


def test_a_lesson_is_kept_and_recalled():
    world = World()
    reader = world.add_reader("meter", (1000,))
    world.run(1)
    reader.lesson = [4 << 16 | 8]
    world.run(1)
    assert world.store.values == {"cuts.meter": [4 << 16 | 8]}
    assert world.poll.counters() == {"ok": 7, "silent": 0, "cuts": 1}
    recalled = []
    reader.recall = recalled.append
    world.poll.serve(1, world.devices[0])
    assert recalled == [[4 << 16 | 8]]


def test_a_bus_can_be_lent():
    world = World()
    reader = world.add_reader("meter", (1000,), 100)
    world.task = world.poll.run(Pulse())
    next(world.task)
    lending = world.poll.lend()
    assert lending.send(None) is None  # a reading is under way: the borrower waits
    assert len(reader.asked) == 1
    world.run(1)
    try:
        lending.send(None)
        raise AssertionError("the bus is free, and not given")
    except StopIteration:
        pass
    world.run(5)
    assert len(reader.asked) == 1
    world.poll.give_back()
    world.run(2)
    assert len(reader.asked) == 4


class Bus:
    """A bus that rests in its own way, and whose device may be due earlier then."""

    def __init__(self, ticks):
        self.ticks = ticks
        self.rested_ms = []

    def rest(self, ms):
        self.rested_ms.append(ms)
        next(self.ticks.sleep_ms(min(ms, 300)))
        self.device.channels[0].schedule.due_s = 0
        yield


def test_a_bus_may_rest_in_its_own_way():
    world = World()
    bus = Bus(world.ticks)
    world.poll._rest = bus.rest
    reader = world.add_reader("input", (10000,))
    bus.device = world.devices[0]
    world.run(3)
    assert len(reader.asked) == 10


def test_meters_on_a_line_where_one_is_dead():
    """The real driver: a dead meter takes 0.5 s beside three that need 0.65 s of each second."""
    world = World()
    world.keeps = False
    modbus_bus.time = modbus_rtu.time = modbus_device.time = world.ticks

    def answer(frame):
        return [] if frame[0] == dead else [(20000, meter(frame))]

    dead = None
    uart = Uart(world.ticks, answer)
    bus = modbus_rtu.Bus((uart, None, 0), settings())
    entry = {"address": 0, "fc": 4, "max_registers": 125, "pause_ms": 0}
    entry["channel"] = [{"register": [n, "u16", "ABCD", 1, 1]} for n in range(80)]
    for address in range(1, 5):
        parts = dict(entry, address=address)
        world.add("meter", [1000] * 80, lambda c, parts=parts: modbus_device.Device(bus, parts, c))
    world.run(120)
    before = [count_of(uart.sent, address) for address in range(1, 5)]
    uart.sent.clear()
    dead = 3
    world.run(120)
    after = [count_of(uart.sent, address) for address in range(1, 5)]
    for index in (0, 1, 3):
        assert after[index] * 100 >= before[index] * 95, (before, after)
    assert bus.counters()["load_ms_per_s"] > 600


def count_of(sent, address):
    return sum(1 for _, frame in sent if frame[0] == address)


def test_a_channel_with_a_filter_grows_stale_while_its_device_is_silent():
    world = World()
    reader = world.add_reader("meter", (1000,))
    world.devices[0].channels[0].tells_all = False
    world.run(2)
    heard = world.devices[0].s
    world.taken.clear()
    reader.is_there = False
    world.run(10)
    told = [samples[0][2] for _, _, samples in world.taken]
    assert told == [BAD] * told.count(BAD) + [STALE] * told.count(STALE)
    assert (told.count(BAD), told.count(STALE)) == (3, 2)
    assert world.devices[0].heard_s == heard
