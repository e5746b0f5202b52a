from fake_line import (
    WRAP,
    Clock,
    Pin,
    Uart,
    after,
    exception,
    meter,
    read,
    settings,
    silent,
    with_crc,
    words,
)

from limen import drivers
from limen.core import modbus
from limen.drivers import DONE, modbus_bus, modbus_rtu

BAUDS = (1200, 9600, 19200, 115200)


def world(answer, de=False, clock=None, listen_ms=0, **changed):
    """(bus, clock, pin) of the real driver, with the fake clock in the place of the real one."""
    clock = clock or Clock()
    modbus_bus.time = modbus_rtu.time = clock
    values = settings(**changed)
    bits = 9 + values["stop"] + (values["parity"] is not None)
    uart = Uart(clock, answer, values["baud"], bits)
    pin = Pin(clock) if de else None
    return modbus_rtu.Bus((uart, pin, listen_ms), values), clock, pin


def transact(bus, clock, request, pause_ms=0):
    bus.start(request, pause_ms)
    ms = bus.step()
    while ms != DONE:
        clock.sleep_ms(ms)
        ms = bus.step()
    return bus.result


def test_load_gives_the_classes_of_a_kind():
    bus, device = drivers.load("modbus-rtu")
    assert bus is modbus_rtu.Bus
    assert device.__name__ == "Device"


def test_registers_are_read():
    bus, clock, _ = world(after(10))
    assert transact(bus, clock, read(1, 4, 52, 2)) == modbus.OK
    data = bus.reply.data
    assert bytes(bus.reply.buffer[data : data + 4]) == words(52, 2)
    assert bus.counters()["ok"] == 1


def test_the_line_is_silent_before_a_request():
    for baud in BAUDS:
        bus, clock, _ = world(after(0), baud=baud)
        silence_us = 1750 if baud > 19200 else bus.uart.chars_us(7) // 2
        for _ in range(3):
            transact(bus, clock, read(1, 4, 0, 2))
        for (before_us, _), (next_us, _) in zip(bus.uart.sent, bus.uart.sent[1:]):
            gap_us = next_us - before_us - bus.uart.chars_us(8 + 9)
            assert silence_us - 20 <= gap_us <= silence_us + 300, (baud, gap_us, silence_us)


def test_the_pause_of_a_device():
    bus, clock, _ = world(after(0))
    transact(bus, clock, read(1, 4, 0, 2))
    received_us = clock.us
    transact(bus, clock, read(1, 4, 0, 2), 50)
    assert 50000 - 20 <= bus.uart.sent[1][0] - received_us <= 50000 + 300


def test_parity_and_stop_bits_take_their_time():
    for changed in ({"parity": 0}, {"parity": 1}, {"stop": 2}):
        bus, clock, pin = world(after(5), de=True, **changed)
        assert transact(bus, clock, read(1, 4, 0, 80)) == modbus.OK
        (on_us, on), (off_us, off) = pin.levels[-2:]
        assert (on, off) == (1, 0)
        assert 0 <= off_us - on_us - bus.uart.chars_us(8) <= 100


