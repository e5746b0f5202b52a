"""Keeps the board on its network: the first of its interfaces that comes up, Ethernet or Wi-Fi.

A driver's word that it is connected is not believed for long: when no broker has been heard for
some minutes the interface is left and joined again, or the next one gets its turn. An interface
that is preferred is taken again as soon as it is up.
"""

import asyncio
import random

from limen.core.compat import const

_LOOK_MS = const(8000)
_FIRST_PAUSE_MS = const(2000)
_LONGEST_PAUSE_MS = const(60000)
_SILENT_S = const(180)
_LONGEST_SILENT_S = const(3600)


class Network:
    """`interfaces` by preference, each with `join()`, `leave()` and `is_up()`; `link` tells with
    `heard_s` when a broker was last heard."""

    def __init__(self, interfaces, link, clock):
        self._interfaces = interfaces
        self._link = link
        self._clock = clock
        self._silent_s = _SILENT_S
        self._silent = None  # the interface over which no broker was heard last
        self.current = None

    async def run(self, pulse):
        """Join whenever there is no interface that works."""
        pause_ms = _FIRST_PAUSE_MS
        while True:
            for interface in self._interfaces:
                pulse.beat(600)
                if await interface.join():
                    self.current = interface.name
                    pause_ms = _FIRST_PAUSE_MS
                    await self._watch(interface, pulse)
                    self.current = None
                    await interface.leave()
            await asyncio.sleep_ms(random.randint(0, pause_ms))
            pause_ms = min(pause_ms * 2, _LONGEST_PAUSE_MS)

    async def _watch(self, interface, pulse):
        """Wait until the interface is down, or a better one up, or no broker is heard over it."""
        link, clock = self._link, self._clock
        began_s = clock.s
        while interface.is_up() and not self._better(interface):
            pulse.beat(600)
            if link.heard_s > began_s:
                self._silent_s = _SILENT_S
            if clock.s - max(began_s, link.heard_s) > self._silent_s:
                self._silent_s = min(self._silent_s * 2, _LONGEST_SILENT_S)
                self._silent = interface
                return
            await asyncio.sleep_ms(_LOOK_MS)
        self._silent = None

    def _better(self, interface):
        for other in self._interfaces:
            if other is interface:
                return False
            if other is not self._silent and other.is_up():
                return True
