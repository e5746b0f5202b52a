"""World and interpreter on one core, as long as they take turns in virtual time.

Only one of them runs at any moment, and most turns are shorter than it takes to wake another core:
on one core both get on by up to a quarter faster. It is the core on which the world is when the
first interpreter comes; the system has put it there because it was free.
"""

import ctypes
import os

_LIBC = ctypes.CDLL(None)


class OneCore:
    """Who shares it, from the first to the last."""

    def __init__(self):
        self._users = 0
        self._allowed: set[int] = set()

    def join(self, pid: int) -> None:
        """Keep the process on the core of the calling thread, which stays there as well."""
        if not self._users:
            self._allowed = os.sched_getaffinity(0)
            os.sched_setaffinity(0, {_LIBC.sched_getcpu()})
        self._users += 1
        os.sched_setaffinity(pid, os.sched_getaffinity(0))

    def leave(self) -> None:
        """A process has ended; with the last one the caller may be on every core again."""
        self._users -= 1
        if not self._users:
            os.sched_setaffinity(0, self._allowed)


ONE_CORE = OneCore()
