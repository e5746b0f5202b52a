"""From a device's fresh samples to records: filter, alarm, outbox.

An alarm sees every sample and goes into a record of its own at once; the report filter decides
which samples become data. Samples of one reading share one record for each quality.
"""

from limen.core.alarm import RAISED
from limen.core.quality import BAD, GOOD
from limen.delivery.outbox import ALARM, CLOCK, DATA, EVENT


class Path:
    """Where all samples of a gateway go through, on their way to the `outbox`."""

    def __init__(self, clock, outbox):
        self._clock = clock
        self.outbox = outbox
        self.samples = 0

    def take(self, number, device):
        """Keep what device `number` has read afresh, at its uptime (device.s, device.ms)."""
        s = device.s
        ms = device.ms
        worst = -1
        for channel in device.channels:
            if channel.fresh:
                self.samples += 1
                for order in range(len(channel.alarms)):
                    change = channel.alarms[order].feed(channel.value, channel.quality, s, ms)
                    if change:
                        self._keep_alarm(number, device, channel, order, change == RAISED)
                report = channel.report
                channel.fresh = report is None or report.passes(
                    channel.value, channel.quality, s, ms
                )
                if channel.fresh and channel.quality > worst:
                    worst = channel.quality
        for quality in range(worst + 1):
            self._keep_data(number, device, quality)

    def _keep_data(self, number, device, quality):
        """Keep the channels that passed with this quality."""
        outbox = self.outbox
        begun = False
        for channel in device.channels:
            if channel.fresh and channel.quality == quality:
                if begun and not outbox.add(channel.index, channel.value):
                    outbox.put()
                    begun = False
                if not begun:
                    self.begin(DATA, number, quality, device.s, device.ms)
                    outbox.add(channel.index, channel.value)
                    begun = True
                channel.fresh = False
        if begun:
            outbox.put()

    def _keep_alarm(self, number, device, channel, order, raised):
        quality = GOOD if channel.quality >= BAD else channel.quality
        value = None if channel.quality >= BAD else channel.value
        self.begin(EVENT, number, quality, device.s, device.ms)
        self.outbox.add_event(ALARM, channel.index, order, 1 if raised else 0, value)
        self.outbox.put()

    def keep_clock_set(self):
        """Record that the clock has been set: at this uptime it was that time."""
        clock = self._clock
        self.begin(EVENT, 0, GOOD, clock.s, clock.ms)
        self.outbox.add_event(CLOCK, clock.s, clock.ms, 0, None)
        self.outbox.put()

    def begin(self, kind, number, quality, s, ms):
        """Begin a record of device `number` at an uptime: in UTC, if that is known."""
        clock = self._clock
        if clock.is_set:
            self.outbox.begin(kind, number, quality, clock.utc_s(s, ms), clock.utc_ms(ms), False)
        else:
            self.outbox.begin(kind, number, quality, s, ms, True)