def used(baud, count, clock):
    """The part of the time for which the standard needs the line, in tenths of a percent."""
    silence_us = 1750 if baud > 19200 else -(-35 * 1000000 // baud)
    bus, clock, _ = world(
        lambda frame: [(silence_us, meter(frame))], de=True, clock=clock, baud=baud
    )
    request = read(1, 4, 0, count)
    for _ in range(100):
        assert transact(bus, clock, request) == modbus.OK
    started_us = bus.uart.sent[50][0]
    passed_us = bus.uart.sent[99][0] - started_us
    needed_us = 49 * (bus.uart.chars_us(8 + 5 + 2 * count) + 2 * silence_us)
    return needed_us * 1000 // passed_us


def test_the_line_is_used_to_97_percent_although_sleeps_end_late():
    for baud in (9600, 19200, 115200):
        for count in (20, 80, 125):
            tenths = used(baud, count, Clock(us=5001234, grid_us=10000))
            assert tenths >= 970, (baud, count, tenths)


def test_where_sleeps_end_in_time_few_passes_are_spent():
    clock = Clock()
    assert used(9600, 80, clock) >= 990
    clock.sleeps = clock.passes = 0
    used(9600, 80, clock)
    assert clock.sleeps <= 6 * 100
    assert clock.passes <= 60 * 100


def test_short_replies_teach_that_sleeps_end_in_time_too():
    bus, clock, _ = world(after(20), baud=19200)
    for _ in range(300):
        transact(bus, clock, read(1, 4, 0, 2))
    clock.passes = 0
    assert transact(bus, clock, read(1, 4, 0, 2)) == modbus.OK
    assert clock.passes <= 40


def test_a_slow_device_is_awaited_without_a_rush():
    bus, clock, _ = world(after(200), baud=115200)
    for _ in range(20):
        transact(bus, clock, read(1, 4, 0, 2))
    clock.passes = 0
    assert transact(bus, clock, read(1, 4, 0, 2)) == modbus.OK
    assert clock.passes <= 300
    assert clock.us - bus.uart.sent[-1][0] < 230000


def test_stale_bytes_are_dropped_before_a_request():
    bus, clock, _ = world(after(0))
    bus.uart.coming = [(5000000, 1), (5003000, 4)]
    assert transact(bus, clock, read(1, 4, 0, 2)) == modbus.OK
    assert bus.counters()["stale_bytes"] == 2
    assert bus.uart.sent[0][0] >= 5003000 + 3600


def test_a_silent_device_costs_the_timeout():
    bus, clock, _ = world(silent)
    assert transact(bus, clock, read(1, 4, 0, 2)) == modbus.TIMEOUT
    waited_ms = (clock.us - bus.uart.sent[0][0]) // 1000
    assert 300 + 17 <= waited_ms <= 300 + 17 + 4  # and what both frames take on the line
    assert bus.counters()["timeout"] == 1


def test_a_reply_after_its_time_is_counted_as_late():
    bus, clock, _ = world(after(400))
    assert transact(bus, clock, read(1, 4, 0, 2)) == modbus.TIMEOUT
    clock.us += 200000
    bus.uart.answer = after(5)
    assert transact(bus, clock, read(1, 4, 40, 2)) == modbus.OK
    assert bytes(bus.reply.buffer[bus.reply.data :][:4]) == words(40, 2)
    counters = bus.counters()
    assert (counters["late"], counters["stale_bytes"]) == (1, 0)


def test_a_reply_to_what_was_asked_before_a_reset_is_nobodys():
    bus, clock, _ = world(after(5), listen_ms=2000)
    began_us = clock.us
    bus.uart.write(read(1, 4, 0, 2))
    bus.uart.coming = [(us + 1500000, byte) for us, byte in bus.uart.coming]
    assert transact(bus, clock, read(1, 4, 40, 2)) == modbus.OK
    assert bytes(bus.reply.buffer[bus.reply.data :][:4]) == words(40, 2)
    assert 2000 <= (bus.uart.sent[1][0] - began_us) // 1000 <= 2004
    assert bus.counters()["stale_bytes"] == 9
    assert transact(bus, clock, read(1, 4, 42, 2)) == modbus.OK
    assert bus.uart.sent[2][0] - bus.uart.sent[1][0] < 50000


def test_broken_replies_are_counted_by_cause():
    bus, clock, _ = world(after(5, lambda reply: reply[:-1] + b"\x00"))
    request = read(1, 4, 0, 2)
    assert transact(bus, clock, request) == modbus.BAD_CRC
    bus.uart.answer = after(5, lambda reply: reply[:6])
    assert transact(bus, clock, request) == modbus.SHORT
    bus.uart.answer = lambda frame: [(5000, exception(frame, 2))]
    assert transact(bus, clock, request) == modbus.EXCEPTION
    assert bus.reply.exception == 2
    bus.uart.answer = after(5, lambda reply: b"\x02" + reply[1:])
    assert transact(bus, clock, request) == modbus.GARBAGE
    counters = bus.counters()
    assert [counters[name] for name in ("bad_crc", "short", "exception", "garbage")] == [1] * 4


def test_a_broken_reply_ends_when_the_line_falls_silent():
    bus, clock, _ = world(after(5, lambda reply: reply[:-1] + b"\x00"))
    transact(bus, clock, read(1, 4, 0, 2))
    assert clock.us - bus.uart.sent[0][0] < 60000


def test_an_echo_alone_does_not_end_the_wait():
    bus, clock, _ = world(lambda frame: [(-8334, frame), (100000, meter(frame))])
    assert transact(bus, clock, read(1, 4, 0, 1)) == modbus.OK


def test_stray_bytes_and_pauses_within_a_reply():
    def answer(frame):
        reply = meter(frame)
        return [(4000, b"\x00" + reply[:3]), (44000, reply[3:])]

    bus, clock, _ = world(answer)
    assert transact(bus, clock, read(1, 4, 0, 20)) == modbus.OK
    data = bus.reply.data
    assert bytes(bus.reply.buffer[data : data + 40]) == words(0, 20)


def test_the_transceiver_sends_only_while_the_frame_goes_out():
    for baud in BAUDS:
        for grid_us in (1000, 10000):
            bus, clock, pin = world(after(3), de=True, clock=Clock(grid_us=grid_us), baud=baud)
            for _ in range(3):
                assert transact(bus, clock, read(1, 4, 0, 2)) == modbus.OK
            (on_us, on), (off_us, off) = pin.levels[-2:]
            assert (on, off) == (1, 0)
            late_us = off_us - on_us - bus.uart.chars_us(8)
            assert 0 <= late_us <= 120, (baud, grid_us, late_us)


def test_a_transaction_that_was_left_releases_the_line():
    bus, clock, pin = world(silent, de=True, baud=1200)
    bus.start(read(1, 4, 0, 2))
    while pin.levels[-1][1] == 0:
        clock.sleep_ms(bus.step())
    bus.start(read(1, 4, 0, 2))
    assert pin.levels[-1][1] == 0


def test_work_is_done_while_the_line_is_busy():
    bus, clock, _ = world(after(20))
    seen = []
    bus.meanwhile(lambda: seen.append((len(bus.uart.sent), bus.reply.length)))
    for _ in range(2):
        assert transact(bus, clock, read(1, 4, 0, 2)) == modbus.OK
    assert seen == [(1, 0)]


def test_the_load_of_the_line_is_told():
    bus, clock, _ = world(after(10))
    bus.counters()
    for _ in range(10):
        transact(bus, clock, read(1, 4, 0, 40))
        clock.us += 900000
    load = bus.counters()["load_ms_per_s"]
    assert 100 <= load <= 120  # 93 characters, 10 ms of the device, 3.65 ms of silence
    clock.us += 1000000
    assert bus.counters()["load_ms_per_s"] == 0


def test_ticks_may_wrap_at_any_moment():
    for before_us in range(0, 60000, 1700):
        bus, clock, _ = world(after(10), clock=Clock(us=WRAP - before_us))
        assert transact(bus, clock, read(1, 4, 0, 2)) == modbus.OK
        bus.uart.answer = silent
        asked_us = clock.us
        assert transact(bus, clock, read(1, 4, 0, 2)) == modbus.TIMEOUT
        assert clock.us - asked_us < 330000


def test_a_bus_that_was_idle_for_longer_than_ticks_count():
    bus, clock, _ = world(after(10))
    transact(bus, clock, read(1, 4, 0, 2))
    for idle_s in (400, 600, 1000, 86400):
        clock.us += idle_s * 1000000
        asked_us = clock.us
        assert transact(bus, clock, read(1, 4, 0, 2)) == modbus.OK
        assert clock.us - asked_us < 60000


def test_requests_cost_their_frames_and_silences():
    assert world(silent)[0].overhead_bytes(0) == 13 + 7
    assert world(silent, baud=115200)[0].overhead_bytes(0) == 13 + 40
    assert world(silent)[0].overhead_bytes(50) == 13 + 51


def test_a_frame_of_another_master_is_no_reply():
    bus, clock, _ = world(lambda frame: [(5000, with_crc(b"\x05\x04\x00\x00\x00\x02"))])
    assert transact(bus, clock, read(1, 4, 0, 2)) == modbus.WRONG_ADDRESS


def test_the_line_takes_the_framing_of_the_next_device():
    bus, _, _ = world(after(10))
    set_to = []
    bus.uart.init = lambda **framing: set_to.append(framing)
    overhead_bytes = bus.overhead_bytes(0)
    for _ in range(2):
        bus.tune([115200, 0, 1])
    assert set_to == [{"baudrate": 115200, "parity": 0, "stop": 1}]
    # Above 19200 baud the silence is 1.75 ms whatever a character takes: more of them.
    assert (overhead_bytes, bus.overhead_bytes(0)) == (20, 13 + 2 * 1750 * 115200 // 11_000_000)
