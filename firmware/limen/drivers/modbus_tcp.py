"""The master of Modbus devices behind a TCP connection: Modbus TCP, and frames of RTU over TCP.

Several units may be behind one connection. It is opened when it is first needed, and again when it
has failed or brought nothing but silence for a while: at once after it was of use, else after
pauses that grow and vary, so that many gateways do not come back at the same moment. Without a
connection a transaction ends at once.
"""

import random
import select
import time
from errno import ECONNRESET, ETIMEDOUT

from limen.core import modbus
from limen.core.compat import const
from limen.drivers import DONE
from limen.drivers.modbus_bus import ModbusBus
from limen.net.connector import Connector

_ROUND_TRIP_BYTES = const(200)  # what a round trip is worth, in bytes that are read in vain
LOOK_MS = const(2)
_MOST_SILENCES = const(3)
_FIRST_PAUSE_MS = const(1000)
_LONGEST_PAUSE_MS = const(30000)
_CHUNK_BYTES = const(64)
_LATE_TIMES = const(2)

_CONNECTING = const(0)
_RECEIVING = const(1)


class Bus(ModbusBus):
    """`settings` are the bus's part of the configuration: `host`, `port`, `timeout_ms`.

    `connections` counts those that were of use, `failures` those that could not be made or broke.
    """

    def __init__(self, port, settings, store=None):
        self._has_ids = settings["kind"] != "modbus-rtu-tcp"
        if self._has_ids:
            from limen.core.modbus_tcp import TcpReply

            super().__init__(settings, TcpReply(), 0)
        else:
            super().__init__(settings, modbus.Reply(), _LATE_TIMES * settings["timeout_ms"])
        self._host = settings["host"]
        self._port = settings["port"]
        self._timeout_ms = settings["timeout_ms"]
        self._connector = Connector()
        self._chunk = bytearray(_CHUNK_BYTES)
        self._socket = None
        self._is_open = self._is_useful = False
        self._poll = select.poll()
        self._silences = self._backoff_ms = self._pause_ms = 0
        self._began_ms = self._started_ms = time.ticks_ms()
        self.connections = self.failures = 0

    def overhead_bytes(self, pause_ms):
        """What a request costs beside the registers it reads, in bytes."""
        return _ROUND_TRIP_BYTES

    def counters(self):
        counters = super().counters()
        if self._has_ids:
            counters["late"] = self.reply.late
        counters["connections"] = self.connections
        counters["failures"] = self.failures
        return counters

    def start(self, request, pause_ms=0):
        """Prepare a transaction: `request` is a whole frame of RTU."""
        self._request = request
        self._state = _CONNECTING
        self._started_ms = time.ticks_ms()

    def step(self):
        """Go on with the transaction; return the milliseconds to sleep or DONE."""
        try:
            if self._state == _RECEIVING:
                return self._receive()
            return self._connect() if not self._is_open else self._send()
        except OSError:
            was_useful = self._is_useful
            self._fail()
            return self._end(modbus.TIMEOUT if was_useful else modbus.NO_LINK)

    def _connect(self):
        """Begin a connection, or see whether it is there."""
        passed_ms = self._since_ms(self._began_ms)
        if self._socket is None:
            if passed_ms < self._pause_ms:
                return self._end(modbus.NO_LINK)
            self._began_ms = time.ticks_ms()
            self._socket = self._connector.connect(self._host, self._port)
            self._poll.register(self._socket, select.POLLOUT)
        elif self._poll.poll(0):
            self._poll.unregister(self._socket)
            self._is_open = True
            return self._send()
        elif passed_ms > self._timeout_ms:
            raise OSError(ETIMEDOUT)
        return LOOK_MS

    def _send(self):
        frame = self._request
        if self._has_ids:
            frame = self.reply.encode(self._request)
        else:
            self._drop_late()
        self.reply.expect(self._request)
        self.result = modbus.WAITING
        if self._socket.write(frame) != len(frame):
            raise OSError(ETIMEDOUT)  # it takes nothing any more
        self._sent_ms = time.ticks_ms()
        self._state = _RECEIVING
        self._do_work()
        return LOOK_MS

    def _drop_late(self):
        """What comes now answers no request any more."""
        size = self._socket.readinto(self._chunk)
        if size:
            self.late += 1
        while size:
            size = self._socket.readinto(self._chunk)
        if size == 0:
            raise OSError(ECONNRESET)

    def _receive(self):
        while self.result == modbus.WAITING and self._take():
            pass
        passed_ms = self._since_ms(self._sent_ms)
        if self.result == modbus.WAITING:
            if passed_ms < self._timeout_ms:
                return max(LOOK_MS, passed_ms >> 2)
            self.result = self.reply.finish()
        if self._has_ids and self.result == modbus.GARBAGE:
            self._is_useful = False  # what answers there speaks something else
            self._fail()
        return self._end(self.result)

    def _take(self):
        """Give what has come to the reply; whether there was anything."""
        reply = self.reply
        if self._has_ids:
            reply.compact()
        if not reply.length:
            size = self._socket.readinto(reply.buffer)
            if size:
                self.result = reply.feed_in_place(size)
        else:
            # RTU may bring more than any frame has; of TCP nothing may be lost.
            room = len(reply.buffer) - reply.length if self._has_ids else _CHUNK_BYTES
            size = self._socket.readinto(self._chunk, min(room, _CHUNK_BYTES))
            if size:
                self.result = reply.feed(self._chunk, size)
        if size == 0:
            raise OSError(ECONNRESET)
        return size

    def _end(self, result):
        if result == modbus.OK or result == modbus.EXCEPTION:
            self.connections += not self._is_useful
            self._connector.answered = self._is_useful = True
            self._silences = self._backoff_ms = self._pause_ms = 0
        elif self._is_open:
            self._silences += 1
            if self._silences == _MOST_SILENCES:
                self._fail()
        self._count(result, 1000 * self._since_ms(self._started_ms))
        return DONE

    def _fail(self):
        """Give the connection up; where it was of no use, the next one waits."""
        self.failures += 1
        if self._socket is not None:
            if not self._is_open:
                self._poll.unregister(self._socket)
            self._socket.close()
            self._socket = None
        if not self._is_useful:
            self._backoff_ms = min(max(_FIRST_PAUSE_MS, 2 * self._backoff_ms), _LONGEST_PAUSE_MS)
            half_ms = self._backoff_ms // 2
            self._pause_ms = half_ms + (half_ms * random.getrandbits(8) >> 8)
        self._is_open = self._is_useful = False
        self._silences = 0
        self._began_ms = time.ticks_ms()
        if self._has_ids:
            self.reply.restart()

    def _since_ms(self, ticks):
        passed_ms = time.ticks_diff(time.ticks_ms(), ticks)
        return passed_ms if passed_ms >= 0 else _LONGEST_PAUSE_MS
