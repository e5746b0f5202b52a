"""A TCP or TLS stream that never blocks the event loop, with a fixed buffer in each direction.

Received bytes gather in `received[start:end]` until the reader takes them; `fill` waits for more.
Sent bytes go to the socket at once; what it does not take stays in order in the send buffer, and a
task of its own passes it on. A link that fails wakes the one task in `fill`, which gets the error;
`write` drops what comes after it, so that writers need not be prepared for it at every packet.
Over TLS a piece that the socket did not take must be offered again as it was, neither longer nor
shorter: its record is made already.
`read`, `write`, `setblocking` and `close` are what the methods of umqtt.simple call on a socket.
"""

import asyncio
from errno import ECONNRESET, ENOTCONN

from limen.net.connector import Connector


class Stream:
    """One connection at a time, to a host that is looked up again only after it failed.

    `tls`, where given, secures each (`limen.net.tls`).
    """

    def __init__(self, receive_bytes, send_bytes, tls=None):
        self._tls = tls
        self.received = bytearray(receive_bytes)
        self.sending = bytearray(send_bytes)
        self._received = memoryview(self.received)
        self._sending = memoryview(self.sending)
        self._socket = self._tcp = None
        self._flusher = None
        self._connector = Connector()
        self._drained = asyncio.Event()
        self._drained.set()
        self._reset(OSError(ENOTCONN))

    def _reset(self, failure):
        self.start = self.end = self._skipping = 0
        self._send_start = self._send_end = self._offered = 0
        self.failure = failure
        self._reader = None
        self._is_secured = not self._tls

    async def open(self, host, port):
        """Connect; a refusal may show only at the first exchange. Raises OSError, TlsError."""
        self.close()
        self._socket = self._tcp = self._connector.connect(host, port)
        self._reset(None)
        await self._ready(asyncio.core._io_queue.queue_write)
        if self._tls:
            self._socket = self._tls.wrap(self._tcp, host)

    def _ready(self, queue):
        yield queue(self._socket)

    async def fill(self):
        """Wait until at least one more byte is in `received`. For one task; raises OSError.

        Nothing that has arrived is lost when the waiting task is cancelled.
        """
        if self.start:
            kept = self.end - self.start
            self._received[:kept] = self._received[self.start : self.end]
            self.start = 0
            self.end = kept
        taken = None
        while taken is None:
            await self._until_readable()
            try:
                taken = self._socket.readinto(self._received[self.end :])
            except (OSError, ValueError) as error:
                raise self._explain(error)
        if not taken:
            raise self._explain(OSError(ECONNRESET))
        self._connector.answered = self._is_secured = True
        skipped = min(taken, self._skipping)
        self._skipping -= skipped
        self.start += skipped
        self.end += taken

    def _explain(self, error):
        """What the socket's error means: over TLS, before anything came, the handshake's. The
        other side may refuse our certificate when our first bytes are out already."""
        return self._tls.explain(error, self._is_secured) if self._tls else error

    async def _until_readable(self):
        try:
            if not self.failure:
                self._reader = asyncio.current_task()
                await self._ready(asyncio.core._io_queue.queue_read)
        except asyncio.CancelledError:
            if not self.failure:
                raise
        finally:
            self._reader = None
        if self.failure:
            raise self.failure

    def fail(self, error):
        """End the connection: the task in `fill` gets `error`, what is written is dropped."""
        if not self.failure:
            self.failure = error
            self._send_start = self._send_end = 0
            self._drained.set()
            if self._reader:
                self._reader.cancel()

    def skip(self, count):
        """Drop `count` received bytes, those that are still to come included."""
        here = min(count, self.end - self.start)
        self.start += here
        self._skipping = count - here

    def read(self, count):
        """Return up to `count` received bytes; none received is b'', never a wait."""
        end = min(self.start + count, self.end)
        data = bytes(self._received[self.start : end])
        self.start = end
        return data

    def room(self):
        """Return how many bytes may be written now."""
        return len(self.sending) - self._send_end + self._send_start

    def reserve(self, size):
        """Return where in `sending` the next `size` bytes go. Raises ValueError without room."""
        if size > self.room():
            raise ValueError("no room")
        if self._send_end + size > len(self.sending):
            waiting = self._send_end - self._send_start
            self._sending[:waiting] = self._sending[self._send_start : self._send_end]
            self._send_start = 0
            self._send_end = waiting
        return self._send_end

    def move(self, start, at, length):
        """Move bytes of `sending` that were put behind the reserved place."""
        if start != at:
            self._sending[at : at + length] = self._sending[start : start + length]

    def append(self, data):
        """Put bytes behind those that wait, without sending. Raises ValueError without room."""
        at = self.reserve(len(data))
        self._send_end = at + len(data)
        self.sending[at : self._send_end] = data

    def write(self, data):
        """Send bytes, or keep them in order until the socket takes them."""
        self.append(data)
        self.commit(self._send_end)

    def commit(self, end):
        """Send what waits and what was put at the reserved place up to `end`, without waiting."""
        self._send_end = end
        if not self._flusher:
            self._send()
            if self._send_end:
                self._drained.clear()
                self._flusher = asyncio.create_task(self._flush())

    def _send(self):
        try:
            if not self.failure:
                self._offer()
        except (OSError, ValueError) as error:
            self.fail(self._explain(error))
        if self.failure or self._send_start == self._send_end:
            self._send_start = self._send_end = 0

    def _offer(self):
        size = self._offered or self._send_end - self._send_start
        taken = self._socket.write(self._sending[self._send_start : self._send_start + size])
        if taken:
            self._send_start += taken
            self._offered = 0
        else:
            self._offered = size

    async def _flush(self):
        while self._send_end:
            await self._ready(asyncio.core._io_queue.queue_write)
            self._send()
        self._flusher = None
        self._drained.set()

    async def drain(self):
        """Wait until everything written is with the socket; always yields. Raises OSError."""
        await asyncio.sleep_ms(0)
        await self._drained.wait()
        if self.failure:
            raise self.failure

    def setblocking(self, flag):
        """Do nothing: reading takes what is there, writing never waits."""

    def close(self):
        """End the connection at once; harmless when there is none."""
        self.fail(OSError(ENOTCONN))
        if self._flusher:
            self._flusher.cancel()
            self._flusher = None
        if self._socket:
            self._socket.close()
            # A failed handshake lets go of the connection without closing it.
            self._tcp.close()
            self._socket = self._tcp = None
