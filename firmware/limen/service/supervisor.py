"""Feeds the watchdog only while every part makes progress or waits as it said it would.

Each task owns a pulse and says with every beat when the next one comes at the latest. A task that
ends or fails is reported, counted and started again after a pause that grows; one that falls
silent lets the watchdog reset the board, which is the only cure for a loop that never yields.
A configuration under which all went well for a while is a good one, and kept (`last_good`).
"""

import asyncio

from limen.core.compat import const

_PROVEN_S = const(300)
_LONGEST_PAUSE_S = const(60)
_PERIOD_MS = const(8000)  # well within the watchdog's 30 s, and few wakes of an idle board


class Pulse:
    """One task's promise: the next beat comes before `until`."""

    def __init__(self, name, clock):
        self.name = name
        self._clock = clock
        self.restarts = 0
        self.beat(60)

    def beat(self, within_s):
        """The task is alive, and will be heard again within so many seconds."""
        self.until = self._clock.s + within_s

    def overdue(self):
        return self._clock.s > self.until


class Supervisor:
    """Runs the tasks it is given, for ever; `each_period()` is called with every tick.

    `unproven` is the link whose broker is to be heard before the configuration is a good one. One
    under which a task fails for want of memory before is too large, and ends the run.
    """

    def __init__(self, clock, watchdog, report, each_period):
        self._clock = clock
        self._watchdog = watchdog
        self._report = report
        self._each_period = each_period
        self.pulses = []
        self.unproven = self._shortage = None

    def start(self, name, task):
        """Run the coroutine function `task(pulse)` and run it again whenever it ends."""
        pulse = Pulse(name, self._clock)
        self.pulses.append(pulse)
        asyncio.create_task(self._keep(task, pulse))

    async def _keep(self, task, pulse):
        pause_s = 1
        while True:
            began_s = self._clock.s
            try:
                await task(pulse)
            except Exception as error:
                self._report(pulse.name, error)
                if self.unproven and isinstance(error, MemoryError):
                    self._shortage = error
            pulse.restarts += 1
            pause_s = 1 if self._clock.s - began_s > 600 else min(pause_s * 2, _LONGEST_PAUSE_S)
            pulse.beat(pause_s + 60)
            await asyncio.sleep_ms(pause_s * 1000)

    async def run(self):
        """Tick the clock and feed the watchdog each period, unless a task is overdue. MemoryError
        where the configuration is too large."""
        known = None
        while True:
            self._clock.tick()
            late = self._overdue()
            if late is None:
                self._watchdog.feed()
            elif late is not known:
                self._report(late.name, "overdue: the watchdog is no longer fed")
            known = late
            if self._shortage:
                raise self._shortage
            self._each_period()
            if self.unproven and self.unproven.heard_s and self._clock.s > _PROVEN_S:
                self.unproven = None
                self._prove()
            await asyncio.sleep_ms(_PERIOD_MS)

    def _prove(self):
        try:
            __import__("last_good").prove()
        except MemoryError as error:  # the next start tries it again
            self._report("last good configuration", error)

    def _overdue(self):
        for pulse in self.pulses:
            if pulse.overdue():
                return pulse
        return None
