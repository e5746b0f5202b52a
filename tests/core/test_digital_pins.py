"""Digital inputs, whose edges bear their own times, and outputs."""

from fake_pins import WRAP, device, read, world
from fake_turn import run

from limen.core.quality import GOOD, UNCERTAIN


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
