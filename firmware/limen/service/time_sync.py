"""Keeps UTC: asks the time sources, sets the clock, steps it or lets it glide, and says so.

Sources are time servers and a battery-backed RTC on I2C. What asks them is loaded for each poll
and dropped behind it; here stays what is needed between polls. A step must be claimed by two
servers, or by the only one three times in a row: one wrong answer moves nothing.
"""

import asyncio
import random
import sys

from limen.core.compat import const
from limen.core.glide import STEP_MS, Glide
from limen.core.time_choice import apart_ms, choose

_FIRST_PAUSE_S = const(2)
_LONGEST_UNSET_S = const(64)
_LONGEST_FAILED_S = const(1024)
_SOON_S = const(16)  # RFC 4330 asks for 15 at least
_INSISTS = const(3)
_BLOCKED_SHARE = const(20)
_NOTE_S = const(600)
_WRITE_S = const(86400)
_PATIENCE_S = const(60)


class TimeSync:
    """`servers` is a list of (host, port), `rtc` the I2C bus with the RTC, or None.

    Of the gateway it uses `clock`, `path`, `store` and `boot`. `is_warm` tells that the
    chip's own RTC has counted on since the boot before.
    """

    def __init__(self, gateway, servers, rtc, is_warm):
        self._gateway = gateway
        self._clock = gateway.clock
        self._servers = [[host, port, None, 0, None] for host, port in servers]
        self._rtc = rtc
        self._is_warm = is_warm
        self._glide = Glide()
        self._claim = None
        self._insisted = 0
        self._failed_s = _FIRST_PAUSE_S
        self._note_due_s = self._write_due_s = 0
        self.source = "reset" if gateway.clock.is_set else None
        self.polls = self.answers = self.steps = 0
        self.error_ms = None

    def counters(self):
        return {
            "source": self.source,
            "polls": self.polls,
            "answers": self.answers,
            "steps": self.steps,
            "error_ms": self.error_ms,
            "drift_ppb": self._glide.drift,
        }

    async def run(self, pulse):
        clock = self._clock
        pulse.beat(_PATIENCE_S)
        if not clock.is_set:
            await self._note()
        elif self._gateway.store.get("unplaced"):
            await _borrow(_place, self._gateway, self.source)
        if self._rtc and self._servers and not clock.is_set:
            await self._follow(await _borrow(_ask_rtc, self._rtc, clock), "ds3231")
        while True:
            pulse.beat(_PATIENCE_S)
            await self._wait(pulse, await self._poll())

    async def _poll(self):
        """Ask the sources; returns the pause until the next time."""
        clock = self._clock
        if not self._servers:
            return await self._follow(await _borrow(_ask_rtc, self._rtc, clock), "ds3231")
        claims, blocked_ms = await _borrow(_ask_servers, self._servers, clock)
        pause_s = await self._follow(claims, "ntp")
        if self._rtc and self.source == "ntp" and clock.s >= self._write_due_s:
            if await _borrow(_write_rtc, self._rtc, clock):
                self._write_due_s = clock.s + _WRITE_S
        return max(pause_s, blocked_ms * _BLOCKED_SHARE // 1000)

    async def _follow(self, claims, source):
        """Set or correct the clock by what was claimed; returns the pause until the next time."""
        clock = self._clock
        clock.tick()
        self.polls += 1
        own = [STEP_MS, clock.boot_s, clock.boot_ms] if clock.is_set else None
        claim, votes = choose(claims, own)
        if claim is None:
            return await self._fail()
        self.answers += 1
        self._failed_s = _FIRST_PAUSE_S
        if own is None:
            self._set(claim, source)
            await _borrow(_place, self._gateway, source)
            return _SOON_S
        self.error_ms = apart_ms(own, claim)
        if abs(self.error_ms) <= STEP_MS:
            self._insisted = 0
            self.source = source
            self._glide.learn(self.error_ms, clock.s)
            return self._glide.pause_s
        if votes > 1 or self._insists(claim):
            self._set(claim, source)
            self.steps += 1
            await _borrow(_tell_step, self._gateway, own, source)
        return _SOON_S

    async def _fail(self):
        """Nobody has answered; ask again the later the longer that lasts."""
        clock = self._clock
        longest_s = _LONGEST_FAILED_S if clock.is_set else _LONGEST_UNSET_S
        self._failed_s = min(self._failed_s * 2, longest_s)
        if not clock.is_set and clock.s >= self._note_due_s:
            await self._note()
        return self._failed_s - random.randint(0, self._failed_s // 4)

    def _insists(self, claim):
        """Whether the only voice that says so has said it often enough."""
        last = self._claim
        self._claim = claim
        if last is None or abs(apart_ms(last, claim)) > STEP_MS:
            self._insisted = 0
        self._insisted += 1
        return self._insisted >= _INSISTS

    def _set(self, claim, source):
        self._clock.set_boot(claim[1], claim[2])
        self._glide.restart()
        self._insisted = self._write_due_s = 0
        self.source = source

    async def _note(self):
        s = self._clock.s
        self._note_due_s = s + max(_LONGEST_UNSET_S, min(s, _NOTE_S))
        await _borrow(_note, self._gateway, self._is_warm, self._note_due_s + 2 * _LONGEST_UNSET_S)

    async def _wait(self, pulse, pause_s):
        """Let the clock glide until the next poll."""
        clock = self._clock
        end_s = clock.s + pause_s
        while clock.s < end_s:
            since_s = clock.s
            seconds = min(end_s - since_s, self._glide.next_s())
            pulse.beat(seconds + _PATIENCE_S)
            await asyncio.sleep_ms(seconds * 1000)
            clock.tick()
            ms = self._glide.correct(clock.s - since_s)
            if ms:
                clock.shift(ms)


def _ask_servers():
    from limen.service.time_ask import ask

    return ask


def _ask_rtc():
    from limen.service.ds3231 import ask

    return ask


def _write_rtc():
    from limen.service.ds3231 import write

    return write


def _note():
    from limen.service.placing import note

    return note


def _place():
    from limen.service.placing import place

    return place


def _tell_step():
    from limen.service.placing import tell_step

    return tell_step


async def _borrow(load, *arguments):
    """Await what `load` imports, called with the arguments, and drop its modules behind it."""
    known = set(sys.modules)
    function = load()
    new = [name for name in sys.modules if name not in known]
    try:
        return await function(*arguments)
    finally:
        for name in new:
            package, _, own = name.rpartition(".")
            delattr(sys.modules[package], own)
            del sys.modules[name]
