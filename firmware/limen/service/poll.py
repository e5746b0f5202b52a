"""Reads the devices of a bus when their channels are due, one after the other.

Whoever is overdue most is next, so no device starves another, however slow it is or fast its
channels. A device that does not answer is left alone by its breaker: all its channels become bad
once; then nothing is told of them until it answers a probe, and then all are read at once.

The task is a generator and not a coroutine, because each await of a sleep allocates: what runs
all the time does not.
"""

import asyncio

from limen.core.breaker import Breaker
from limen.core.compat import const
from limen.core.elapsed import elapsed_ms
from limen.core.quality import BAD, STALE
from limen.drivers import DONE

_LONGEST_WAIT_MS = const(10000)
_FAR_MS = const(0x1FFFFFFF)
_LOOK_MS = const(5)
_BEAT_S = const(120)
_CUTS = "cuts."
_SILENT = '{"device":"silent"}'
_ANSWERING = '{"device":"answering"}'


class Device:
    """What the path and the uplink know of a device; `reader` asks the device itself."""

    followers = ()  # functions that are fed with each reading
    commit = b""  # channels of which no record may be lost to a power cut
    _schedules = ()  # of its channels, each once

    def __init__(self, name, channels, reader):
        self.id = name
        self.channels = channels
        self.reader = reader
        self.breaker = Breaker()
        self.s = self.ms = 0  # uptime of the newest reading
        self.heard_s = self.heard_ms = 0  # of the newest one that was answered
        self.due_s = self.due_ms = 0
        self.fresh = False
        self.last_due_s = 0

    def begin(self, s, ms):
        """All channels are due now."""
        schedules = []
        for channel in self.channels:
            schedule = channel.schedule
            schedule.due_s = s
            schedule.due_ms = ms
            if schedule not in schedules:
                schedules.append(schedule)
        self._schedules = tuple(schedules)
        self.plan_next(s, ms)

    def mark_due(self, s, ms):
        """Mark the channels that are due as fresh and plan their next turn."""
        for schedule in self._schedules:
            if schedule.is_due(s, ms):
                for channel in self.channels:
                    if channel.schedule is schedule:
                        channel.fresh = True
                schedule.plan_next(s, ms)

    def plan_next(self, s, ms):
        """Be due as soon as a channel is, or the probe of a device that does not answer."""
        soonest_ms = _FAR_MS
        for schedule in self._schedules:
            soonest_ms = min(soonest_ms, elapsed_ms(s, ms, schedule.due_s, schedule.due_ms))
        if self.breaker.is_open:
            soonest_ms = elapsed_ms(s, ms, self.breaker.due_s, 0)
        total = ms + soonest_ms
        self.due_s = s + total // 1000
        self.due_ms = total % 1000

    def give_up(self):
        """All channels have no value any longer."""
        for channel in self.channels:
            channel.fresh = True
            channel.value = None
            channel.quality = BAD

    def grow_stale(self):
        """Still nothing is heard: let filters say whether that is to be told; False without any."""
        found = False
        for channel in self.channels:
            if not channel.tells_all:
                channel.fresh = found = True
                channel.quality = STALE
        return found


