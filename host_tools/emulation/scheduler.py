"""One clock for the emulated world, real or virtual, so that every part is written once.

Parts ask `now_us` and leave callbacks with `at` and `after`; they never sleep and never read the
machine's clock. Callbacks for the same instant run in the order in which they were left, so a
virtual run depends on nothing but its seed.
"""

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import Callable

_STEP_US = 100_000


class Handle:
    """A callback left with a scheduler."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]):
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Make sure that the callback does not run; harmless if it has run already."""
        self.callback = None

    def run(self) -> None:
        callback, self.callback = self.callback, None
        if callback:
            callback()


class Scheduler:
    """What both kinds offer: microseconds since the world began, and callbacks in time."""

    start_utc_us: int

    @property
    def now_us(self) -> int:
        raise NotImplementedError

    def at(self, time_us: int, callback: Callable[[], None]) -> Handle:
        raise NotImplementedError

    def after(self, delay_us: int, callback: Callable[[], None]) -> Handle:
        return self.at(self.now_us + delay_us, callback)

    def utc_us(self) -> int:
        """The true time in Unix microseconds."""
        return self.start_utc_us + self.now_us


class RealScheduler(Scheduler):
    """Real time, on the running asyncio loop."""

    def __init__(self):
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time()
        self.start_utc_us = time.time_ns() // 1000

    @property
    def now_us(self) -> int:
        return int((self._loop.time() - self._start) * 1e6)

    def at(self, time_us: int, callback: Callable[[], None]) -> Handle:
        handle = Handle(callback)
        self._loop.call_at(self._start + time_us / 1e6, handle.run)
        return handle


class VirtualScheduler(Scheduler):
    """Virtual time: `step` jumps to the next callback and runs it."""

    now_us = 0

    def __init__(self, start_utc_s: int = 1_767_225_600):
        self.now_us = 0
        self._queue: list[tuple[int, int, Handle]] = []
        self._order = itertools.count()
        self._end_us: int | None = None
        self.start_utc_us = start_utc_s * 1_000_000

    def at(self, time_us: int, callback: Callable[[], None]) -> Handle:
        handle = Handle(callback)
        due_us = time_us if time_us > self.now_us else self.now_us
        heapq.heappush(self._queue, (due_us, next(self._order), handle))
        return handle

    def step(self) -> bool:
        """Run the next callback; False when there is none."""
        if self._next_us() == math.inf:
            return False
        self.now_us, _, handle = heapq.heappop(self._queue)
        handle.run()
        return True

    def advance(self, time_us: int) -> bool:
        """Let the time come at once if nothing is to happen up to then, and this run lasts so long;
        what is left behind with `at` comes to the same, at more cost.
        """
        if time_us > self.now_us:
            if self._end_us is None or time_us > self._end_us or self._next_us() <= time_us:
                return False
            self.now_us = time_us
        return True

    def run_until(self, time_us: int) -> None:
        """Run everything due up to and including `time_us`, and leave the clock there."""
        self._end_us = time_us
        queue = self._queue
        while queue and queue[0][0] <= time_us:
            due_us, _, handle = heapq.heappop(queue)
            callback, handle.callback = handle.callback, None
            if callback:
                self.now_us = due_us
                callback()
        self._end_us = None
        self.now_us = max(self.now_us, time_us)

    def quiet_until(self) -> int:
        """Until when nothing will happen: the next callback, or the end of this run.

        Who steps singly may act after each step, so then it is soon.
        """
        end_us = self.now_us + _STEP_US if self._end_us is None else self._end_us
        return min(self._next_us(), end_us)

    def _next_us(self) -> float:
        while self._queue and not self._queue[0][2].callback:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else math.inf
