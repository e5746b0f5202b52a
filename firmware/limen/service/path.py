"""From a device's fresh samples to records: filter, alarm, outbox.

An alarm sees every sample and becomes an event at once; the report filter decides which samples
become data. Samples of one reading share one record for each quality. `put_event` is the one way
for events, whoever has something to tell. What is stale bears the time when it was last heard.
"""

from limen.core.alarm import RAISED
from limen.core.quality import STALE
from limen.core.text import decimal
from limen.delivery.outbox import DATA, EVENT
from limen.delivery.ring import LONGEST_TEXT


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
        is_total = False
        channels = device.channels
        for index in range(len(channels)):
            channel = channels[index]
            if channel.fresh:
                self.samples += 1
                for order in range(len(channel.alarms)):
                    change = channel.alarms[order].feed(channel.value, channel.quality, s, ms)
                    if change:
                        self._keep_alarm(number, device, channel, order, change == RAISED)
                told = channel.tells_all or channel.passes(channel.value, channel.quality, s, ms)
                if told > 1:
                    channel.put_earlier(self, number, index)
                channel.fresh = told & 1
                if channel.fresh:
                    worst = max(worst, channel.quality)
                    is_total = is_total or index in device.commit
        for quality in range(worst + 1):
            self._keep_data(number, device, quality)
        if is_total:
            self.outbox.commit()

    def _keep_data(self, number, device, quality):
        """Keep the channels that passed with this quality."""
        outbox = self.outbox
        begun = False
        channels = device.channels
        for index in range(len(channels)):
            channel = channels[index]
            if channel.fresh and channel.quality == quality:
                value = channel.value if channel.tells_all else channel.told
                if begun and not outbox.add(index, value):
                    outbox.put()
                    begun = False
                if not begun:
                    self._begin_data(number, device, quality)
                    outbox.add(index, value)
                    begun = True
                channel.fresh = False
        if begun:
            outbox.put()

    def _begin_data(self, number, device, quality):
        if quality == STALE:
            self.begin(DATA, number, quality, device.heard_s, device.heard_ms)
        else:
            self.begin(DATA, number, quality, device.s, device.ms)

    def _keep_alarm(self, number, device, channel, order, raised):
        alarm = channel.alarms[order]
        body = '{"alarm":"%s.%s","state":"%s","value":%s,"limit":%s}' % (
            channel.name,
            alarm.name,
            "raised" if raised else "cleared",
            decimal(channel.value, channel.places),
            decimal(alarm.limit, channel.places),
        )
        self.put_event(number, channel.quality, device.s, device.ms, body)

    def put_event(self, number, quality, s, ms, body):
        """Keep an event of device `number` at an uptime; `body` is the text of a JSON object.

        ValueError if that is too long.
        """
        text = body.encode()
        if len(text) > LONGEST_TEXT:
            raise ValueError("too long: " + body)
        self.begin(EVENT, number, quality, s, ms)
        self.outbox.add_text(text)
        self.outbox.put()
        self.outbox.commit()

    def begin(self, kind, number, quality, s, ms):
        """Begin a record of device `number` at an uptime: in UTC, if that is known."""
        clock = self._clock
        if clock.is_set:
            self.outbox.begin(kind, number, quality, clock.utc_s(s, ms), clock.utc_ms(ms), False)
        else:
            self.outbox.begin(kind, number, quality, s, ms, True)
