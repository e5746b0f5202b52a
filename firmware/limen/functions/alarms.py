"""Alarms that are more than a limit: see `limen.core.isa_alarm` for their life.

Fed by all devices that alarms look at, before any filter. Each transition is an event of the device
whose channel it is, and goes ahead of data. After a reconnect what stands is told again, marked so.
When more alarms are raised in a while than anybody can read, those that are not of priority 1 are
only counted; when that is over, their number is told, and what stands.
"""

import asyncio

from limen.core.compat import const
from limen.core.condition import make_condition
from limen.core.isa_alarm import NORMAL, SHELVED, SUPPRESSED, UNACK, IsaAlarm
from limen.core.quality import BAD, GOOD
from limen.core.text import decimal

_TICK_MS = const(1000)


class Alarm(IsaAlarm):
    """One alarm of a channel; `settings` as `limen.core.alarm_config` makes them."""

    def __init__(self, devices, settings):
        super().__init__(
            settings["hysteresis"], settings["on_ms"], settings["off_ms"], settings["latch"]
        )
        self.number, index = settings["of"]
        self.device = devices[self.number]
        self.channel = self.device.channels[index]
        self.name = "%s.%s" % (self.channel.name, settings["name"])
        self.priority = settings["priority"]
        self.group = settings.get("group")
        self.limit = settings["limit"]
        self.is_silent = False  # a transition was not told, in a flood
        self.is_timed = settings["kind"] == "stale"
        self.condition = make_condition(settings, _channel(devices, settings.get("setpoint")))
        self.only_while = settings.get("while")
        if self.only_while:
            self._other = _channel(devices, self.only_while)

    def is_unwanted(self):
        """True while the design wants no alarm; without a value nothing is known of that."""
        if not self.only_while or self._other.quality >= BAD:
            return self.state == SUPPRESSED
        _, _, low, high = self.only_while
        return not low <= self._other.value <= high

    def body(self, words):
        """The text of the event that tells the state."""
        channel = self.channel
        value = None if channel.quality >= BAD else channel.value
        left_s = getattr(self.condition, "left_s", None)
        if left_s is not None:
            words += ',"in_s":%d' % left_s
        return '{"alarm":"%s","state":"%s","value":%s,"limit":%s,"priority":%d%s}' % (
            self.name,
            self.state,
            decimal(value, channel.places),
            decimal(self.limit, channel.places),
            self.priority,
            words,
        )


def _channel(devices, place):
    return devices[place[0]].channels[place[1]] if place else None


class Function:
    """`settings` has `alarm`, a list, and `flood`: [alarms, in so many seconds]."""

    def __init__(self, gateway, number, device, settings):
        self._gateway = gateway
        self.alarms = [Alarm(gateway.devices, one) for one in settings["alarm"]]
        self._most, self._flood_s = settings["flood"]
        self._raised = []  # uptimes of the last alarms raised
        self._suppressed = 0
        self._is_flood = False
        self._connects = None
        self._task = None

    def feed(self, device):
        """Take what a device has read."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        s, ms = device.s, device.ms
        for alarm in self.alarms:
            if alarm.only_while and alarm.suppress(alarm.is_unwanted()):
                self._tell(alarm, s, ms)
            if alarm.device is device and alarm.channel.fresh:
                self._look(alarm, s, ms)

    def _look(self, alarm, s, ms):
        if alarm.feed(alarm.condition.excess(alarm.channel, s, ms), s, ms):
            self._tell(alarm, s, ms)

    def _tell(self, alarm, s, ms, words=""):
        """Put the event of a transition, unless a flood silences it."""
        if alarm.state == UNACK:
            if self._is_first(alarm):
                words += ',"first":true'
            self._note_raised(s)
        if self._is_flood and alarm.priority > 1:
            alarm.is_silent = True
            self._suppressed += alarm.state == UNACK
            return
        alarm.is_silent = False
        quality = min(alarm.channel.quality, BAD)
        self._gateway.path.put_event(alarm.number, quality, s, ms, alarm.body(words))
        self._gateway.uplink.nudge()

    def _is_first(self, alarm):
        """True when no other alarm of its group is there."""
        group = alarm.group
        if not group:
            return False
        others = [one for one in self.alarms if one.group == group and one is not alarm]
        return not [one for one in others if one.is_active]

    def _note_raised(self, s):
        self._raised = [at for at in self._raised if s - at < self._flood_s] + [s]
        if self._most and len(self._raised) > self._most and not self._is_flood:
            self._is_flood = True
            self._put_flood("begun", s)

    def _put_flood(self, state, s):
        body = '{"flood":"%s","suppressed":%d}' % (state, self._suppressed)
        self._gateway.path.put_event(0, GOOD, s, 0, body)

    def _run(self):
        """The task: what happens while nothing is read."""
        while True:
            next(asyncio.sleep_ms(_TICK_MS))
            yield
            try:
                self.tick()
            except Exception as error:
                self._gateway.report("alarms", error)

    def tick(self):
        """Look at what only time changes: shelves, silence, floods, and the connection."""
        clock = self._gateway.clock
        s, ms = clock.s, clock.ms
        for alarm in self.alarms:
            if alarm.state == SHELVED and s >= alarm.until_s and alarm.unshelve():
                self._tell(alarm, s, ms)
            if alarm.is_timed and not alarm.channel.fresh:
                self._look(alarm, s, ms)
        if self._is_flood:
            self._end_flood(s, ms)
        connects = self._gateway.uplink.session.counters.get("connects")
        if connects != self._connects:
            if self._connects:
                self._restate([a for a in self.alarms if a.state != NORMAL], s, ms)
            self._connects = connects

    def _end_flood(self, s, ms):
        self._raised = [at for at in self._raised if s - at < self._flood_s]
        if len(self._raised) <= self._most // 2:
            self._is_flood = False
            self._put_flood("ended", s)
            self._suppressed = 0
            self._restate([alarm for alarm in self.alarms if alarm.is_silent], s, ms)

    def _restate(self, alarms, s, ms):
        for alarm in alarms:
            alarm.is_silent = False
            body = alarm.body(',"restated":true')
            quality = min(alarm.channel.quality, BAD)
            self._gateway.path.put_event(alarm.number, quality, s, ms, body)
        self._gateway.uplink.nudge()

    def named(self, name):
        """The alarms of a name such as "press.temperature.high"; all of them for "*"."""
        found = [a for a in self.alarms if name in ("*", "%s.%s" % (a.device.id, a.name))]
        if not found:
            raise ValueError('there is no alarm "%s"' % name)
        return found

    def acknowledge(self, name):
        """Acknowledge what stands; return the states now."""
        clock = self._gateway.clock
        found = self.named(name)
        for alarm in found:
            if alarm.acknowledge():
                self._tell(alarm, clock.s, clock.ms)
        return self._states(found)

    def shelve(self, name, for_s):
        """Silence alarms for some seconds, 0 to hear of them again; return the states now."""
        clock = self._gateway.clock
        found = self.named(name)
        for alarm in found:
            if alarm.shelve(clock.s + for_s) if for_s else alarm.unshelve():
                self._tell(alarm, clock.s, clock.ms)
        return self._states(found)

    def _states(self, alarms):
        return {"%s.%s" % (one.device.id, one.name): one.state for one in alarms}
