from fake_line import Clock, Uart, after, exception, meter, settings, silent, with_crc

from limen import drivers
from limen.core.quality import BAD, GOOD
from limen.drivers import DONE, modbus_bus, modbus_device, modbus_rtu


class Channel:
    def __init__(self, every_ms, *register, **more):
        self.schedule = every_ms
        self.entry = dict(more, register=register)
        self.fresh = True
        self.value = self.quality = -1


def number(address, every_ms=1000, kind="u16", **more):
    return Channel(every_ms, address, kind, "ABCD", 1, 1, **more)


def world(answer, **changed):
    """A bus of the real driver on the fake line, and its clock."""
    clock = Clock()
    modbus_bus.time = modbus_rtu.time = modbus_device.time = clock
    return modbus_rtu.Bus((Uart(clock, answer), None, 0), settings(**changed)), clock


def device(bus, channels, **changed):
    values = {"address": 1, "fc": 4, "max_registers": 80, "pause_ms": 0}
    values.update(changed)
    values["channel"] = [channel.entry for channel in channels]
    return drivers.load("modbus-rtu")[1](bus, values, channels)


def finish(one, clock):
    ms = one.step()
    while ms != DONE:
        clock.sleep_ms(ms)
        ms = one.step()


def read(one, clock, times=1):
    for _ in range(times):
        one.read()
        finish(one, clock)
        clock.us += 1000000


def values(channels):
    return [(channel.value, channel.quality) for channel in channels]


def each_after(delays_ms):
    """Each reply after its own delay."""
    return lambda frame: [(delays_ms.pop(0) * 1000, meter(frame))]


def asked(bus):
    """[(start, count)] of all requests since the last time."""
    frames = [frame for _, frame in bus.uart.sent]
    bus.uart.sent.clear()
    return [(frame[2] << 8 | frame[3], frame[4] << 8 | frame[5]) for frame in frames]


def test_a_device_reads_its_channels():
    channels = [
        number(3),
        number(0, kind="u32"),
        Channel(1000, 2, "s16", "ABCD", -10, 1),
        Channel(1000, 5, "u16", "ABCD", 1, 1, 261),
    ]
    bus, clock = world(after(5))
    read(device(bus, channels), clock)
    assert values(channels) == [
        (259, GOOD),
        (256 << 16 | 257, GOOD),
        (-2580, GOOD),
        (None, BAD),
    ]
    assert asked(bus) == [(0, 6)]


def test_only_what_is_due_is_read():
    channels = [number(0), number(40, 60000)]
    bus, clock = world(after(5))
    one = device(bus, channels)
    channels[1].fresh = False
    read(one, clock)
    assert values(channels) == [(256, GOOD), (-1, -1)]
    channels[1].fresh = True
    read(one, clock)
    assert values(channels) == [(256, GOOD), (296, GOOD)]
    assert asked(bus) == [(0, 1), (0, 1), (40, 1)]


def test_nothing_due_is_nothing_to_do():
    bus, clock = world(after(5))
    channels = [number(0)]
    channels[0].fresh = False
    one = device(bus, channels)
    read(one, clock)
    assert asked(bus) == []
    assert one.answered


def test_bits_and_registers_are_asked_with_their_functions():
    def answer(frame):
        if frame[1] == 4:
            return [(5000, meter(frame))]
        return [(5000, with_crc(frame[:2] + b"\x02\x01\x02"))]

    channels = [number(3), Channel(1000, 16, "bit", "", 1, 1, fc=1)]
    channels.append(Channel(1000, 25, "bit", "", 1, 1, fc=1))
    bus, clock = world(answer)
    read(device(bus, channels), clock)
    assert values(channels) == [(259, GOOD), (1, GOOD), (1, GOOD)]
    assert asked(bus) == [(16, 10), (3, 1)]


def test_a_failing_request_is_repeated_and_gives_bad_quality():
    channels = [number(0), number(60)]

    def answer(frame):
        return [(5000, meter(frame) if frame[3] else meter(frame)[:-1] + b"\x00")]

    bus, clock = world(answer)
    read(device(bus, channels), clock)
    assert values(channels) == [(None, BAD), (316, GOOD)]
    assert [start for start, _ in asked(bus)] == [0, 0, 60]


def test_an_exception_is_an_answer():
    channels = [number(0)]
    bus, clock = world(lambda frame: [(5000, exception(frame, 4))])
    one = device(bus, channels)
    read(one, clock)
    assert values(channels) == [(None, BAD)]
    assert len(asked(bus)) == 1
    assert one.answered


def test_a_dead_device_costs_one_timeout_and_comes_back():
    channels = [number(60 * n) for n in range(3)]
    bus, clock = world(after(5))
    one = device(bus, channels)
    read(one, clock)
    asked(bus)
    bus.uart.answer = silent
    read(one, clock)
    assert values(channels) == [(None, BAD)] * 3
    assert asked(bus) == [(0, 1)] * 2
    assert not one.answered
    read(one, clock)
    assert asked(bus) == [(0, 1)]
    bus.uart.answer = after(5)
    read(one, clock)
    assert values(channels) == [(256, GOOD), (316, GOOD), (376, GOOD)]
    assert one.answered


