"""Pulse, analog and digital inputs, digital outputs, current transformers."""

from limen import drivers
from limen.core.quality import BAD, GOOD, UNCERTAIN
from limen.core.schedule import Schedule
from limen.drivers import analog_vibration, current_transformer, digital_in, pins, pulse

WRAP = 1 << 30


class TimedOut(Exception):
    pass


class Clock:
    """Stands for `time` and `asyncio`: time passes in sleeps and in what the test does."""

    def __init__(self, ms):
        self.us = ms * 1000
        self.timeline = []
        self.flag = False

    TimeoutError = TimedOut

    def ThreadSafeFlag(self):
        return self

    def set(self):
        self.flag = True

    def wait(self):
        return None

    def ticks_ms(self):
        return self.us // 1000 % WRAP

    def ticks_us(self):
        return self.us % WRAP

    def ticks_add(self, ticks, delta):
        return (ticks + delta) % WRAP

    def ticks_diff(self, a, b):
        return (a - b + WRAP // 2) % WRAP - WRAP // 2

    def sleep_us(self, us):
        self.us += us

    async def sleep_ms(self, ms):
        self.us += ms * 1000

    async def wait_for_ms(self, flag, ms):
        """Until the flag is set by what happens on the timeline, or for `ms`."""
        end_us = self.us + ms * 1000
        while self.timeline and self.timeline[0][0] * 1000 <= end_us and not self.flag:
            at_ms, action = self.timeline.pop(0)
            self.us = max(self.us, at_ms * 1000)
            action()
        if self.flag:
            self.flag = False
            return
        self.us = end_us
        raise TimedOut


class Pin:
    def __init__(self, level):
        self.level = level
        self.handler = None

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level

    def change(self, level):
        self.level = level
        if self.handler:
            self.handler(self)


class Counter:
    def __init__(self):
        self.pulses = 0

    def value(self):
        return self.pulses % 32000


class Converter:
    def __init__(self, levels_uv, clock, takes_us=50):
        self.levels_uv = levels_uv
        self.clock = clock
        self.takes_us = takes_us

    def read_uv(self):
        self.clock.us += self.takes_us
        return self.levels_uv(self.clock.us)


class Port:
    COUNTER_RANGE = 32000

    def __init__(self):
        self.pins = {}
        self.made = []
        self.has_counter = True
        self.levels_uv = None

    def input(self, pin, pull):
        self.made.append((pin, pull))
        return self.pins.setdefault(pin, Pin(0))

    def watch(self, pin, on_edge):
        pin.handler = on_edge

    def keep_safe(self, outputs):
        self.safe = outputs

    def output(self, pin, level):
        self.made.append((pin, level))
        return self.pins.setdefault(pin, Pin(level))

    def counter(self, unit, pin, pull, edge):
        self.made.append((unit, pin, pull, edge))
        return self.pins.setdefault(pin, Counter()) if self.has_counter else None

    def analog(self, pin):
        return Converter(self.levels_uv, self.clock)


class Channel:
    def __init__(self, name="pulse_count", places=0):
        self.name = name
        self.places = places
        self.fresh = True
        self.value = self.quality = -1
        self.schedule = Schedule(0)
        self.schedule.due_s = 99


class Store(dict):
    def set(self, name, value):
        self[name] = value


def world(ms=5000):
    clock = Clock(ms)
    for module in (pulse, pins, digital_in, current_transformer, analog_vibration):
        module.time = clock
    pins.asyncio = current_transformer.asyncio = analog_vibration.asyncio = clock
    port = Port()
    port.clock = clock
    bus_class, _ = drivers.load("pins")
    settings = {"id": "pins", "kind": "pins", "outputs": [[4, 0]]}
    return bus_class(port, settings, Store()), clock


def device(bus, driver, **settings):
    _, device_class = drivers.load("pins", driver)
    channel = Channel()
    one = device_class(bus, dict({"id": "one", "pin": 4}, **settings), (channel,))
    one.channel = channel
    return one


def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the driver waited for something else than a sleep")


def read(one):
    run(one.read())
    return one.channel.value, one.channel.quality


# Pulses


def pulse_input(bus, line=(1, 0, 1), shortest_ms=1):
    settings = {"unit": 0, "edge": "falling", "pull": "up", "shortest_ms": shortest_ms}
    return device(bus, "pulse", line=line, **settings)


def test_pulses_are_counted():
    bus, clock = world()
    one = pulse_input(bus)
    assert bus.port.made == [(0, 4, "up", "falling")]
    assert read(one) == (0, GOOD)
    bus.port.pins[4].pulses = 3
    clock.us += 1000000
    assert read(one) == (3, GOOD)
    assert bus.store == {"pulses.one": 3}


def test_the_counter_runs_round_and_is_never_reset():
    bus, clock = world()
    one = pulse_input(bus)
    for pulses in (31999, 32000, 32005, 63990, 64000, 95999):
        bus.port.pins[4].pulses = pulses
        clock.us += 60000000
        assert read(one) == (pulses, GOOD)


def test_the_total_goes_on_after_a_power_cut():
    bus, clock = world()
    one = pulse_input(bus)
    bus.port.pins[4].pulses = 700
    clock.us += 1000000
    read(one)
    again, clock = world()
    again.store = bus.store
    one = pulse_input(again)
    assert read(one) == (700, GOOD)
    again.port.pins[4].pulses = 5
    clock.us += 1000000
    assert read(one) == (705, GOOD)


def test_what_the_counter_shows_at_the_start_is_not_counted():
    bus, clock = world()
    bus.port.pins[4] = Counter()
    bus.port.pins[4].pulses = 31990
    one = pulse_input(bus)
    assert read(one) == (0, GOOD)
    bus.port.pins[4].pulses = 32010
    clock.us += 1000000
    assert read(one) == (20, GOOD)


def test_pulses_are_scaled_exactly():
    bus, clock = world()
    bus.store.set("pulses.one", 2**31 + 1)
    one = pulse_input(bus, line=(5, 1234, 8))
    assert read(one) == ((5 * (2**31 + 1) + 1234 + 4) // 8, GOOD)


def test_more_pulses_than_the_time_has_room_for_are_uncertain():
    bus, clock = world()
    one = pulse_input(bus, shortest_ms=60)
    bus.port.pins[4].pulses = 17
    clock.us += 1000000
    assert read(one) == (17, GOOD)
    bus.port.pins[4].pulses = 17 + 18
    clock.us += 1000000
    assert read(one) == (35, UNCERTAIN)
    clock.us += 1000000
    assert read(one) == (35, GOOD)


def test_a_chip_without_a_counter_is_bad():
    bus, clock = world()
    bus.port.has_counter = False
    assert read(pulse_input(bus)) == (None, BAD)
    assert bus.store == {}


# Analog


def test_the_mean_of_an_analog_input():
    bus, clock = world()
    levels = [1200000, 1200800]
    bus.port.levels_uv = lambda us: levels[us // 50 % 2]
    one = device(bus, "analog", line=(1, -400000, 160), limits=(360000, 380000, 2050000, 2100000))
    assert read(one) == (5003, GOOD)  # 1200400 µV are 5002.5
    levels[:] = [359000, 360000]
    assert read(one) == (None, BAD)


# Current transformers


def wave(amplitude_uv, period_us=20000, middle_uv=1650000):
    """A triangle, whose RMS is its amplitude over the root of three."""

    def level(us):
        quarter = 4 * (us % period_us)
        if quarter < period_us:
            height = quarter
        elif quarter < 3 * period_us:
            height = 2 * period_us - quarter
        else:
            height = quarter - 4 * period_us
        return middle_uv + amplitude_uv * height // period_us

    return level


def transformer(bus, amplitude_uv, **settings):
    bus.port.levels_uv = wave(amplitude_uv, **settings)
    # 100 A are 1 V: 10 mA a step of 0.1 mV.
    return device(bus, "current_transformer", period_us=20000, bursts=3, line=(1, 0, 1))


def test_the_rms_of_a_current():
    bus, clock = world()
    value, quality = read(transformer(bus, 600000))
    assert quality == GOOD
    assert 3461 <= value <= 3467  # 3464.1; the test's converter reads every 50 µs
    value, _ = read(transformer(bus, 0))
    assert value == 0


def test_a_current_beyond_the_converter_is_uncertain():
    bus, clock = world()
    assert read(transformer(bus, 900000))[1] == UNCERTAIN
    assert read(transformer(bus, 600000, middle_uv=740000))[1] == UNCERTAIN


def test_a_converter_that_is_too_slow_has_no_value():
    bus, clock = world()
    bus.port.analog = lambda pin: Converter(wave(600000), clock, 1100)
    slow = device(bus, "current_transformer", period_us=20000, bursts=3, line=(1, 0, 1))
    assert read(slow) == (None, BAD)


# Accelerometers with an analog output


VIBRATION = (
    ("vibration_acceleration", 3),
    ("vibration_acceleration_peak", 3),
    ("vibration_velocity", 3),
    ("vibration_crest_factor", 3),
    ("vibration_zone", 0),
    ("vibration_order_1", 3),
)


def shaken(bus, amplitude_uv=500000, **settings):
    """100 Hz at 2500 Hz: 25 steps a turn; 100 mV are 1 g."""
    bus.port.levels_uv = wave(amplitude_uv, 10000, 1300000)
    _, device_class = drivers.load("pins", "analog_vibration")
    channels = [Channel(name, places) for name, places in VIBRATION]
    values = {"pin": 34, "rate_hz": 2500, "samples": 1024, "line": (980665, 0, 100000000)}
    values["signature"] = [10, 1000, 100000, [28000, 45000, 71000]]
    values.update(settings)
    return device_class(bus, values, channels), channels


def results(one):
    device, channels = one
    run(device.read())
    return [(channel.value, channel.quality) for channel in channels]


def test_a_burst_of_an_analog_accelerometer():
    bus, clock = world()
    began_us = clock.us
    found = results(shaken(bus))
    assert [quality for _, quality in found] == [GOOD] * 6
    # 1023 periods, and the last sample's conversion.
    assert clock.us - began_us == 1024 * 400 + 50
    rms, peak, velocity, crest_factor, zone, order = [value for value, _ in found]
    # A triangle of 5 g: over the root of three, and 8 / pi² of it at the first order. Its corner
    # may lie between two samples.
    assert abs(rms - 28309) < 60 and 0 <= 49033 - peak < 2000
    assert abs(crest_factor * rms // 1000 - peak) < 30
    assert abs(order - 39744) < 200
    # The third harmonic has a ninth of the acceleration, so a 27th of the velocity.
    assert abs(velocity - 44760) < 450
    assert zone == 1


def test_an_order_waits_for_a_speed_and_an_analog_accelerometer_for_a_signal():
    bus, clock = world()
    one = shaken(bus, signature=[10, 1000, 0, [28000, 45000, 71000]])
    assert results(one)[-1] == (None, BAD)
    assert results(one)[0][1] == GOOD
    one[0].signature.millihz = 1000001
    assert results(one)[-1] == (None, BAD)
    assert results(shaken(bus, 1200000))[0][1] == UNCERTAIN


def test_a_sample_that_is_late_begins_the_burst_anew():
    bus, clock = world()
    one = shaken(bus)
    usual = bus.port.levels_uv
    late = [3, 700]

    def level(us):
        if late and (us - began_us) // 400 >= late[0]:
            late.pop(0)
            clock.us += 650
        return usual(us)

    began_us = clock.us
    one[0]._converter.levels_uv = level
    assert results(one)[0][1] == GOOD
    assert late == []
    late[:] = [0] * 1024
    assert results(one) == [(None, BAD)] * 6


# Digital


def digital_input(bus, **settings):
    values = {"pull": "up", "invert": False, "debounce_ms": 20}
    values.update(settings)
    return device(bus, "digital_in", **values)


def test_the_level_of_an_input():
    bus, clock = world()
    one = digital_input(bus)
    assert read(one) == (0, GOOD)
    assert one.age_ms == 0
    assert bus.port.made == [(4, "up")]
    assert read(digital_input(bus, invert=True)) == (1, GOOD)


def rested(bus, one, ms=10000):
    run(bus.rest(ms))
    return one.channel.schedule.due_s == 0


def test_an_edge_is_told_with_its_own_time():
    bus, clock = world()
    one = digital_input(bus)
    pin = bus.port.pins[4]
    clock.timeline = [(5100, lambda: pin.change(1))]
    assert not rested(bus, one)
    assert clock.ticks_ms() == 5100
    assert rested(bus, one)
    assert clock.ticks_ms() == 5120
    clock.us += 3000
    assert read(one) == (1, GOOD)
    assert one.age_ms == 23
    one.channel.schedule.due_s = 99
    assert not rested(bus, one)
    assert clock.ticks_ms() == 15123
    assert read(one) == (1, GOOD)
    assert one.age_ms == 0


def test_bounces_are_one_edge():
    bus, clock = world()
    one = digital_input(bus)
    pin = bus.port.pins[4]
    clock.timeline = [(5100 + 2 * n, lambda n=n: pin.change(1 - n % 2)) for n in range(5)]
    while not rested(bus, one):
        pass
    assert clock.ticks_ms() == 5128
    assert read(one) == (1, GOOD)
    assert one.age_ms == 28


def test_edges_that_come_while_the_loop_is_busy_all_wait():
    bus, clock = world(WRAP - 30)
    one = digital_input(bus)
    pin = bus.port.pins[4]
    for level in (1, 0, 1):
        pin.change(level)
        clock.us += 50000
    seen = []
    for _ in range(3):
        one.channel.schedule.due_s = 99
        assert rested(bus, one)
        seen.append(read(one) + (one.age_ms,))
    assert seen == [(1, GOOD, 150), (0, GOOD, 100), (1, GOOD, 50)]
    one.channel.schedule.due_s = 99
    assert not rested(bus, one, 100)


def test_an_edge_without_its_interrupt_is_found():
    bus, clock = world()
    one = digital_input(bus)
    bus.port.pins[4].level = 1
    assert read(one) == (0, GOOD)
    clock.us += 20000
    assert read(one) == (1, GOOD)
    assert one.age_ms == 20


def test_lost_edges_make_the_next_value_uncertain():
    bus, clock = world()
    one = digital_input(bus, debounce_ms=0)
    pin = bus.port.pins[4]
    for n in range(11):
        pin.change(1 - n % 2)
        clock.us += 1000
    qualities = [read(one)[1] for _ in range(8)]
    assert qualities == [UNCERTAIN] + [GOOD] * 7
    assert read(one) == (1, GOOD)


def test_an_output_starts_and_ends_in_its_safe_state():
    bus, clock = world()
    one = device(bus, "digital_out", invert=True, safe=1)
    assert bus.port.safe == [[4, 0]]
    assert bus.port.made == [(4, 0)]
    assert read(one) == (1, GOOD)
    one.write(0)
    assert bus.port.pins[4].level == 1
    assert read(one) == (0, GOOD)
    one.close()
    assert bus.port.pins[4].level == 0
