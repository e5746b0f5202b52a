"""Devices whose counters have a ledger: what was counted becomes the total that is published.

Such a device is read as its driver reads it. When a reading is complete, each count goes through
its ledger, and the channel gets the total in its place. If a count surprises, all that was due is
read again at once, and no more than once; what is open then is open until the next reading. What
surprises each time, as a meter that runs faster than its rule allows, is read again the first time:
its neighbours do not pay for it.

The state of a ledger is kept in the store under its device and channel, every minute, and saved at
once when a count surprises or something has happened: so what was told before stands after a power
cut. Only if the meter's own count is lost just while the gateway has no power, what was counted in
the last minute or two is lost with it. With the state goes the UTC of the last count believed, in
whatever boot, which tells how long there was no power; and the places, as counts of another
resolution mean nothing.
"""

from limen.core.compat import const
from limen.core.ledger import EVENTS, FIRST, REREAD, Ledger
from limen.core.quality import BAD, GOOD
from limen.core.text import decimal
from limen.drivers import DONE

_KEEP_S = const(60)
_STATE_NUMBERS = const(5)  # then come the places and the UTC


class Counter(Ledger):
    """The ledger of a `channel`, going on from what was kept of it."""

    def __init__(self, rule, channel, kept):
        self.channel = channel
        if kept and kept[_STATE_NUMBERS] != channel.places:
            kept = None
        super().__init__(rule, kept and kept[:_STATE_NUMBERS])
        self._kept_utc_s = kept and kept[-1]

    def place(self, clock):
        """Learn how long there was no power, as soon as the clock is set."""
        if self._kept_utc_s is not None and clock.is_set:
            self.set_gap(max(0, clock.utc_s(0, 0) - self._kept_utc_s))
            self._kept_utc_s = None

    def kept(self, clock):
        """What is to be kept; None before the first count is believed."""
        state = self.state()
        if state is None:
            return None
        if clock.is_set:
            utc_s = clock.utc_s(self.seen_s, 0)
        else:
            utc_s = self._kept_utc_s if self._blind else None  # what was before is still the last
        return state + [self.channel.places, utc_s]


class Tally:
    """The counters of one device, which is the gateway's device `number`.

    `rules` are [index of the channel, rule of its ledger...]; `gateway` has `clock` and `store`,
    and a `path` for events when it runs. What reads the device is called through the tally from
    now on: a count that has not gone through its ledger is seen by nobody.
    """

    def __init__(self, gateway, number, device, rules):
        self._gateway = gateway
        self._number = number
        self._name = "count.%s." % device.id
        channels = device.channels
        self._counters = [
            Counter(rule[1:], channels[rule[0]], gateway.store.get(self._key(channels[rule[0]])))
            for rule in rules
        ]
        device.commit = bytes([rule[0] for rule in rules])
        self._may_reread = self._is_urgent = False
        self._kept_s = gateway.clock.s
        self._saved_s = self._kept_s - _KEEP_S
        reader = device.reader
        self._read = reader.read
        self._step = reader.step
        reader.read = self.read
        reader.step = self.step

    def _key(self, channel):
        return self._name + channel.name

    def read(self):
        """In the place of the reader's own."""
        self._may_reread = True
        return self._read()

    def step(self):
        """In the place of the reader's own: where it is done, the totals are taken."""
        ms = self._step()
        if ms == DONE and self._take():
            self._read()
            return 0
        return ms

    def _take(self):
        """Put the totals in the place of the counts; True to read all that was due again."""
        clock = self._gateway.clock
        clock.tick()
        counted = surprised = False
        for counter in self._counters:
            channel = counter.channel
            if channel.quality < BAD:
                if channel.fresh:
                    counted = True
                    surprised |= self._feed(counter, channel.value) == REREAD
                # A probe has read it, too, or it has its total already.
                channel.value = counter.total
                channel.quality = counter.quality()
        again = surprised and self._may_reread
        self._may_reread = False
        if not again and (counted or self._is_urgent):
            self._keep(clock)
        return again

    def _feed(self, counter, count):
        clock = self._gateway.clock
        counter.place(clock)
        answer = counter.feed(count, clock.s)
        if answer >= FIRST:
            self._tell(counter, answer - FIRST)
        if answer >= FIRST or answer == REREAD:
            self._is_urgent = True
        return answer

    def _tell(self, counter, event):
        gateway, channel = self._gateway, counter.channel
        body = '{"counter":"%s","change":"%s","was":%s,"total":%s}' % (
            channel.name,
            EVENTS.split()[event],
            decimal(counter.was if event else None, channel.places),
            decimal(counter.total, channel.places),
        )
        clock = gateway.clock
        gateway.path.put_event(self._number, GOOD, clock.s, clock.ms, body)

    def _keep(self, clock):
        """Keep the states, and save them at once when the next reading may need them.

        No more than once a minute, however often a counter surprises: writing wears the flash.
        """
        s = clock.s
        if not self._is_urgent and s - self._kept_s < _KEEP_S:
            return
        self._kept_s = s
        store = self._gateway.store
        for counter in self._counters:
            store.set(self._key(counter.channel), counter.kept(clock))
        if self._is_urgent and s - self._saved_s >= _KEEP_S:
            self._saved_s = s
            store.save()
        self._is_urgent = False
