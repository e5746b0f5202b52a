"""The UARTs of the `machine` module: bytes go to the world, and what came from there is kept."""

import io
import struct

import frames
from backplane import bus
from micropython import const
from outside import memory

_FIFO = const(128)
_POLL = const(3)
_POLL_READ = const(1)
_POLL_WRITE = const(4)
_EINVAL = const(22)

open_terminal = None  # set by the launcher, in real time only

_uarts = {}


def _gcd(a, b):
    while b:
        a, b = b, a % b
    return a


class UART(io.IOBase):
    """Sent bytes leave at the pace of the line: `_free_us`, `_free_ms` tell when the last ends."""

    waits_for_world = True
    INV_TX = 32
    INV_RX = 4

    def __init__(self, id, baudrate=115200, bits=8, parity=None, stop=1, **options):
        if not 0 <= id <= 2:
            raise ValueError("UART(%d) does not exist" % id)
        self._id = id
        self._baudrate = baudrate
        self._bits = bits
        self._parity = parity
        self._stop = stop
        self._txbuf = self._rxbuf = 256
        self._timeout = self._timeout_char = 0
        self._file = open_terminal(id) if open_terminal else None
        self._free_us = self._free_ms = 0
        self._received = None
        self.init(**options)
        _uarts[id] = self

    def init(self, baudrate=0, bits=0, parity=-1, stop=0, txbuf=0, rxbuf=0, timeout=-1,
             timeout_char=-1, invert=0, **pins):  # fmt: skip
        if bits not in (0, 5, 6, 7, 8):
            raise ValueError("invalid data bits")
        if stop not in (0, 1, 2):
            raise ValueError("invalid stop bits")
        self._baudrate = baudrate or self._baudrate
        self._bits = bits or self._bits
        self._parity = self._parity if parity == -1 else parity
        self._stop = stop or self._stop
        self._txbuf = txbuf or self._txbuf
        self._rxbuf = rxbuf or self._rxbuf
        self._timeout = self._timeout if timeout == -1 else timeout
        self._timeout_char = self._timeout_char if timeout_char == -1 else timeout_char
        self._set_up(invert)

    def _set_up(self, invert):
        parity = 2 if self._parity is None else self._parity & 1
        line = struct.pack("<IBBBB", self._baudrate, self._bits, parity, self._stop, invert)
        bus.post(frames.UART_SETUP, self._id, line)
        bits = 1 + self._bits + (parity != 2) + self._stop
        divisor = _gcd(bits * 1000000, self._baudrate)
        self._char_us = bits * 1000000 // divisor  # one character takes _char_us / _char_div µs
        self._char_div = self._baudrate // divisor
        if self._received is None or len(self._received) != self._rxbuf:
            self._received = memory.take(self._rxbuf)
        if self._file:
            self._fill()
        self._count = 0

    def deinit(self):
        _uarts.pop(self._id, None)

    def take(self, data):
        """Keep received bytes as far as rxbuf has room; the rest is lost, as on the chip."""
        begin = self._count
        end = begin + len(data)
        if end > self._rxbuf:
            end = self._rxbuf
            data = data[: end - begin]
        self._received[begin:end] = data
        self._count = end

    def _fill(self):
        """Take what the terminal holds."""
        while True:
            data = self._file.read(64)
            if not data:
                return
            self.take(data)

    def any(self):
        bus.catch_up()
        if self._file:
            self._fill()
        return self._count

    def _await(self, count):
        """Wait as `timeout` and `timeout_char` say for `count` bytes; returns how many are here."""
        left_us = self._timeout * 1000
        here = self.any()
        while here < count and left_us > 0:
            left_us -= bus.pause(min(left_us, 1000))
            before = here
            here = self.any()
            if here > before:
                left_us = self._timeout_char * 1000
        return min(here, count)

    def readinto(self, buffer, count=-1):
        count = self._await(len(buffer) if count < 0 else min(count, len(buffer)))
        if not count:
            return None
        buffer[:count] = self._received[:count]
        self._drop(count)
        return count

    def read(self, count=-1):
        count = self._await(self._rxbuf if count < 0 else count)
        if not count:
            return None
        data = bytes(self._received[:count])
        self._drop(count)
        return data

    def readline(self):
        count = self.any()
        end = bytes(self._received[:count]).find(b"\n")
        return self.read(end + 1 if end >= 0 else count) if count else None

    def _drop(self, count):
        rest = self._count - count
        if rest:
            self._received[:rest] = self._received[count : self._count]
        self._count = rest

    def write(self, data, *limits):
        """Blocks while txbuf is full."""
        if limits:
            begin, size = (0,) + limits if len(limits) == 1 else limits
            data = memoryview(data)[begin : begin + size]
        if self._file:
            self._file.write(data)
        else:
            bus.post(frames.UART_DATA, self._id, data)
        takes_us = self._duration_us(len(data)) + self._left_us()
        self._free_us = bus.ticks_us() + takes_us & 0x3FFFFFFF
        self._free_ms = bus.ticks_ms() + takes_us // 1000 + 1 & 0x3FFFFFFF
        self._wait_for_tx(self._duration_us(self._txbuf + _FIFO))
        return len(data)

    def _duration_us(self, chars):
        return -(-chars * self._char_us // self._char_div)

    def _left_us(self):
        """How long sending still takes. Both clocks wrap: that of µs after 18 minutes."""
        left_ms = (self._free_ms - bus.ticks_ms() + 0x20000000 & 0x3FFFFFFF) - 0x20000000
        if not 0 <= left_ms < 100000:
            return 0
        left_us = (self._free_us - bus.ticks_us() + 0x20000000 & 0x3FFFFFFF) - 0x20000000
        return max(0, left_us)

    def _wait_for_tx(self, left_us):
        while True:
            excess_us = self._left_us() - left_us
            if excess_us <= 0:
                return
            bus.pause(excess_us)

    def txdone(self):
        bus.catch_up()
        return self._left_us() == 0

    def flush(self):
        self._wait_for_tx(0)

    def ioctl(self, request, argument):
        if request != _POLL:
            return -_EINVAL
        if self._file:
            self._fill()
        return argument & (_POLL_WRITE | (_POLL_READ if self._count else 0))


def _receive(id, data):
    if id in _uarts:
        _uarts[id].take(data)


bus.handlers[frames.UART_DATA] = _receive
