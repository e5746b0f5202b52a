"""The master behind a TCP connection, on sockets and a clock made here."""

from fake_line import exception, meter, read, words
from fake_tcp import World, device, good, plc, read_device, rtu, serial_server, tcp, values

from limen.core import modbus
from limen.core.quality import BAD

BOTH = (("modbus-tcp", plc), ("modbus-rtu-tcp", serial_server))


def test_registers_are_read_over_one_connection():
    for kind, answering in BOTH:
        world = World(answering(), kind)
        for _ in range(3):
            assert world.transact(read(7, 4, 52, 2)) == modbus.OK
            assert world.data(4) == words(52, 2)
        assert len(world.sockets) == 1
        counters = world.bus.counters()
        assert [counters[name] for name in ("ok", "connections", "failures")] == [3, 1, 0]


def test_several_units_share_the_connection():
    world = World(plc())
    for unit in (1, 2, 255):
        assert world.transact(read(unit, 4, 0, 2)) == modbus.OK
    assert [frame[6] for frame in world.sent] == [1, 2, 255]


def test_a_gateway_says_that_its_unit_does_not_answer():
    for kind, answering in BOTH:
        world = World(answering(5, lambda frame: exception(frame, 11)), kind)
        assert world.transact(read(7, 4, 52, 2)) == modbus.EXCEPTION
        assert world.bus.reply.exception == 11


def test_a_reply_comes_in_pieces():
    def answer(frame):
        reply = tcp(frame, meter(rtu(frame)))
        return [(5 * index, reply[index : index + 1]) for index in range(len(reply))]

    world = World(answer)
    assert world.transact(read(7, 4, 0, 20)) == modbus.OK
    assert world.data(40) == words(0, 20)


def test_long_late_replies_leave_room_for_the_right_one():
    delays_ms = [1500, 1500, 100, 5]
    world = World(lambda frame: [(delays_ms.pop(0), tcp(frame, meter(rtu(frame))))])
    assert world.transact(read(7, 4, 0, 125)) == modbus.TIMEOUT
    assert world.transact(read(7, 4, 0, 124)) == modbus.TIMEOUT
    assert world.transact(read(7, 4, 1, 125)) == modbus.OK
    assert world.data(250) == words(1, 125)
    world.clock.us += 2000000
    assert world.transact(read(7, 4, 2, 125)) == modbus.OK
    assert world.data(250) == words(2, 125)
    assert world.bus.counters()["late"] == 2


def test_late_replies_of_rtu_are_dropped():
    delays_ms = [1200, 5]
    world = World(lambda frame: [(delays_ms.pop(0), meter(frame))], "modbus-rtu-tcp")
    assert world.transact(read(7, 4, 0, 2)) == modbus.TIMEOUT
    world.clock.us += 500000
    assert world.transact(read(7, 4, 8, 2)) == modbus.OK
    assert world.data(4) == words(8, 2)
    assert world.bus.counters()["late"] == 1
    assert world.bus.late_ms == 2000


def test_a_connection_that_the_other_side_closes_is_made_again_at_once():
    for kind, answering in BOTH:
        world = World(answering(), kind)
        assert world.transact(read(7, 4, 0, 2)) == modbus.OK
        world.sockets[0].has_ended = True
        assert world.transact(read(7, 4, 0, 2)) == modbus.TIMEOUT
        assert world.sockets[0].is_closed
        before_us = world.clock.us
        assert world.transact(read(7, 4, 0, 2)) == modbus.OK
        assert world.clock.us - before_us < 20000
        assert world.bus.counters()["failures"] == 1


def test_without_a_connection_nobody_waits_and_the_pauses_grow():
    world = World(plc())
    world.is_up = False
    tries_ms = []
    for _ in range(3000):
        before = len(world.sockets)
        before_us = world.clock.us
        assert world.transact(read(7, 4, 0, 2)) == modbus.NO_LINK
        assert world.clock.us - before_us < 10000
        if len(world.sockets) > before:
            tries_ms.append(world.clock.us // 1000)
        world.clock.us += 100000
    pauses_s = [round_s(b - a) for a, b in zip(tries_ms, tries_ms[1:])]
    assert pauses_s == [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30, 30, 30]
    world.is_up = True
    world.clock.us += 61000000
    assert world.transact(read(7, 4, 0, 2)) == modbus.OK


def round_s(ms):
    return (ms + 500) // 1000


def test_a_connection_that_does_not_come_about():
    world = World(plc())
    world.opens_after_ms = 100000
    before_us = world.clock.us
    assert world.transact(read(7, 4, 0, 2)) == modbus.NO_LINK
    assert 1000000 <= world.clock.us - before_us <= 1010000
    assert world.sockets[0].is_closed


def test_a_host_that_nobody_knows():
    world = World(plc())

    def connect(host, port):
        raise OSError(-2)

    world.bus._connector.connect = connect
    assert world.transact(read(7, 4, 0, 2)) == modbus.NO_LINK
    assert world.bus.counters()["failures"] == 1


def test_after_long_silence_the_connection_is_made_anew():
    world = World(lambda frame: [])
    for _ in range(3):
        assert world.transact(read(7, 4, 0, 2)) == modbus.TIMEOUT
    assert world.sockets[0].is_closed
    world.answer = plc()
    world.clock.us += 2000000
    assert world.transact(read(7, 4, 0, 2)) == modbus.OK


def test_something_that_does_not_speak_modbus():
    world = World(lambda frame: [(5, b"HTTP/1.0 400 Bad Request\r\n\r\n")])
    assert world.transact(read(7, 4, 0, 2)) == modbus.GARBAGE
    assert world.sockets[0].is_closed
    assert world.transact(read(7, 4, 0, 2)) == modbus.NO_LINK  # no rush to come back


def test_noise_on_the_serial_side_ends():
    world = World(lambda frame: [(5, b"\xa5" * 1000)], "modbus-rtu-tcp")
    assert world.transact(read(7, 4, 0, 2)) == modbus.GARBAGE
    world.answer = serial_server()
    assert world.transact(read(7, 4, 0, 2)) == modbus.OK


def test_a_device_behind_a_connection():
    world = World(plc())
    channels, one = device(world, (0, 60, 300), max_registers=100)
    read_device(world, one)
    assert values(channels) == good((0, 60, 300))
    # A round trip costs more than 60 registers in vain.
    assert [(frame[9], frame[11]) for frame in world.sent] == [(0, 61), (44, 1)]
    world.is_up = False
    read_device(world, one)
    assert [c.quality for c in channels] == [BAD] * 3
    assert one.answered is None
