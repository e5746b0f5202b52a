"""Pulses, counted by the chip."""

from fake_pins import Counter, device, read, world

from limen.core.quality import BAD, GOOD, UNCERTAIN


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
