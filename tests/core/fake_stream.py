"""What a session of MQTT stands on, made here: the stream of bytes, and time."""

import asyncio
import sys
from errno import ENOTCONN

try:
    import umqtt.simple  # noqa: F401
except ImportError:  # a desktop Python, for which there is only its source
    for name in ("socket", "struct", "binascii"):
        sys.modules["u" + name] = __import__(name)
    sys.path.append(".tools/device_packages")


class Lost(OSError):
    """As an OSError on the chip, where a number alone is the errno."""

    def __init__(self, errno):
        super().__init__(errno, "")


class Stream:
    """Like `delivery.stream.Stream`; `sent` is what the broker has got, `feed` what it sends.

    While it `is_stuck`, what is written stays in the send buffer.
    """

    def __init__(self, receive_bytes=512, send_bytes=2048):
        self.received = bytearray(receive_bytes)
        self.sending = bytearray(send_bytes)
        self.sent = b""
        self.refusal = None
        self.is_stuck = False
        self.opened = []
        self._arrived = b""
        self._changed = asyncio.Event()
        self.failure = Lost(ENOTCONN)

    async def open(self, host, port):
        self.opened.append((host, port))
        if self.refusal:
            raise self.refusal
        self.failure = None
        self.start = self.end = self._skipping = self._waiting = 0
        self.sent = b""

    def feed(self, data):
        self._arrived += data
        self._changed.set()

    async def fill(self):
        kept = self.end - self.start
        self.received[:kept] = self.received[self.start : self.end]
        self.start, self.end = 0, kept
        while not self._arrived and not self.failure:
            self._changed.clear()
            await self._changed.wait()
        if self.failure:
            raise self.failure
        taken = min(len(self.received) - self.end, len(self._arrived))
        assert taken, "who reads has left no room"
        self.received[self.end : self.end + taken] = self._arrived[:taken]
        self._arrived = self._arrived[taken:]
        skipped = min(taken, self._skipping)
        self._skipping -= skipped
        self.start += skipped
        self.end += taken

    def skip(self, count):
        here = min(count, self.end - self.start)
        self.start += here
        self._skipping = count - here

    def read(self, count):
        end = min(self.start + count, self.end)
        data = bytes(self.received[self.start : end])
        self.start = end
        return data

    def setblocking(self, flag):
        pass

    def room(self):
        return len(self.sending) - self._waiting

    def reserve(self, size):
        if size > self.room():
            raise ValueError("no room")
        return self._waiting

    def move(self, start, at, length):
        self.sending[at : at + length] = bytes(self.sending[start : start + length])

    def append(self, data):
        at = self.reserve(len(data))
        self._waiting = at + len(data)
        self.sending[at : self._waiting] = data

    def write(self, data):
        self.append(data)
        self.commit(self._waiting)

    def commit(self, end):
        self._waiting = end
        if not self.is_stuck:
            self.flush()

    def flush(self):
        if not self.failure:
            self.sent += bytes(self.sending[: self._waiting])
        self._waiting = 0

    async def drain(self):
        await asyncio.sleep(0)
        while self._waiting:
            await asyncio.sleep(0)
        if self.failure:
            raise self.failure

    def fail(self, error):
        if not self.failure:
            self.failure = error
            self._changed.set()

    def close(self):
        self.fail(Lost(ENOTCONN))

    def take(self):
        """What the broker has got since the last call."""
        sent = self.sent
        self.sent = b""
        return sent


class Time:
    """Takes the place of `asyncio` in a module: sleeping takes as long as the test says."""

    TimeoutError = asyncio.TimeoutError
    CancelledError = asyncio.CancelledError

    def __init__(self):
        self.now_ms = 0
        self.is_over = False  # what waits for an answer has waited for too long
        self._sleepers = []

    def create_task(self, routine):
        return asyncio.create_task(routine)

    async def wait_for_ms(self, routine, ms):
        self.waited_ms = ms
        if self.is_over:
            routine.close()
            raise asyncio.TimeoutError()
        return await routine

    async def sleep_ms(self, ms):
        woken = asyncio.Event()
        self._sleepers.append((self.now_ms + ms, woken))
        await woken.wait()

    async def pass_ms(self, ms):
        """Let time pass; who wakes does what it has to."""
        self.now_ms += ms
        for due_ms, woken in self._sleepers:
            if due_ms <= self.now_ms:
                woken.set()
        self._sleepers = [one for one in self._sleepers if one[0] > self.now_ms]
        await settle()


def run(routine):
    """Run a scene to its end; what waits for ever is ended after half a minute."""
    return asyncio.run(asyncio.wait_for(routine, 30))


async def settle():
    """Let all tasks do what they can without time."""
    for _ in range(12):
        await asyncio.sleep(0)
