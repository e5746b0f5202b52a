"""Keeps a session with a broker: connects, watches over it, and begins again when it ends.

What is sent is the business of its carrier, which is asked whenever the session can take more.
Every path to a lost connection, wrong credentials included, leads to a pause of random length
(full jitter) that grows to a minute; no failure here restarts the board.
"""

import asyncio
import random

from limen.core.compat import const
from limen.core.mqtt import MqttError

_FIRST_PAUSE_MS = const(500)
_LONGEST_PAUSE_MS = const(60000)


class Link:
    """`carrier` sends over `session`: `await begin(present)` opens a new connection, `carry()`
    sends what the session has room for, True when nothing is left; `wake` is set when it may have
    more.
    """

    def __init__(self, session, clock, carrier):
        self._session = session
        self._clock = clock
        self._carrier = carrier
        self._ended = None
        self.last_error = None

    async def run(self, pulse):
        """Connect and deliver, again and again."""
        pause_ms = _FIRST_PAUSE_MS
        while True:
            pulse.beat(180)
            began_s = self._clock.s
            try:
                await self._hold(pulse)
            except (OSError, MqttError) as error:
                self.last_error = repr(error)
            self._session.close()
            if self._clock.s - began_s > 60:
                pause_ms = _FIRST_PAUSE_MS
            await asyncio.sleep_ms(random.randint(0, pause_ms))
            pause_ms = min(pause_ms * 2, _LONGEST_PAUSE_MS)

    async def _hold(self, pulse):
        """One connection, from its opening until it fails."""
        session = self._session
        carrier = self._carrier
        self._ended = None
        present = await session.connect(False)
        reader = asyncio.create_task(self._read())
        try:
            await carrier.begin(present)
            while self._ended is None:
                pulse.beat(60)
                if carrier.carry():
                    await carrier.wake.wait()
                    carrier.wake.clear()
                else:
                    await session.drain()
            raise self._ended
        finally:
            reader.cancel()

    async def _read(self):
        try:
            await self._session.run()
        except (OSError, MqttError) as error:
            self._ended = error
        self._carrier.wake.set()