def test_a_probe_asks_for_one_channel_and_another_one_each_time():
    channels = [number(0), number(2, kind="u32"), number(50)]
    bus, clock = world(silent)
    one = device(bus, channels)
    for _ in range(3):
        one.probe()
        finish(one, clock)
    assert asked(bus) == [(2, 2), (50, 1), (0, 1)]
    bus.uart.answer = after(5)
    one.probe()
    finish(one, clock)
    assert one.answered


def test_a_late_reply_is_not_taken_for_that_of_a_request_that_looks_alike():
    for delay_ms in range(310, 600, 10):
        channels = [number(0), number(60, 60000)]
        bus, clock = world(each_after([delay_ms, delay_ms, 5, 5, 5]))
        one = device(bus, channels)
        channels[1].fresh = False
        one.read()
        finish(one, clock)
        channels[0].fresh, channels[1].fresh = False, True
        one.read()
        finish(one, clock)
        assert values(channels)[1] in ((316, GOOD), (None, BAD)), delay_ms
        read(one, clock)
        assert values(channels)[1] == (316, GOOD)


def test_a_late_reply_that_answers_the_repetition_leaves_another_one():
    # The device takes 350 ms for a request twice; the timeout is 300 ms.
    for delay_ms in range(305, 600, 5):
        channels = [number(0), number(60)]
        bus, clock = world(each_after([delay_ms, delay_ms, 5, 5, 5]))
        read(device(bus, channels), clock)
        assert values(channels) == [(256, GOOD), (316, GOOD)], delay_ms


def with_holes(*holes, **more):
    """A device that refuses requests across some registers, or longer than `longest`."""

    def answer(frame):
        start, count = frame[2] << 8 | frame[3], frame[4] << 8 | frame[5]
        covered = [hole for hole in holes if start <= hole < start + count]
        if covered or count > more.get("longest", 125):
            code = more.get("code", 2)
            return [(5000, exception(frame, code))] if code else []
        return [(5000, meter(frame))]

    return answer


def good(*addresses):
    return [(address + 256, GOOD) for address in addresses]


ADDRESSES = (0, 1, 4, 5, 8, 9, 12, 13)


def test_a_refused_request_is_cut_at_once():
    channels = [number(address) for address in ADDRESSES]
    bus, clock = world(with_holes(6))
    one = device(bus, channels)
    read(one, clock)
    assert values(channels) == good(*ADDRESSES)


def test_in_the_end_only_the_cut_that_is_needed_remains():
    for hole, parts in ((6, [(0, 6), (8, 6)]), (2, [(0, 2), (4, 10)]), (11, [(0, 10), (12, 2)])):
        channels = [number(address) for address in ADDRESSES]
        bus, clock = world(with_holes(hole))
        one = device(bus, channels)
        lessons = []
        for _ in range(10):
            read(one, clock)
            assert values(channels) == good(*ADDRESSES)
            if one.lesson:
                lessons.append(one.lesson)
        asked(bus)
        read(one, clock)
        assert asked(bus) == parts, hole
        assert lessons == [[4 << 16 | parts[1][0]]]


def test_several_holes():
    channels = [number(address) for address in ADDRESSES]
    bus, clock = world(with_holes(3, 7, 10))
    one = device(bus, channels)
    read(one, clock, 12)
    asked(bus)
    read(one, clock)
    assert asked(bus) == [(0, 2), (4, 2), (8, 2), (12, 2)]


def test_a_device_with_short_requests():
    channels = [number(address) for address in range(20)]
    bus, clock = world(with_holes(longest=8, code=3))
    one = device(bus, channels)
    read(one, clock, 12)
    assert values(channels) == good(*range(20))
    asked(bus)
    read(one, clock)
    assert max([count for _, count in asked(bus)]) <= 8


def test_a_lesson_is_recalled():
    channels = [number(address) for address in ADDRESSES]
    bus, clock = world(with_holes(6))
    one = device(bus, channels)
    one.recall([4 << 16 | 8])
    read(one, clock)
    assert asked(bus) == [(0, 6), (8, 6)]
    assert one.lesson is None


def test_a_register_that_the_device_does_not_have_is_bad_alone():
    channels = [number(address) for address in ADDRESSES]
    bus, clock = world(with_holes(5))
    one = device(bus, channels)
    read(one, clock, 12)
    assert values(channels) == good(0, 1, 4) + [(None, BAD)] + good(8, 9, 12, 13)


def test_a_device_that_leaves_such_requests_unanswered():
    channels = [number(0), number(1), number(4), number(60)]
    bus, clock = world(with_holes(2, code=None))
    one = device(bus, channels, max_registers=16)
    one.probe()
    finish(one, clock)
    for _ in range(4):
        one.answered = True
        read(one, clock)
        one.probe()
        finish(one, clock)
    read(one, clock, 4)
    assert values(channels) == good(0, 1, 4, 60)
    asked(bus)
    read(one, clock)
    assert asked(bus) == [(0, 2), (4, 1), (60, 1)]


def test_a_line_that_is_down_for_a_while_teaches_nothing():
    channels = [number(address) for address in ADDRESSES]
    bus, clock = world(after(5))
    one = device(bus, channels)
    read(one, clock)
    bus.uart.answer = silent
    read(one, clock, 5)
    bus.uart.answer = after(5)
    read(one, clock, 2)
    assert one.lesson is None
    asked(bus)
    read(one, clock)
    assert asked(bus) == [(0, 14)]
