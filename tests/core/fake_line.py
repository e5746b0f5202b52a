"""A serial line and a clock for tests of what runs on them, under both Pythons."""

from limen.core.modbus import crc16

WRAP = 1 << 30


class Clock:
    """Stands for `time` and `asyncio` in a driver: time passes only in sleeps.

    Sleeps of the event loop end on multiples of `grid_us`, a pass of it takes `pass_us`.
    """

    def __init__(self, us=5000000, grid_us=1000, pass_us=100):
        self.us = us
        self.grid_us = grid_us
        self.pass_us = pass_us
        self.sleeps = self.passes = 0

    def ticks_us(self):
        return self.us % WRAP

    def ticks_ms(self):
        return self.us // 1000 % WRAP

    def ticks_diff(self, a, b):
        return (a - b + WRAP // 2) % WRAP - WRAP // 2

    def ticks_add(self, a, b):
        return (a + b) % WRAP

    def sleep_us(self, us):
        assert 0 < us <= 1000
        self.us += us

    def sleep_ms(self, ms):
        assert ms >= 0
        if ms:
            self.sleeps += 1
            self.us = -(-(self.us + ms * 1000) // self.grid_us) * self.grid_us
        else:
            self.passes += 1
            self.us += self.pass_us
        return self

    # What `sleep_ms` returns is awaited, or given to `next`.

    def __iter__(self):
        yield

    __await__ = __iter__

    def __next__(self):
        return None


class Pin:
    """`levels` are (µs, level) of each change."""

    def __init__(self, clock):
        self.clock = clock
        self.levels = []

    def value(self, level):
        if not self.levels or self.levels[-1][1] != level:
            self.levels.append((self.clock.us, level))


class Uart:
    """A line; `answer(frame)` gives the pieces (µs after the request, bytes) of the reply.

    `sent` are (µs of the first bit, frame).
    """

    def __init__(self, clock, answer, baud=9600, bits=10):
        self.clock = clock
        self.answer = answer
        self.sent = []
        self.coming = []
        self.free_us = 0
        self._bits = bits
        self._baud = baud

    def chars_us(self, count):
        return -(-count * self._bits * 1000000 // self._baud)

    def write(self, frame):
        begin_us = self.clock.us
        self.sent.append((begin_us, bytes(frame)))
        self.free_us = begin_us + self.chars_us(len(frame))
        for delay_us, piece in self.answer(bytes(frame)):
            start_us = self.free_us + delay_us
            for index in range(len(piece)):
                self.coming.append((start_us + self.chars_us(index + 1), piece[index]))
        self.coming.sort()

    def txdone(self):
        self.clock.us += 5
        return self.clock.us >= self.free_us

    def any(self):
        self.clock.us += 5
        return sum(1 for us, _ in self.coming if us <= self.clock.us)

    def readinto(self, buffer):
        size = 0
        while self.coming and size < len(buffer) and self.coming[0][0] <= self.clock.us:
            buffer[size] = self.coming.pop(0)[1]
            size += 1
        return size or None


def settings(**changed):
    values = {
        "kind": "modbus-rtu",
        "id": "rs485",
        "baud": 9600,
        "bits": 8,
        "parity": None,
        "stop": 1,
        "timeout_ms": 300,
    }
    values.update(changed)
    return values


def with_crc(frame):
    crc = crc16(frame, 0, len(frame))
    return bytes(frame) + bytes((crc & 0xFF, crc >> 8))


def read(address, function, start, count):
    """A request to read."""
    return with_crc(bytes((address, function, start >> 8, start & 0xFF, count >> 8, count & 0xFF)))


def words(start, count):
    """The registers of a device whose register n holds n + 256."""
    return b"".join([bytes((n // 256 + 1, n % 256)) for n in range(start, start + count)])


def meter(frame):
    """The reply of such a device to a request for registers."""
    start, count = frame[2] << 8 | frame[3], frame[4] << 8 | frame[5]
    return with_crc(frame[:2] + bytes((2 * count,)) + words(start, count))


def exception(frame, code):
    return with_crc(bytes((frame[0], frame[1] | 0x80, code)))


def after(delay_ms, change=lambda reply: reply):
    """An answer of such a device, `delay_ms` after the request, with something done to it."""
    return lambda frame: [(delay_ms * 1000, change(meter(frame)))]


def silent(frame):
    return []
