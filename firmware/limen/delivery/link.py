"""Keeps a session with one of the brokers: connects, watches over it, begins again when it ends.

What is sent is the business of its carrier, which is asked whenever the session can take more.
Brokers are in order of preference. When one fails the next gets its turn; when a session ends the
first is asked again. While another than the first is used, the first is called from time to time,
and as soon as it answers the link returns to it.

Every path to a lost connection, wrong credentials and certificates included, leads to a pause of
random length (full jitter) that grows to a minute; no failure here restarts the board. What went
wrong is told on the console when it is not what went wrong before, and so is that it is well.
"""

import asyncio
import random

from limen.core.compat import const
from limen.core.mqtt import MqttError
from limen.net.troubles import tell

_FIRST_PAUSE_MS = const(500)
_LONGEST_PAUSE_MS = const(60000)
_STEADY_S = const(10)
_LOOK_MS = const(200)


class Link:
    """`brokers` are [host, port]. `carrier` sends over `session`: `await begin(same)` opens a new
    connection, `same` where the broker is the one of before and kept the session; `carry()` sends
    what there is room for, True when nothing is left; `wake` is set when it may have more.

    Nobody is called while `may_call()` says no. `trouble` is what went wrong last, in a few words;
    `heard_s` the uptime when all was well.
    """

    def __init__(self, session, brokers, clock, carrier, may_call):
        self._session = session
        self._brokers = brokers
        self._clock = clock
        self._carrier = carrier
        self._may_call = may_call
        self._at = 0
        self._last = self._ended = self._told = self._broker = None
        self.heard_s = 0
        self.trouble = None

    async def run(self, pulse):
        """Connect and deliver, again and again."""
        pause_ms = _FIRST_PAUSE_MS
        while True:
            pulse.beat(180)
            while not self._may_call():
                pulse.beat(180)
                await asyncio.sleep_ms(_LOOK_MS)
            began_s = self._clock.s
            try:
                await self._hold(pulse)
            except (OSError, MqttError) as error:
                self._note(error)
            self._session.close()
            if self._clock.s - began_s > _STEADY_S:
                pause_ms = _FIRST_PAUSE_MS
                self._told = None
            await asyncio.sleep_ms(random.randint(0, pause_ms))
            if self._at == 0:
                pause_ms = min(pause_ms * 2, _LONGEST_PAUSE_MS)

    async def _hold(self, pulse):
        """One connection to the broker whose turn it is, from its opening until it fails."""
        session = self._session
        carrier = self._carrier
        broker = self._broker = self._brokers[self._at]
        session.server, session.port = broker
        self._at = (self._at + 1) % len(self._brokers)
        present = await session.connect(False)
        same = present and broker is self._last
        self._last = broker
        self._ended = None
        reader = asyncio.create_task(self._read())
        back = broker is not self._brokers[0] and asyncio.create_task(self._return())
        try:
            await carrier.begin(same)
            print("limen: online at %s:%d" % tuple(broker))
            self._at = 0
            while self._ended is None:
                pulse.beat(60)
                self.heard_s = self._clock.s
                if carrier.carry():
                    await carrier.wake.wait()
                    carrier.wake.clear()
                else:
                    await session.drain()
            raise self._ended
        finally:
            reader.cancel()
            if back:
                back.cancel()

    async def _read(self):
        try:
            await self._session.run()
        except (OSError, MqttError) as error:
            self._end(error)

    def _end(self, error):
        self._ended = error
        self._carrier.wake.set()

    async def _return(self):
        """End the session when the preferred broker answers again."""
        from limen.delivery.way_back import await_broker

        await await_broker(*self._brokers[0])
        self._end(OSError(0))

    def _note(self, error):
        """Remember what went wrong, and tell it if it is something new."""
        if isinstance(error, MqttError):
            self.trouble = error.kind + ": " + error.cause
        else:
            self.trouble = "os: %d" % error.errno
        what = self.trouble, self._broker
        if self._told != what:
            self._told = what
            tell("%s:%d" % tuple(self._broker), self.trouble)
