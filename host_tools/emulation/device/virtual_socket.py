"""The `socket` module in virtual time: TCP and UDP to the hosts of the emulated LAN.

As on the chip there are 16 sockets; a connection holds at most a window of received bytes, and
sends at most a window that the other side has not taken. Errors show on the next use.
"""

import io
import struct
from errno import EAGAIN, EBADF, EINPROGRESS, ENOTCONN, ETIMEDOUT

import frames
from backplane import bus
from micropython import const
from outside import memory

AF_INET = 2
SOCK_STREAM = 1
SOCK_DGRAM = 2
IPPROTO_TCP = 6
IPPROTO_UDP = 17
SOL_SOCKET = 0xFFF
SO_REUSEADDR = 4
TCP_NODELAY = 1

_WINDOW = const(5744)
_HALF_WINDOW = const(2872)  # while it holds no more, nobody waits for room
_MOST_DATAGRAMS = const(6)
_MOST_SOCKETS = const(16)
_EINVAL = const(22)
_ENFILE = const(23)
_CLOSE = const(4)
_POLL = const(3)
_POLL_READ = const(1)
_POLL_WRITE = const(4)
_SLICE_US = const(100000000)

_NEW = const(0)
_CONNECTING = const(1)
_OPEN = const(2)
_CLOSED = const(3)

_sockets = {}


class _Stack:
    last_id = 0
    answer = None  # of the resolver: an address, "" for none


def _new_id():
    """An id that was not used for long, so that nothing late reaches the wrong socket."""
    if len(_sockets) == _MOST_SOCKETS:
        raise OSError(_ENFILE)
    while True:
        _Stack.last_id = _Stack.last_id + 1 & 0xFF
        if _Stack.last_id not in _sockets:
            return _Stack.last_id


