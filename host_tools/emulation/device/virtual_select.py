"""The `select` module in virtual time: between two looks at the streams, time passes.

Streams are asked in the order in which they were registered, not by their place in memory, so
that a run repeats. A stream that is not written in Python (`tls`) is asked through the native
poll, which returns at once because a terminal that is always ready is asked with it.

What only the world can make ready, says so with `waits_for_world`: when nothing was ready, and
nothing has come from the world since, it is not asked again.

All this happens many times a second, so no frame of it may need the heap (12 words do): the
interpreter would have to collect for that.

With `tick_us` set, waits end on that grid, as on the chip, where nothing but the system's tick
wakes the poll.
"""

import select as _native

from backplane import bus
from micropython import const

POLLIN = 1
POLLOUT = 4
POLLERR = 8
POLLHUP = 16

_POLL = const(3)
_PASS_US = const(100)
_FOREVER_MS = const(1000000)

always_ready = None  # a file descriptor, set by the launcher
tick_us = 0  # set by the launcher, if waits end on the grid of the system's tick


class _NativeStream:
    waits_for_world = True

    def __init__(self, stream):
        self._stream = stream
        self._poll = _native.poll()
        self._poll.register(always_ready, POLLIN)
        self._poll.register(stream, 0)

    def ioctl(self, request, events):
        self._poll.modify(self._stream, events)
        found = 0
        for stream, ready in self._poll.ipoll(0):
            if stream is self._stream:
                found = ready
        return found


class poll:
    def __init__(self):
        self._entries = []  # [stream, events, its ioctl, whether it waits for the world]
        self._seen = -1  # all that had come from the world when nothing was ready
        self._all_wait = True  # for the world
        self.found = ()  # what `wait` has found already

    def register(self, stream, events=POLLIN | POLLOUT):
        self._seen = -1
        entry = self._entry(stream)
        if entry:
            entry[1] = events
        else:
            asked = stream if hasattr(stream, "ioctl") else _NativeStream(stream)
            waits = getattr(asked, "waits_for_world", False)
            self._entries.append([stream, events, asked.ioctl, waits])
            self._all_wait = self._all_wait and waits

    def _entry(self, stream):
        for entry in self._entries:
            if entry[0] is stream:
                return entry
        return None

    def modify(self, stream, events):
        entry = self._entry(stream)
        if not entry:
            raise OSError(2)
        self._seen = -1
        entry[1] = events

    def unregister(self, stream):
        entry = self._entry(stream)
        if entry:
            self._entries.remove(entry)

    def ipoll(self, timeout_ms=-1, flags=0):
        found = self.found
        if not found:
            return self.wait(timeout_ms)
        self.found = ()
        return found

    poll = ipoll

    def sees_nothing(self):
        """Whether nothing can be ready before something comes from the world."""
        return self._all_wait and self._seen == bus.news and not tick_us

    def wait(self, timeout_ms):
        """Each pass costs 100 µs, so that nothing spins for ever."""
        left = bus.left - _PASS_US
        bus.left = left
        if left <= 0:
            bus.settle()
        ready = _NONE if self._all_wait and self._seen == bus.news else self._look()
        while timeout_ms and not ready:
            part_ms = timeout_ms if 0 < timeout_ms < _FOREVER_MS else _FOREVER_MS
            ready = self._wait(part_ms * 1000)
            if timeout_ms > 0:
                timeout_ms -= part_ms
        return ready

    def _wait(self, us):
        """Wait until a stream is ready or `us` have passed."""
        ready = _NONE
        while us > 0 and not ready:
            us -= bus.pause(us)
            if tick_us:
                us -= _pause_to_tick()
            if self._seen != bus.news or not self._all_wait:
                ready = self._look()
        return ready

    def _look(self):
        ready = _NONE
        is_old = self._seen == bus.news
        at = 0
        while at < len(self._entries):
            entry = self._entries[at]
            at += 1
            if is_old and entry[3]:
                continue
            found = entry[2](_POLL, entry[1])
            if found:
                ready += ((entry[0], found),)
        self._seen = -1 if ready else bus.news
        return ready


_NONE = ()


def _pause_to_tick():
    passed_us = 0
    rest_us = -bus.uptime()[1] % tick_us
    while passed_us < rest_us:
        passed_us += bus.pause(rest_us - passed_us)
    return passed_us
