"""Modbus TCP with several requests under way at once, where the configuration allows it.

A gateway to a serial line, or a controller far away, answers one request while the next is on its
way. The ids of transactions tell which reply is whose. What is not answered in time, or refused,
is asked again, one after the other, as every other Modbus device is: repetitions and cuts are made
there. Before anything is sent ahead, the connection must have been of use.
"""

import time
from errno import ECONNRESET

from limen.core import modbus
from limen.core.compat import const
from limen.core.modbus_tcp import TcpReply
from limen.drivers import DONE, modbus_device, modbus_tcp

_IDS = const(0xFFFF)


class Replies(TcpReply):
    """Replies to several requests, in any order."""

    def append(self, data, size):
        """Keep bytes of the connection, without looking for a reply."""
        for index in range(size):
            self.buffer[self.length + index] = data[index]
        self.length += size

    def take_next(self, request):
        """Take the next frame, which is here whole, for the reply to a request; the result."""
        number = self.awaited
        self.expect(request)
        self.awaited = self.next_id()
        result = self.feed_in_place(0)
        self.awaited = number
        return result


class Bus(modbus_tcp.Bus):
    """As behind every TCP connection; `pipeline` in the settings is how many requests may be under
    way."""

    def __init__(self, port, settings, store=None):
        super().__init__(port, settings, store)
        self.reply = Replies()
        self.window = settings["pipeline"]

    def is_useful(self):
        """Whether the connection is there and has brought replies."""
        return self._is_useful

    def post(self, request):
        """Send a request without waiting; return its transaction id. Raises OSError."""
        frame = self.reply.encode(request)
        if self._socket.write(frame) != len(frame):
            raise OSError(ECONNRESET)
        return self.reply.awaited

    def receive(self):
        """Take what has come; whether there was anything. Raises OSError."""
        self.reply.compact()
        room = len(self.reply.buffer) - self.reply.length
        size = self._socket.readinto(self._chunk, min(room, len(self._chunk)))
        if size == 0:
            raise OSError(ECONNRESET)
        if size:
            self.reply.append(self._chunk, size)
        return size

    def count(self, result, since_ms):
        """A request ended so; the bus was in use since then."""
        self._count(result, 1000 * self._since_ms(since_ms))

    def is_over(self, since_ms):
        """Whether nothing came for too long."""
        return self._since_ms(since_ms) >= self._timeout_ms

    def give_up(self):
        self._fail()


class Device(modbus_device.Device):
    """As every Modbus device."""

    def __init__(self, bus, settings, channels, attempts=2):
        super().__init__(bus, settings, channels, attempts)
        self._ahead = None

    def read(self):
        """Begin to read the channels that are marked `fresh`; `step` does it."""
        todo = self.requests()
        self._ahead = None
        self._some_came = False
        if len(todo) > 1 and self.answered and self.bus.is_useful():
            self._todo = todo
            self._ahead = Ahead(self, todo)
        else:
            super().read()

    def step(self):
        """Go on; return the milliseconds to sleep or DONE."""
        if self._ahead:
            ms = self._ahead.step(self._take)
            if ms != DONE:
                return ms
            rest = self._ahead.rest()
            self._some_came = len(rest) < len(self._todo)
            self._ahead = None
            self._begin(rest, self._attempts)
        ms = super().step()
        if ms == DONE and self._some_came:
            self.answered = True
        return ms

    def _take(self, request):
        self._undecoded = request
        self._data = self.bus.reply.data
        self._decode()


class Ahead:
    """Requests that are sent before the replies to those before them are here."""

    def __init__(self, device, todo):
        self._bus = device.bus
        self._frame = device.frame
        self._todo = todo
        self._is_done = bytearray(len(todo))
        self._sent = self._came = self._first = 0
        self._progress_ms = time.ticks_ms()

    def rest(self):
        """What has to be asked again."""
        return tuple(r for index, r in enumerate(self._todo) if not self._is_done[index])

    def step(self, take):
        """Go on; `take(request)` is called while the reply to it is in the buffer."""
        bus = self._bus
        try:
            self._send()
            while bus.receive():
                self._take_replies(take)
            self._send()
        except OSError:
            bus.give_up()
            return DONE
        is_over = self._came == len(self._todo) or bus.is_over(self._progress_ms)
        return DONE if is_over else modbus_tcp.LOOK_MS

    def _send(self):
        while self._sent < len(self._todo) and self._sent - self._came < self._bus.window:
            number = self._bus.post(self._frame(self._todo[self._sent]))
            if not self._sent:
                self._first = number
            self._sent += 1

    def _take_replies(self, take):
        reply = self._bus.reply
        number = reply.next_id()
        while number >= 0:
            index = number - self._first & _IDS
            is_ours = index < self._sent and not self._is_done[index]
            request = self._todo[index if is_ours else 0]
            result = reply.take_next(request)
            reply.late += not is_ours
            if is_ours:
                self._came += 1
                self._bus.count(result, self._progress_ms)
                self._progress_ms = time.ticks_ms()
                if result == modbus.OK:
                    self._is_done[index] = 1
                    take(request)
            number = reply.next_id()
        if number != modbus.WAITING:
            raise OSError(ECONNRESET)
