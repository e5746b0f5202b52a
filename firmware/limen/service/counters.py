"""Devices whose counters have a ledger: what was counted becomes the total that is published.

Such a device is read as its driver reads it. When a reading is complete, each count goes through
its ledger, and the channel gets the total in its place. If a count surprises, all that was due is
read again at once, and no more than once; what is open then is open until the next reading.

The state of a ledger is kept in the store under its device and channel, every minute, and saved at
once when a count surprises or something has happened: so what was told before stands after a power
cut. Only if the meter's own count is lost just while the gateway has no power, what was counted in
the last minute or two is lost with it. With the state goes the UTC of the last count, which tells
how long there was no power; and the places, as counts of another resolution mean nothing.
"""

from limen.core.compat import const
from limen.core.ledger import EVENTS, FIRST, REREAD, Ledger
from limen.core.quality import BAD, GOOD
from limen.delivery.outbox import COUNTER, EVENT
from limen.drivers import DONE

_KEEP_S = const(60)
_STATE_NUMBERS = const(5)  # then come the places and the UTC


def counting(kind, number, clock, store, path):
    """The class of a device which is of the class `kind` and has counters, as `settings` say.

    `number` is that of the device, `path` is where its events go.
    """

    class Counting(kind):
        def __init__(self, bus, settings, channels):
            super().__init__(bus, settings, channels)
            # No private name: the base may have one that is the same on the chip.
            self.tally = Tally(settings, channels, number, clock, store, path)

        def read(self):
            self.tally.begin()
            return super().read()

        def step(self):
            ms = super().step()
            if ms == DONE and self.tally.take():
                super().read()
                return 0
            return ms

        def put_event(self, dialect, record):
            self.tally.put_event(dialect, record)

    return Counting


class Counter(Ledger):
    """The ledger of a `channel`; its state lies in the store under `name`."""

    def __init__(self, rule, channel, name, store):
        self.channel = channel
        self.name = name
        kept = store.get(name)
        if kept and kept[_STATE_NUMBERS] != channel.places:
            kept = None
        super().__init__(rule, kept and kept[:_STATE_NUMBERS])
        self._kept_utc_s = kept and kept[-1]

    def place(self, clock):
        """Learn how long there was no power, as soon as the clock is set."""
        if self._kept_utc_s is not None and clock.is_set:
            self.set_gap(max(0, clock.utc_s(0, 0) - self._kept_utc_s))
            self._kept_utc_s = None

    def keep(self, store, clock):
        """Hand the state to the store; there is none before the first count is believed."""
        state = self.state()
        if state:
            utc_s = clock.utc_s(self.seen_s, 0) if clock.is_set else None
            store.set(self.name, state + [self.channel.places, utc_s])


class Tally:
    """The counters of one device."""

    def __init__(self, settings, channels, number, clock, store, path):
        self._number = number
        self._clock = clock
        self._store = store
        self._path = path
        self._channels = channels
        self._may_reread = self._is_urgent = False
        self._kept_s = clock.s
        self._saved_s = clock.s - _KEEP_S
        name = "count.%s." % settings["id"]
        self._counters = [
            Counter(entry[1:], channels[entry[0]], name + channels[entry[0]].name, store)
            for entry in settings["counters"]
        ]

    def begin(self):
        """A reading begins."""
        self._may_reread = True

    def take(self):
        """Put the totals in the place of the counts; True to read all that was due again."""
        self._clock.tick()
        surprised = False
        for counter in self._counters:
            channel = counter.channel
            if channel.quality < BAD:
                if channel.fresh and self._feed(counter, channel.value) == REREAD:
                    surprised = True
                # A probe has read it, too, or it has its total already.
                channel.value = counter.total
                channel.quality = counter.quality()
        again = surprised and self._may_reread
        self._may_reread = False
        if not again:
            self._keep(self._clock.s)
        return again

    def _feed(self, counter, count):
        counter.place(self._clock)
        answer = counter.feed(count, self._clock.s)
        if answer >= FIRST:
            self._tell(counter, answer - FIRST)
        if answer >= FIRST or answer == REREAD:
            self._is_urgent = True
        return answer

    def _tell(self, counter, event):
        clock, outbox = self._clock, self._path.outbox
        self._path.begin(EVENT, self._number, GOOD, clock.s, clock.ms)
        outbox.add_event(COUNTER, counter.channel.index, event, counter.was or 0, counter.total)
        outbox.put()

    def _keep(self, s):
        """Keep the states, and save them at once when the next reading may need them.

        No more than once a minute, however often a counter surprises: writing wears the flash.
        """
        if not self._is_urgent and s - self._kept_s < _KEEP_S:
            return
        self._kept_s = s
        for counter in self._counters:
            counter.keep(self._store, self._clock)
        if self._is_urgent and s - self._saved_s >= _KEEP_S:
            self._saved_s = s
            self._store.save()
        self._is_urgent = False

    def put_event(self, dialect, record):
        """Write the body of the record of an event."""
        channel = self._channels[record.number()]
        event = record.number()
        was = record.number()
        record.number()  # there is a total
        dialect.text.put('"counter":"%s","change":"%s"' % (channel.name, EVENTS[event]))
        dialect.put_value(b',"', "was", was if event else None, channel.places)
        dialect.put_value(b',"', "total", record.number(), channel.places)