class socket(io.IOBase):
    waits_for_world = True

    def __init__(self, family=AF_INET, kind=SOCK_STREAM, protocol=0):
        self._id = _new_id()
        self._kind = kind
        self._state = _NEW if kind == SOCK_STREAM else _OPEN
        self._patience_us = -1
        self._window = None  # the received bytes are window[begin:end]
        self._begin = self._end = 0
        self._datagrams = []
        self._peer = None
        self._room = _WINDOW
        self._error = 0
        self._ended = False
        _sockets[self._id] = self

    # What comes from the world.

    def opened(self, data):
        self._state = _OPEN

    def arrived(self, data):
        if self._window is None:
            self._window = memory.take(_WINDOW)
        if self._end + len(data) > _WINDOW:
            rest = self._end - self._begin
            self._window[:rest] = self._window[self._begin : self._end]
            self._begin = 0
            self._end = rest
        self._window[self._end : self._end + len(data)] = data
        self._end += len(data)

    def taken(self, data):
        self._room += struct.unpack("<H", data)[0]

    def ended(self, data):
        self._ended = True

    def failed(self, data):
        self._error = struct.unpack("<H", data)[0]

    def datagram(self, data):
        if len(self._datagrams) < _MOST_DATAGRAMS:
            port, size = struct.unpack("<HB", data)
            host = str(bytes(data[3 : 3 + size]), "utf-8")
            self._datagrams.append((bytes(data[3 + size :]), (host, port)))

    # What the firmware calls.

    def setblocking(self, flag):
        self._patience_us = -1 if flag else 0

    def settimeout(self, seconds):
        self._patience_us = -1 if seconds is None else int(seconds * 1000000)

    def setsockopt(self, level, option, value):
        pass

    def fileno(self):
        return self._id

    def makefile(self, *mode):
        return self

    def bind(self, address):
        pass

    def listen(self, backlog=2):
        """Nobody comes: the world calls no board in virtual time."""
        self._state = _OPEN

    def connect(self, address):
        self._peer = address
        if self._kind == SOCK_STREAM:
            self._state = _CONNECTING
            host, port = getaddrinfo(*address)[0][-1]
            bus.post(frames.CONNECT, self._id, struct.pack("<H", port) + host.encode())
            if not self._patience_us:
                raise OSError(EINPROGRESS)
            self._await(_POLL_WRITE)
            self._check()

    def _check(self):
        if self._error:
            raise OSError(self._error)
        if self._state == _CLOSED:
            raise OSError(EBADF)
        if self._state == _NEW:
            raise OSError(ENOTCONN)

    def _await(self, events):
        """Wait for one of the events; False at once if not blocking, OSError after a timeout."""
        self._check()
        left_us = self._patience_us
        while not self._ready() & events:
            if not self._patience_us:
                return False
            passed_us = bus.pause(_SLICE_US if left_us < 0 else left_us)
            if left_us >= 0:
                left_us = max(0, left_us - passed_us)
                if not left_us and not self._ready() & events:
                    raise OSError(ETIMEDOUT)
        self._check()
        return True

    def _ready(self):
        if self._error or self._state == _CLOSED:
            return _POLL_READ | _POLL_WRITE
        ready = _POLL_READ if self._end > self._begin or self._datagrams or self._ended else 0
        return ready | (_POLL_WRITE if self._state == _OPEN and self._room else 0)

    def ioctl(self, request, argument):
        if request == _POLL:
            return self._ready() & argument
        if request == _CLOSE:
            self.close()
            return 0
        return -_EINVAL

    def _take(self, count):
        if self._datagrams:
            return self._datagrams.pop(0)[0][:count]
        data = bytearray(min(count, self._end - self._begin))
        self._take_into(data, len(data))
        return bytes(data)

    def _take_into(self, buffer, count):
        """Move what was received, at most `count` bytes; return how many."""
        count = min(count, self._end - self._begin)
        if count:
            tell = bus.note if self._end - self._begin < _HALF_WINDOW else bus.post
            buffer[:count] = self._window[self._begin : self._begin + count]
            self._begin += count
            tell(frames.SOCKET_ROOM, self._id, struct.pack("<H", count))
        return count

    def recv(self, count):
        if not self._await(_POLL_READ):
            raise OSError(EAGAIN)
        return self._take(count)

    def recvfrom(self, count):
        if not self._await(_POLL_READ):
            raise OSError(EAGAIN)
        data, sender = self._datagrams.pop(0)
        return data[:count], sender

    def read(self, count=-1):
        """All up to the end of the stream, or `count`; None if not blocking and nothing is here."""
        data = b""
        while count < 0 or len(data) < count:
            if not self._await(_POLL_READ):
                return data or None
            more = self._take(_WINDOW if count < 0 else count - len(data))
            if not more:
                return data
            data += more
        return data

    def readinto(self, buffer, count=-1):
        if not self._await(_POLL_READ):
            return None
        count = len(buffer) if count < 0 else min(count, len(buffer))
        if self._datagrams:
            data = self._take(count)
            buffer[: len(data)] = data
            return len(data)
        return self._take_into(buffer, count)

    def readline(self):
        line = b""
        while not line.endswith(b"\n"):
            if not self._await(_POLL_READ):
                return line or None
            byte = self._take(1)
            if not byte:
                return line
            line += byte
        return line

    def write(self, data, *limits):
        """Returns how many bytes were taken, which may be less; None if none could be."""
        if limits:
            begin, size = (0,) + limits if len(limits) == 1 else limits
            data = memoryview(data)[begin : begin + size]
        if self._kind == SOCK_DGRAM:
            return self.sendto(data, self._peer)
        if not self._await(_POLL_WRITE):
            return None
        count = min(len(data), self._room)
        self._room -= count
        bus.post(frames.SOCKET_DATA, self._id, memoryview(data)[:count])
        return count

    def send(self, data):
        count = self.write(data)
        if count is None:
            raise OSError(EAGAIN)
        return count

    def sendall(self, data):
        data = memoryview(data)
        while len(data):
            data = data[self.send(data) :]

    def sendto(self, data, address):
        self._check()
        host = address[0].encode()
        head = struct.pack("<HB", address[1], len(host))
        bus.post(frames.DATAGRAM, self._id, head + host + bytes(data))
        return len(data)

    def close(self):
        if self._state != _CLOSED:
            self._state = _CLOSED
            bus.news += 1
            del _sockets[self._id]
            if self._window is not None:
                memory.give(self._window)
                self._window = None
                self._begin = self._end = 0
            bus.post(frames.CLOSE, self._id)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def getaddrinfo(host, port, family=0, kind=0, protocol=0, flags=0):
    """Blocks until the resolver has answered; OSError(-2) for an unknown name."""
    address = host if host[0].isdigit() else _look_up(host)
    return [(AF_INET, kind or SOCK_STREAM, protocol, host, (address, port))]


def _look_up(host):
    _Stack.answer = None
    bus.post(frames.LOOK_UP, 0, host.encode())
    while _Stack.answer is None:
        bus.pause(_SLICE_US)
    if not _Stack.answer:
        raise OSError(-2)
    return _Stack.answer


def _answered(id, data):
    _Stack.answer = str(bytes(data), "utf-8")


def _to_socket(method):
    def handler(id, data):
        if id in _sockets:
            method(_sockets[id], data)

    return handler


bus.handlers[frames.LOOK_UP] = _answered
bus.handlers[frames.CONNECT] = _to_socket(socket.opened)
bus.handlers[frames.SOCKET_DATA] = _to_socket(socket.arrived)
bus.handlers[frames.SOCKET_ROOM] = _to_socket(socket.taken)
bus.handlers[frames.CLOSE] = _to_socket(socket.ended)
bus.handlers[frames.SOCKET_ERROR] = _to_socket(socket.failed)
bus.handlers[frames.DATAGRAM] = _to_socket(socket.datagram)
