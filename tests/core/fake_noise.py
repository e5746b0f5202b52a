"""What a line may bring instead of a reply, from a seed, and a master that has to cope with it.

Kinds: random bytes, a reply that is cut, has a flipped bit, is one of earlier, belongs to other
parameters, another master's traffic, and several of these in a row.
"""

from fake_line import Clock, Pin, Uart, exception, meter, read, settings, with_crc

from limen.core import modbus, modbus_writes
from limen.core.modbus_identity import encode_identify
from limen.core.modbus_tcp import TcpReply
from limen.drivers import DONE, modbus_bus, modbus_rtu


class Dice:
    """Numbers that look random, the same under every Python."""

    def __init__(self, seed):
        self._state = seed * 2 + 1

    def below(self, count):
        self._state = self._state * 1103515245 + 12345 & 0x7FFFFFFF
        return (self._state >> 8) % count

    def bytes(self, count):
        return bytes([self.below(256) for _ in range(count)])

    def pick(self, choices):
        return choices[self.below(len(choices))]


def crc_bit_by_bit(data):
    """The CRC of the specification's own description, to check ours against."""
    crc = 0xFFFF
    for value in data:
        crc ^= value
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


class Noise:
    """Makes requests, and what comes instead of their replies."""

    def __init__(self, seed):
        self.dice = Dice(seed)
        self._earlier = [with_crc(b"\1\4\2\0\0")]

    def request(self):
        dice = self.dice
        address, kind = 1 + dice.below(3), dice.below(8)
        if kind < 4:
            return read(address, 1 + kind, dice.below(200), 1 + dice.below(125))
        if kind == 4:
            return modbus_writes.encode_register(address, dice.below(200), dice.below(65536))
        if kind == 5:
            return modbus_writes.encode_registers(address, dice.below(200), dice.bytes(4))
        if kind == 6:
            return encode_identify(address)
        return modbus_writes.encode_exchange(address, 0, 1 + dice.below(20), 7, dice.bytes(2))

    def reply(self, request):
        """A right reply to most requests."""
        if request[1] in (3, 4):
            return meter(request)
        if request[1] in (1, 2):
            count = (request[5] + 7) // 8
            return with_crc(bytes(request[:2]) + bytes((count,)) + self.dice.bytes(count))
        if request[1] in (5, 6):
            return bytes(request)
        if request[1] == 16:
            return with_crc(bytes(request[:6]))
        return exception(bytes(request), 1 + self.dice.below(11))

    def line(self, request):
        """What the line brings, mostly no reply."""
        pieces = [self._piece(request) for _ in range(1 + self.dice.below(3))]
        return b"".join(pieces)

    def connection(self, request, frame):
        """What a connection brings: the frame of TCP for a reply, mostly with something wrong."""
        dice = self.dice
        reply = self.reply(request if dice.below(3) else self.request())
        right = frame[:4] + bytes((0, len(reply) - 2)) + reply[:-2]
        kind = dice.below(6)
        if kind == 0:
            return dice.bytes(dice.below(80))
        if kind == 1:
            return right[: dice.below(len(right))]
        if kind == 2:
            broken = bytearray(right)
            broken[dice.below(len(broken))] ^= 1 << dice.below(8)
            return bytes(broken)
        if kind == 3:
            return dice.bytes(2) + right[2:] + right  # a late one before it
        return right

    def _piece(self, request):
        dice = self.dice
        kind = dice.below(8)
        if kind == 0:
            return dice.bytes(dice.below(300))
        if kind == 1:
            return dice.pick(self._earlier)
        right = self.reply(request)
        self._earlier = self._earlier[-9:] + [right]
        if kind == 2:
            return right[: dice.below(len(right))]
        if kind == 3:
            broken = bytearray(right)
            broken[dice.below(len(broken))] ^= 1 << dice.below(8)
            return bytes(broken)
        if kind == 4:
            return self.reply(self.request())
        if kind == 5:
            return bytes(self.request())
        if kind == 6:
            return bytes(request)  # an echo
        return b"\0" * dice.below(3) + right


def feed_in_pieces(reply, line, dice):
    """Give a reply what the line brings; return the result when it falls silent."""
    at = 0
    while at < len(line):
        size = 1 + dice.below(80)
        piece = line[at : at + size]
        result = reply.feed(piece, len(piece))
        if result != modbus.WAITING:
            return result
        at += size
    return reply.finish()


def check_rtu(noise, frames):
    """So many frames into the search for replies; how often each result came."""
    counts = [0] * len(modbus.RESULTS)
    reply = modbus.Reply()
    for _ in range(frames):
        request = noise.request()
        line = noise.line(request)
        reply.expect(request)
        result = feed_in_pieces(reply, line, noise.dice)
        counts[result] += 1
        if result == modbus.OK:
            check_found(reply, request, line)
    return counts


def check_found(reply, request, line):
    """What was taken for a reply is one, by another look at it."""
    begin = reply.data - 3
    for end in range(begin + 5, reply.length + 1):
        frame = bytes(reply.buffer[begin:end])
        if not crc_bit_by_bit(frame):
            assert frame[:2] == bytes(request[:2])
            assert frame in line
            return
    raise AssertionError("taken without a CRC: %r of %r" % (request, line))


def check_tcp(noise, frames):
    """The same for a connection: it is closed when a header is none."""
    counts = [0] * len(modbus.RESULTS)
    reply = TcpReply()
    for _ in range(frames):
        request = noise.request()
        frame = bytes(reply.encode(request))
        reply.expect(request)
        reply.compact()
        line = noise.connection(request, frame)
        result = modbus.WAITING
        for at in range(len(line)):
            result = reply.feed(line[at : at + 1], 1)
            if result != modbus.WAITING:
                break
        if result == modbus.WAITING:
            result = reply.finish()
        counts[result] += 1
        if result not in (modbus.OK, modbus.EXCEPTION, modbus.TIMEOUT):
            reply.restart()
    return counts


def check_bus(noise, transactions):
    """The same through the whole master, which must come to an end each time."""
    clock = Clock()
    modbus_bus.time = modbus_rtu.time = clock
    uart = Uart(clock, lambda frame: [(noise.dice.below(400000), noise.line(frame))])
    pin = Pin(clock)
    bus = modbus_rtu.Bus((uart, pin, 0), settings())
    for done in range(transactions):
        pin.levels.clear()
        uart.sent.clear()
        begin_us = clock.us
        bus.start(noise.request())
        ms = bus.step()
        while ms != DONE:
            clock.sleep_ms(ms)
            ms = bus.step()
        assert clock.us - begin_us < 2000000
        assert sum(bus.counts) == done + 1
        assert not pin.levels or pin.levels[-1][1] == 0
    return bus.counts
