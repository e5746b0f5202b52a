"""The board's end of the backplane: frames to the world and from it, in real time.

`post` sends a frame, `handlers[kind](id, data)` gets those that come. They come only while the
board lets time pass (`pause`) or asks (`catch_up`), never in the middle of anything else. The clock
is here too, because in virtual time (`virtual_backplane`) it is the world that lets it run. Where a
KeyboardInterrupt comes in between, a frame may be lost, but its end is never missed.
"""

import select
import struct
import time
from array import array

import uctypes
from micropython import const

_HEADER = const(12)
_FRAME = const(8)
_MESSAGE = const(4096)
_OUT = const(512)


class Backplane:
    news = 0  # grows with what comes from the world

    def __init__(self, file, to_world):
        self.handlers = {}
        self.file = file
        self._to_world = to_world
        self._in = array("i", bytes(_HEADER))
        self._message = memoryview(bytearray(_MESSAGE))  # None while it is in use
        self._head = array("i", bytes(_OUT))  # the header of what is gathered
        self._out = uctypes.bytearray_at(uctypes.addressof(self._head), _OUT)  # and all of it
        self._end = _HEADER
        self._header_bytes = 0  # 0: the next message has not begun
        self._poll = select.poll()
        self._poll.register(file, select.POLLIN)
        self._began = time.time()

    ticks_ms = staticmethod(time.ticks_ms)
    ticks_us = staticmethod(time.ticks_us)

    def uptime(self):
        """Seconds and microseconds since the board started."""
        now = time.time() - self._began
        return int(now), int(now % 1 * 1000000)

    def pause(self, us):
        """Let up to `us` pass; less if something came from the world. Returns what passed."""
        began = time.ticks_us()
        if us < 1000:
            time.sleep_us(us)
        elif self._poll.poll(us // 1000):
            self._receive()
        return time.ticks_diff(time.ticks_us(), began)

    def catch_up(self):
        """Take what has come from the world."""
        while self._poll.poll(0):
            self._receive()

    def post(self, kind, id, data=b""):
        """Send a frame."""
        self._put(kind, id, data, 0)
        self.flush()

    note = post  # what the world does not answer
    charge = staticmethod(time.sleep_us)

    def _put(self, kind, id, data, spent_us):
        """Gather a frame, and how long after the last answer it is; a long one is sent at once with
        all before it.
        """
        size = len(data)
        begin = self._end + _FRAME
        if begin + size > _OUT:
            self.flush()
            begin = _HEADER + _FRAME
        struct.pack_into("<BBHI", self._out, begin - _FRAME, kind, id, size, spent_us)
        end = begin + size
        if end <= _OUT:
            if size:
                self._out[begin:end] = data
            self._end = end
        else:
            self._set_head(_FRAME + size, 0, -1)
            self._to_world.write(self._out, begin)
            self._to_world.write(data)

    def flush(self):
        """Send what was gathered, without waiting for an answer."""
        if self._end > _HEADER:
            end = self._end
            self._end = _HEADER  # before it goes, so that none goes twice
            self._set_head(end - _HEADER, 0, -1)
            self._to_world.write(self._out, end)

    def _set_head(self, size, spent_us, wait_us):
        head = self._head
        head[0] = size
        head[1] = spent_us
        head[2] = wait_us

    def _receive(self):
        """Take one message, which is never empty."""
        if not self._header_bytes:
            self._header_bytes = self.file.readinto(self._in)
        if self._header_bytes != _HEADER:
            raise SystemExit  # the world has ended
        self._deliver(self._in[0])

    def _deliver(self, size):
        message = self._message
        if message is None or size > _MESSAGE:
            message = memoryview(bytearray(size))
        else:
            self._message = None
        try:
            self.file.readinto(message, size)
            self._header_bytes = 0
            self.news += 1
            self._hand_out(message, size)
        finally:
            if len(message) == _MESSAGE:
                self._message = message

    def _hand_out(self, frames, end):
        """Give each frame to its handler, which keeps nothing of it but copies."""
        at = 0
        while at < end:
            begin = at + _FRAME
            handler = self.handlers.get(frames[at])
            id = frames[at + 1]
            at = begin + frames[at + 2] + (frames[at + 3] << 8)
            if handler:
                handler(id, frames[begin:at])


def start(is_virtual, file, to_world):
    """Open the backplane; it is `bus` from then on."""
    global bus
    if is_virtual:
        from virtual_backplane import VirtualBackplane as Backplane_
    else:
        Backplane_ = Backplane
    bus = Backplane_(file, to_world)
    return bus
