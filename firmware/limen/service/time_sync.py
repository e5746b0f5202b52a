"""Keeps UTC: lets the clock glide between polls, and has the time sources asked.

Sources are time servers and a battery-backed RTC on I2C. What asks them, and what judges their
answers, is loaded for each poll and dropped behind it; here stays what is needed all the time.
"""

import asyncio
import gc

from limen.core.compat import const
from limen.core.glide import Glide
from limen.core.late import Borrowed

_PATIENCE_S = const(60)
_ASK_SERVERS = const(0)
_FOLLOW = const(1)
_BEGIN = const(2)
_ASK_RTC = const(3)
_WRITE_RTC = const(4)


class TimeSync:
    """`servers` is a list of (host, port), `rtc` the I2C bus with the RTC, or None.

    Of the gateway it uses `clock`, `path`, `store` and `boot`. `is_warm` tells that the chip's own
    RTC has counted on since the boot before. What is asked between polls lies in the attributes.
    """

    def __init__(self, gateway, servers, rtc, is_warm):
        self.gateway = gateway
        self.clock = gateway.clock
        self.servers = [[host, port, None, 0, None] for host, port in servers]
        self.rtc = rtc
        self.is_warm = is_warm
        self.glide = Glide()
        self.claim = None
        self.insisted = self.blocked_ms = self.failed_s = 0
        self.note_due_s = self.write_due_s = 0
        self.told = {"polls": 0, "answers": 0, "steps": 0, "error_ms": None, "drift_ppb": 0}
        self.told["source"] = "reset" if self.clock.is_set else None

    async def run(self, pulse):
        """Ask and wait, for ever; the RTC only tells the time until a server does."""
        pulse.beat(_PATIENCE_S)
        clock = self.clock
        await borrow(_load, _BEGIN, self)
        asks_rtc = not self.servers or self.rtc and not clock.is_set
        while True:
            pulse.beat(_PATIENCE_S)
            claims = await borrow(_load, _ASK_RTC if asks_rtc else _ASK_SERVERS, self)
            pause_s = await borrow(_load, _FOLLOW, self, claims, "ds3231" if asks_rtc else "ntp")
            if asks_rtc and self.servers:
                asks_rtc = False
                continue
            if self.rtc and claims and not asks_rtc and clock.s >= self.write_due_s:
                await borrow(_load, _WRITE_RTC, self)
            await self._wait(pulse, pause_s)

    async def _wait(self, pulse, pause_s):
        """Let the clock glide until the next poll."""
        clock = self.clock
        end_s = clock.s + pause_s
        while clock.s < end_s:
            since_s = clock.s
            seconds = min(end_s - since_s, self.glide.next_s())
            pulse.beat(seconds + _PATIENCE_S)
            await asyncio.sleep_ms(seconds * 1000)
            clock.tick()
            clock.shift(self.glide.correct(clock.s - since_s))


def _load(what):
    """One of the functions that are needed for a moment."""
    if what == _ASK_SERVERS:
        from limen.service.time_ask import ask
    elif what == _FOLLOW:
        from limen.service.time_follow import follow as ask
    elif what == _BEGIN:
        from limen.service.placing import begin as ask
    elif what == _ASK_RTC:
        from limen.service.ds3231 import ask
    else:
        from limen.service.ds3231 import write as ask
    return ask


async def borrow(load, what, *arguments):
    """Await what `load(what)` imports, called with the arguments; its code goes with it."""
    gc.collect()  # so that small pieces fill small holes, and a place is left for large ones
    with Borrowed():
        function = load(what)
    return await function(*arguments)
