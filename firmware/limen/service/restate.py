"""Tells again, after a reconnect, which of the plain limits are exceeded; loaded only then.

Whoever has missed an event, because its broker did, knows what stands all the same.
"""

from limen.core.alarm import RAISED
from limen.core.quality import BAD
from limen.core.text import decimal


def restate(gateway):
    for number in range(len(gateway.devices)):
        for channel in gateway.devices[number].channels:
            for alarm in channel.alarms:
                if alarm.state == RAISED:
                    _tell(gateway, number, channel, alarm)


def _tell(gateway, number, channel, alarm):
    clock = gateway.clock
    value = None if channel.quality >= BAD else channel.value
    body = '{"alarm":"%s.%s","state":"raised","value":%s,"limit":%s,"restated":true}' % (
        channel.name,
        alarm.name,
        decimal(value, channel.places),
        decimal(alarm.limit, channel.places),
    )
    gateway.path.put_event(number, channel.quality, clock.s, clock.ms, body)
