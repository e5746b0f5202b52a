"""The bus master and a device on it, against a line and a clock made here."""

from limen import drivers
from limen.core import modbus
from limen.core.modbus import crc16
from limen.core.quality import BAD, GOOD
from limen.drivers import modbus_rtu

SETTINGS = {
    "kind": "modbus-rtu",
    "id": "rs485",
    "baud": 9600,
    "bits": 8,
    "parity": None,
    "stop": 1,
    "timeout_ms": 300,
}
_WRAP = 1 << 30


class Clock:
    """Stands for `time` and `asyncio` in the driver: time passes only in sleeps."""

    def __init__(self, us):
        self.us = us
        self.sleeps = []

    def ticks_us(self):
        return self.us % _WRAP

    def ticks_diff(self, a, b):
        return (a - b + _WRAP // 2) % _WRAP - _WRAP // 2

    async def sleep_ms(self, ms):
        assert ms > 0
        self.sleeps.append(ms)
        self.us += ms * 1000


class Pin:
    def __init__(self):
        self.levels = []

    def value(self, level):
        self.levels.append(level)


class Uart:
    """A line at 9600 baud; `answer(frame)` gives the pieces (delay in ms, bytes) of a reply."""

    def __init__(self, clock, answer):
        self.clock = clock
        self.answer = answer
        self.sent = []
        self.coming = []

    def write(self, frame):
        self.sent.append((self.clock.us, bytes(frame)))
        self.free_us = self.clock.us + len(frame) * 1042
        for delay_ms, piece in self.answer(bytes(frame)):
            start_us = self.free_us + delay_ms * 1000
            self.coming += [
                (start_us + (i + 1) * 1042, piece[i : i + 1]) for i in range(len(piece))
            ]

    def flush(self):
        self.clock.us = max(self.clock.us, self.free_us)

    def readinto(self, buffer):
        size = 0
        while self.coming and size < len(buffer) and self.coming[0][0] <= self.clock.us:
            buffer[size] = self.coming.pop(0)[1][0]
            size += 1
        return size or None


class Channel:
    def __init__(self, every_ms, *register):
        self.every_ms = every_ms
        self.register = register
        self.fc = 4
        self.fresh = True
        self.value = self.quality = -1


def world(answer, us=5000000, de=None, **settings):
    """A bus of the real driver, with this module's clock in the place of the real one."""
    clock = Clock(us)
    modbus_rtu.time = modbus_rtu.asyncio = clock
    return modbus_rtu.Bus(Uart(clock, answer), dict(SETTINGS, **settings), de), clock


def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the driver waited for something else than a sleep")


def with_crc(frame):
    crc = crc16(frame, 0, len(frame))
    return frame + bytes((crc & 0xFF, crc >> 8))


def meter(frame):
    """The reply of a device whose register n holds n + 256."""
    start, count = frame[2] << 8 | frame[3], frame[5]
    words = b"".join(bytes((n // 256 + 1, n % 256)) for n in range(start, start + count))
    return with_crc(frame[:2] + bytes((2 * count,)) + words)


def after(delay_ms, change=lambda reply: reply):
    return lambda frame: [(delay_ms, change(meter(frame)))]


def silent(frame):
    return []


def test_load_gives_the_classes_of_a_kind():
    bus, device = drivers.load("modbus-rtu")
    assert bus is modbus_rtu.Bus
    assert device.__name__ == "Device"


def test_registers_are_read():
    bus, _ = world(after(10))
    assert run(bus.read(1, 4, 52, 2)) == modbus.OK
    data = bus.reply.data
    assert bytes(bus.reply.buffer[data : data + 4]) == b"\x01\x34\x01\x35"
    assert bus.counters()["ok"] == 1


def test_the_line_is_silent_before_a_request():
    bus, clock = world(after(0))
    run(bus.read(1, 4, 0, 2))
    received_us = clock.us
    run(bus.read(1, 4, 0, 2))
    first, second = [us for us, _ in bus.uart.sent]
    assert first == 5000000 + 4000  # 3.5 characters of 1.04 ms, in whole milliseconds
    assert second == received_us + 4000


def test_the_pause_of_a_device_and_fast_lines():
    bus, clock = world(after(0))
    run(bus.read(1, 4, 0, 2, 50))
    assert bus.uart.sent[0][0] == 5000000 + 50000 + 1000
    bus, clock = world(after(0), baud=115200)
    run(bus.read(1, 4, 0, 2))
    assert bus.uart.sent[0][0] == 5000000 + 2000  # 1.75 ms


def test_stale_bytes_are_dropped_before_a_request():
    bus, clock = world(after(0))
    bus.uart.coming = [(4000000, b"\x01"), (5003000, b"\x04")]
    assert run(bus.read(1, 4, 0, 2)) == modbus.OK
    assert bus.stale_bytes == 2
    assert bus.uart.sent[0][0] == 5000000 + 8000


def test_a_silent_device_costs_the_timeout():
    bus, clock = world(silent)
    assert run(bus.read(1, 4, 0, 2)) == modbus.TIMEOUT
    waited_ms = (clock.us - bus.uart.sent[0][0]) // 1000
    assert 300 + 17 <= waited_ms <= 300 + 17 + 4  # and what both frames take on the line
    assert bus.counters()["timeout"] == 1


def test_broken_replies_are_counted_by_cause():
    bus, _ = world(after(5, lambda reply: reply[:-1] + b"\x00"))
    assert run(bus.read(1, 4, 0, 2)) == modbus.BAD_CRC
    bus.uart.answer = after(5, lambda reply: reply[:6])
    assert run(bus.read(1, 4, 0, 2)) == modbus.SHORT
    bus.uart.answer = after(5, lambda reply: with_crc(b"\x01\x84\x02"))
    assert run(bus.read(1, 4, 0, 2)) == modbus.EXCEPTION
    bus.uart.answer = after(5, lambda reply: b"\x02" + reply[1:])
    assert run(bus.read(1, 4, 0, 2)) == modbus.GARBAGE
    counters = bus.counters()
    assert [counters[name] for name in ("bad_crc", "short", "exception", "garbage")] == [1] * 4


def test_a_broken_reply_ends_when_the_line_falls_silent():
    bus, clock = world(after(5, lambda reply: reply[:-1] + b"\x00"))
    run(bus.read(1, 4, 0, 2))
    assert clock.us - bus.uart.sent[0][0] < 60000


def test_an_echo_alone_does_not_end_the_wait():
    bus, clock = world(lambda frame: [(-9, frame), (100, meter(frame))])
    assert run(bus.read(1, 4, 0, 1)) == modbus.OK


def test_stray_bytes_and_pauses_within_a_reply():
    def answer(frame):
        reply = meter(frame)
        return [(4, b"\x00" + reply[:3]), (40, reply[3:])]

    bus, _ = world(answer)
    assert run(bus.read(1, 4, 0, 20)) == modbus.OK


def test_the_turnaround_is_learned():
    bus, clock = world(after(30))
    for _ in range(20):
        assert run(bus.read(1, 4, 0, 20)) == modbus.OK
    clock.sleeps.clear()
    for _ in range(10):
        run(bus.read(1, 4, 0, 20))
    assert len(clock.sleeps) <= 30  # a silence, one long sleep, at times a second look
    assert run(bus.read(1, 4, 0, 20)) == modbus.OK


def test_the_transceiver_sends_only_while_the_frame_goes_out():
    pin = Pin()
    bus, clock = world(after(3), de=pin)
    assert run(bus.read(1, 4, 0, 2)) == modbus.OK
    assert pin.levels == [1, 0, 0]
    pin.levels.clear()
    slow, clock = world(silent, de=pin, baud=1200)
    slow.start(1, 4, 0, 2)
    clock.us += slow.step() * 1000
    sleep_ms = slow.step()
    assert pin.levels == [1]
    assert sleep_ms == 57  # 66.7 ms for 8 characters, less the tick that a sleep may be late
    clock.us += sleep_ms * 1000
    slow.step()
    assert pin.levels == [1, 0]


def test_a_cancelled_transaction_releases_the_line():
    pin = Pin()
    bus, clock = world(silent, de=pin, baud=1200)

    async def cancelled(ms):
        clock.us += ms * 1000
        if pin.levels:
            raise ValueError

    clock.sleep_ms = cancelled
    try:
        run(bus.read(1, 4, 0, 2))
    except ValueError:
        pass
    assert pin.levels == [1, 0]


def test_ticks_may_wrap_at_any_moment():
    for before_us in range(0, 60000, 1700):
        bus, clock = world(after(10), us=_WRAP - before_us)
        assert run(bus.read(1, 4, 0, 2)) == modbus.OK
        bus.uart.answer = silent
        asked_us = clock.us
        assert run(bus.read(1, 4, 0, 2)) == modbus.TIMEOUT
        assert clock.us - asked_us < 330000


def test_a_bus_that_was_idle_for_longer_than_ticks_count():
    bus, clock = world(after(10))
    run(bus.read(1, 4, 0, 2))
    for idle_s in (400, 600, 1000, 86400):
        clock.us += idle_s * 1000000
        asked_us = clock.us
        assert run(bus.read(1, 4, 0, 2)) == modbus.OK
        assert clock.us - asked_us < 60000


def test_requests_cost_their_frames_and_silences():
    assert world(silent)[0].overhead_bytes() == 20
    assert world(silent, baud=115200)[0].overhead_bytes() == 13 + 40


def device(bus, channels, **settings):
    _, device_class = drivers.load("modbus-rtu", settings.get("driver"))
    values = {"address": 1, "fc": 4, "max_registers": 80, "pause_ms": 0}
    values.update(settings)
    values["channel"] = [{"register": c.register, "fc": c.fc} for c in channels]
    return device_class(bus, values, channels)


def values(channels):
    return [(channel.value, channel.quality) for channel in channels]


def test_a_device_reads_its_channels():
    channels = [
        Channel(1000, 3, "u16", "ABCD", 1, 1),
        Channel(1000, 0, "u32", "ABCD", 1, 1),
        Channel(1000, 2, "s16", "ABCD", -10, 1),
        Channel(1000, 5, "u16", "ABCD", 1, 1, 261),
    ]
    bus, _ = world(after(5))
    run(device(bus, channels).read())
    assert values(channels) == [
        (259, GOOD),
        (256 << 16 | 257, GOOD),
        (-2580, GOOD),
        (None, BAD),
    ]
    assert [frame[2:6] for _, frame in bus.uart.sent] == [b"\x00\x00\x00\x06"]


def test_only_what_is_due_is_read():
    channels = [Channel(1000, 0, "u16", "ABCD", 1, 1), Channel(60000, 40, "u16", "ABCD", 1, 1)]
    bus, _ = world(after(5))
    one = device(bus, channels)
    channels[1].fresh = False
    run(one.read())
    assert values(channels) == [(256, GOOD), (-1, -1)]
    channels[1].fresh = True
    run(one.read())
    assert values(channels) == [(256, GOOD), (296, GOOD)]
    assert [frame[3] for _, frame in bus.uart.sent] == [0, 0, 40]


def test_each_function_has_requests_of_its_own():
    def answer(frame):
        if frame[1] != 2:
            return [(5, meter(frame))]
        assert frame[2:6] == b"\x00\x08\x00\x0b"
        return [(5, with_crc(frame[:2] + b"\x02\x81\x04"))]

    bus, _ = world(answer)
    channels = [
        Channel(1000, 18, "bit", "ABCD", 1, 1),
        Channel(1000, 9, "u16", "ABCD", 1, 1),
        Channel(1000, 8, "bit", "ABCD", 1, 1),
        Channel(1000, 10, "bit", "ABCD", 1, 1),
    ]
    for channel in channels[::2] + channels[3:]:
        channel.fc = 2
    run(device(bus, channels).read())
    assert values(channels) == [(1, GOOD), (265, GOOD), (1, GOOD), (0, GOOD)]
    assert [frame[1:6] for _, frame in bus.uart.sent] == [
        b"\x02\x00\x08\x00\x0b",
        b"\x04\x00\x09\x00\x01",
    ]


def test_moved_registers():
    channels = [Channel(1000, 2, "u16", "ABCD", 1, 1), Channel(60000, 4, "u16", "ABCD", 1, 1)]
    bus, _ = world(after(5))
    one = device(bus, channels)
    one.move(70)
    run(one.read())
    assert values(channels) == [(256 + 72, GOOD), (256 + 74, GOOD)]
    one.move(-70)
    run(one.read())
    assert values(channels) == [(258, GOOD), (260, GOOD)]


def test_a_failing_request_is_repeated_and_gives_bad_quality():
    channels = [Channel(1000, 0, "u16", "ABCD", 1, 1), Channel(1000, 60, "u16", "ABCD", 1, 1)]

    def answer(frame):
        return [(5, meter(frame) if frame[3] else meter(frame)[:-1] + b"\x00")]

    bus, _ = world(answer)
    run(device(bus, channels).read())
    assert values(channels) == [(None, BAD), (316, GOOD)]
    assert [frame[3] for _, frame in bus.uart.sent] == [0, 0, 60]


def test_an_exception_is_not_asked_again():
    channels = [Channel(1000, 0, "u16", "ABCD", 1, 1)]
    bus, _ = world(after(5, lambda reply: with_crc(b"\x01\x84\x02")))
    run(device(bus, channels).read())
    assert values(channels) == [(None, BAD)]
    assert len(bus.uart.sent) == 1


def test_a_dead_device_costs_one_timeout_and_comes_back():
    channels = [Channel(1000, n * 60, "u16", "ABCD", 1, 1) for n in range(3)]
    bus, _ = world(after(5))
    one = device(bus, channels)
    run(one.read())
    bus.uart.answer = silent
    run(one.read())
    assert values(channels) == [(None, BAD)] * 3
    bus.uart.sent.clear()
    run(one.read())
    assert len(bus.uart.sent) == 1
    bus.uart.answer = after(5)
    run(one.read())
    assert values(channels) == [(256, GOOD), (316, GOOD), (376, GOOD)]


def sunspec_meter(base):
    """A device with the common model and model 103 behind it; power is at 14, its scale at 15."""
    registers = [0x5375, 0x6E53, 1, 66] + [0] * 66 + [103, 50] + [0] * 50 + [0xFFFF, 0]
    registers[70 + 14] = 0x10000 - 421
    registers[70 + 15] = 0x10000 - 1

    def answer(frame):
        start, count = frame[2] << 8 | frame[3], frame[5]
        if frame[1] != 3 or not base <= start <= base + len(registers) - count:
            return [(5, with_crc(bytes((frame[0], frame[1] | 0x80, 2))))]
        words = registers[start - base : start - base + count]
        data = b"".join([bytes((word >> 8, word & 0xFF)) for word in words])
        return [(5, with_crc(frame[:2] + bytes((2 * count,)) + data))]

    return answer


def sunspec_device(base, models=(101, 102, 103)):
    channels = [Channel(1000, 14, "s16*", "ABCD", 10, 1, 0, 2, 0, 1, 0, 0, 0x8000)]
    channels[0].fc = 3
    bus, _ = world(sunspec_meter(base))
    settings = {"driver": "sunspec_device", "fc": 3, "sunspec": models}
    return channels, bus, device(bus, channels, **settings)


def test_a_sunspec_device_is_searched_once_and_then_read():
    channels, bus, one = sunspec_device(50000)
    run(one.read())
    assert values(channels) == [(-421, GOOD)]
    asked = [(frame[2] << 8 | frame[3], frame[5]) for _, frame in bus.uart.sent]
    assert asked == [(40000, 4), (50000, 4), (50070, 2), (50084, 2)]
    bus.uart.sent.clear()
    run(one.read())
    assert len(bus.uart.sent) == 1


def test_a_sunspec_device_that_moves_is_searched_again():
    channels, bus, one = sunspec_device(40000)
    run(one.read())
    assert values(channels) == [(-421, GOOD)]
    bus.uart.answer = silent
    run(one.read())
    assert values(channels) == [(None, BAD)]
    bus.uart.sent.clear()
    run(one.read())
    assert (values(channels), len(bus.uart.sent)) == ([(None, BAD)], 1)
    bus.uart.answer = sunspec_meter(0)
    run(one.read())
    assert values(channels) == [(-421, GOOD)]


def test_a_device_without_the_model_has_bad_quality():
    channels, _, one = sunspec_device(40000, (203,))
    run(one.read())
    assert values(channels) == [(None, BAD)]
