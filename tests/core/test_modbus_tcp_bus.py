"""The master behind a TCP connection, on sockets and a clock made here."""

from fake_line import Clock, exception, meter, read, settings, words

from limen import drivers
from limen.core import modbus
from limen.core.quality import BAD, GOOD
from limen.drivers import DONE, modbus_bus, modbus_device, modbus_pipeline, modbus_tcp


class Socket:
    """`answer(frame)` gives the pieces (ms after, bytes) of what comes back."""

    def __init__(self, world):
        self.world = world
        self.coming = []
        self.is_closed = self.has_ended = False
        self.opens_us = world.clock.us + 1000 * world.opens_after_ms

    def is_ready(self):
        return self.world.clock.us >= self.opens_us

    def write(self, frame):
        if self.has_ended or not self.world.is_up:
            raise OSError(104)
        self.world.sent.append(bytes(frame))
        for delay_ms, piece in self.world.answer(bytes(frame)):
            self.coming.append((self.world.clock.us + 1000 * delay_ms, piece))
        return len(frame)

    def readinto(self, buffer, limit=None):
        limit = len(buffer) if limit is None else limit
        assert limit > 0
        if not self.coming or self.coming[0][0] > self.world.clock.us:
            return 0 if self.has_ended else None
        us, piece = self.coming.pop(0)
        size = min(limit, len(piece))
        buffer[:size] = piece[:size]
        if piece[size:]:
            self.coming.insert(0, (us, piece[size:]))
        return size

    def close(self):
        self.is_closed = True


class Poll:
    def __init__(self):
        self.watched = []

    def register(self, connection, events):
        self.watched.append(connection)

    def unregister(self, connection):
        self.watched.remove(connection)

    def poll(self, timeout_ms):
        return [(one, 4) for one in self.watched if one.is_ready()]


class Select:
    POLLOUT = 4
    poll = Poll


class Random:
    @staticmethod
    def getrandbits(count):
        return (1 << count) - 1


class World:
    """A bus of the real driver and the other end of its connections."""

    def __init__(self, answer, kind="modbus-tcp", **changed):
        self.answer = answer
        self.clock = Clock()
        self.is_up = True
        self.opens_after_ms = 3
        self.sockets = []
        self.sent = []
        modbus_bus.time = modbus_tcp.time = modbus_device.time = self.clock
        modbus_pipeline.time = self.clock
        modbus_tcp.select = Select
        modbus_tcp.random = Random
        values = settings(kind=kind, host="plc.local", port=502, timeout_ms=1000)
        values.update(changed)
        self.bus = drivers.load(kind)[0](None, values)
        self.bus._connector.connect = self.connect

    def connect(self, host, port):
        assert (host, port) == ("plc.local", 502)
        self.sockets.append(Socket(self))
        return self.sockets[-1]

    def transact(self, request):
        self.bus.start(request)
        ms = self.bus.step()
        while ms != DONE:
            assert ms > 0
            self.clock.sleep_ms(ms)
            ms = self.bus.step()
        return self.bus.result

    def data(self, size):
        begin = self.bus.reply.data
        return bytes(self.bus.reply.buffer[begin : begin + size])


def rtu(frame):
    """The frame of RTU in one of TCP, without its CRC but as long."""
    return frame[6:] + b"\0\0"


def tcp(frame, reply):
    """The reply in TCP to a frame, for the same reply in RTU."""
    return frame[:4] + bytes((0, len(reply) - 2)) + reply[:-2]


def plc(delay_ms=5, make=meter):
    return lambda frame: [(delay_ms, tcp(frame, make(rtu(frame))))]


def serial_server(delay_ms=5, make=meter):
    return lambda frame: [(delay_ms, make(frame))]


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


class Channel:
    def __init__(self, address):
        self.schedule = 1000
        self.entry = {"register": (address, "u16", "ABCD", 1, 1)}
        self.fresh = True
        self.value = self.quality = -1


def device(world, addresses, **changed):
    """(channels, device) with requests of 20 registers at most."""
    channels = [Channel(address) for address in addresses]
    values = {"address": 3, "fc": 4, "max_registers": 20, "pause_ms": 0}
    values.update(changed)
    values["channel"] = [channel.entry for channel in channels]
    return channels, drivers.load(world.bus.kind)[1](world.bus, values, channels)


