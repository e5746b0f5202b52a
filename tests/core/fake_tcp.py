"""A Modbus bus behind a TCP connection, the other end of it, and a clock."""

from fake_line import Clock, meter, settings

from limen import drivers
from limen.core.quality import GOOD
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
