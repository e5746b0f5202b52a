from limen.core.alarm import LimitAlarm
from limen.core.channel import Channel
from limen.core.quality import BAD, GOOD
from limen.core.schedule import Schedule
from limen.service.restate import restate


class Gateway:
    """Its clock and its path, too; `told` has (number, quality, s, body)."""

    s, ms = 70, 5

    def __init__(self, channels):
        self.clock = self.path = self
        self.channels = channels
        self.devices = [self]
        self.told = []

    def put_event(self, number, quality, s, ms, body):
        self.told.append((number, quality, s, body))


def test_only_what_stands_is_told_again():
    channel = Channel({"name": "power", "places": 1}, Schedule(1000))
    channel.alarms = (LimitAlarm("high", 450, 10, 0), LimitAlarm("low", 100, 10, 0))
    gateway = Gateway((channel,))
    channel.value, channel.quality = 451, GOOD
    for alarm in channel.alarms:
        alarm.feed(channel.value, GOOD, 1, 0)
    restate(gateway)
    start = '{"alarm":"power.high","state":"raised","value":'
    assert gateway.told == [(0, GOOD, 70, start + '45.1,"limit":45.0,"restated":true}')]
    channel.quality = BAD
    restate(gateway)
    assert gateway.told[1] == (0, BAD, 70, start + 'null,"limit":45.0,"restated":true}')