def read_device(world, one):
    """Read a device; the milliseconds that it took."""
    before_us = world.clock.us
    one.read()
    ms = one.step()
    while ms != DONE:
        world.clock.sleep_ms(ms)
        ms = one.step()
    return (world.clock.us - before_us) // 1000


def values(channels):
    return [(channel.value, channel.quality) for channel in channels]


def good(addresses):
    return [(address + 256, GOOD) for address in addresses]


FAR = (0, 100, 200, 300, 400, 500)


def ahead(answer, pipeline=4):
    return World(answer, "modbus-tcp-ahead", pipeline=pipeline)


def test_requests_are_sent_ahead():
    world = ahead(plc(50))
    channels, one = device(world, FAR)
    slow_ms = read_device(world, one)  # the connection has to prove itself first
    fast_ms = read_device(world, one)
    assert values(channels) == good(FAR)
    assert slow_ms > 300 and fast_ms < 130
    assert len(world.sent) == 12
    assert world.bus.counters()["ok"] == 12


def test_no_more_are_under_way_than_allowed():
    under_way = []

    def answer(frame):
        under_way.append(len(world.sockets[-1].coming))
        return plc(50)(frame)

    world = ahead(answer, 2)
    _, one = device(world, FAR)
    for _ in range(3):
        read_device(world, one)
    assert max(under_way) == 1


def test_replies_may_come_in_any_order():
    delays_ms = [5] * 6 + [90, 60, 30, 5, 40, 20]
    world = ahead(lambda frame: [(delays_ms.pop(0), tcp(frame, meter(rtu(frame))))])
    channels, one = device(world, FAR)
    for _ in range(2):
        read_device(world, one)
        world.sockets[0].coming.sort()
    assert values(channels) == good(FAR)


def test_what_is_lost_or_refused_is_asked_again_alone():
    refused = []

    def answer(frame):
        start = frame[8] << 8 | frame[9]
        if len(world.sent) == 8:
            return []
        if start == 300 and not refused:
            refused.append(start)
            return [(5, tcp(frame, exception(rtu(frame), 6)))]
        return plc()(frame)

    world = ahead(answer)
    channels, one = device(world, FAR)
    read_device(world, one)
    refused.clear()
    read_device(world, one)
    assert values(channels) == good(FAR)
    assert one.answered


def test_a_connection_that_breaks_under_many_requests():
    world = ahead(plc(50))
    channels, one = device(world, FAR)
    read_device(world, one)
    world.sockets[0].has_ended = True
    read_device(world, one)
    assert values(channels) == good(FAR)
    assert len(world.sockets) == 2


def test_nonsense_under_many_requests():
    world = ahead(plc())
    channels, one = device(world, FAR)
    read_device(world, one)
    world.answer = lambda frame: [(5, b"HTTP/1.0 400 Bad Request")]
    read_device(world, one)
    assert {quality for _, quality in values(channels)} == {BAD}
    world.answer = plc()
    world.clock.us += 3000000
    for _ in range(2):
        read_device(world, one)
    assert values(channels) == good(FAR)


def test_a_device_behind_a_connection():
    channels = [Channel(address) for address in (0, 60, 300)]
    world = World(plc())
    values = {"address": 3, "fc": 4, "max_registers": 100, "pause_ms": 0}
    values["channel"] = [channel.entry for channel in channels]
    one = drivers.load("modbus-tcp")[1](world.bus, values, channels)
    one.read()
    ms = one.step()
    while ms != DONE:
        world.clock.sleep_ms(ms)
        ms = one.step()
    assert [(c.value, c.quality) for c in channels] == [(256, GOOD), (316, GOOD), (556, GOOD)]
    # A round trip costs more than 60 registers in vain.
    assert [(frame[9], frame[11]) for frame in world.sent] == [(0, 61), (44, 1)]
    world.is_up = False
    one.read()
    while one.step() != DONE:
        world.clock.sleep_ms(1)
    assert [c.quality for c in channels] == [BAD] * 3
    assert one.answered is None