class Poll:
    """The readings of one bus. `take(number, device)` gets a device that has been read;
    `tell(number, device, body)` gets what a technician should know of a device, as the body of an
    event."""

    def __init__(self, bus, clock, store, take, tell):
        self.bus = bus
        self._rest = getattr(bus, "rest", None)
        self._clock = clock
        self._store = store
        self._take = take
        self._tell = tell
        self._devices = []
        self._numbers = []
        self._guests = 0
        self._is_taken = False

    def serve(self, number, device):
        """Read this device, which is the gateway's device `number`, too."""
        self._devices.append(device)
        self._numbers.append(number)
        lesson = self._store.get(_CUTS + device.id)
        if lesson:
            device.reader.recall(lesson)
        device.begin(self._clock.s, self._clock.ms)

    def counters(self):
        """Those of the bus; how many devices do not answer, and how many cuts were learned."""
        counters = self.bus.counters()
        counters["silent"] = counters["cuts"] = 0
        for device in self._devices:
            counters["silent"] += device.breaker.is_open
            counters["cuts"] += len(self._store.get(_CUTS + device.id, ()))
        return counters

    def run(self, pulse):
        """The task; see above."""
        clock = self._clock
        while True:
            pulse.beat(_BEAT_S)
            clock.tick()
            index = -1 if self._guests else self._most_overdue()
            if index >= 0:
                device = self._devices[index]
                self._is_taken = True
                try:
                    waiting = self._begin(device)
                    if waiting:
                        yield from waiting
                    ms = 0 if waiting else device.reader.step()
                    while ms != DONE:
                        next(asyncio.sleep_ms(ms))
                        yield
                        ms = DONE if waiting else device.reader.step()
                finally:
                    self._is_taken = False
                self._end(self._numbers[index], device)
            elif self._rest:
                yield from self._rest(self._pause_ms())
                self._plan_all()
            else:
                next(asyncio.sleep_ms(self._pause_ms()))
                yield

    def _begin(self, device):
        if device.breaker.is_open:
            return device.reader.probe()
        device.mark_due(self._clock.s, self._clock.ms)
        return device.reader.read()

    def _end(self, number, device):
        """Pass on what was read, unless it was a probe."""
        reader, breaker = device.reader, device.breaker
        was_open = breaker.is_open
        self._stamp(device)
        answered = getattr(reader, "answered", True)
        if answered:
            device.heard_s = device.s
            device.heard_ms = device.ms
        has_changed = breaker.note(answered, device.s)
        if has_changed:
            self._tell(number, device, _ANSWERING if was_open else _SILENT)
        if breaker.is_open and has_changed:
            device.give_up()
        if was_open and has_changed:
            device.begin(device.s, device.ms)
            self._hurry(device.s)
        device.plan_next(device.s, device.ms)
        if not was_open:
            device.fresh = True
            self._take(number, device)
        elif breaker.is_open and device.grow_stale():
            self._take(number, device)
        if getattr(reader, "lesson", None):
            self._keep_lesson(number, device)

    def _hurry(self, s):
        """One device is back: the others may be, too."""
        for device in self._devices:
            if device.breaker.is_open:
                device.breaker.hurry(s)
                device.plan_next(s, 0)

    def _stamp(self, device):
        """The reading is of now, or as old as the device says."""
        self._clock.tick()
        ms = self._clock.ms - getattr(device.reader, "age_ms", 0)
        device.s = self._clock.s + ms // 1000
        device.ms = ms % 1000

    def _keep_lesson(self, number, device):
        from limen.drivers.modbus_cuts import event

        lesson = device.reader.lesson
        device.reader.lesson = None
        self._store.set(_CUTS + device.id, lesson)
        self._tell(number, device, event(lesson))

    async def lend(self):
        """Wait until nobody uses the bus; from then on it belongs to the caller."""
        self._guests += 1
        while self._is_taken:
            await asyncio.sleep_ms(_LOOK_MS)
        self._is_taken = True

    def give_back(self):
        """The bus is no longer needed by who has borrowed it."""
        self._is_taken = False
        self._guests -= 1

    def _most_overdue(self):
        """The index of the device that has been due for longest; -1: none is due."""
        s, ms = self._clock.s, self._clock.ms
        found = longest_ms = -1
        for index in range(len(self._devices)):
            device = self._devices[index]
            late_ms = elapsed_ms(device.due_s, device.due_ms, s, ms)
            if late_ms > longest_ms:
                longest_ms = late_ms
                found = index
        return found

    def _pause_ms(self):
        """Milliseconds until the next device is due."""
        if self._guests:
            return _LOOK_MS
        s, ms = self._clock.s, self._clock.ms
        pause_ms = _LONGEST_WAIT_MS
        for device in self._devices:
            pause_ms = min(pause_ms, elapsed_ms(s, ms, device.due_s, device.due_ms))
        return pause_ms

    def _plan_all(self):
        """Devices may have become due while the bus was at rest."""
        for device in self._devices:
            device.plan_next(self._clock.s, self._clock.ms)
