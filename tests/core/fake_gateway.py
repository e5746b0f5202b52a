"""A gateway without buses: real path, outbox and dialect; clock, store and readings made here."""

from fake_store import Store

from limen.core.channel import Channel
from limen.core.schedule import Schedule
from limen.core.text import Text
from limen.delivery.outbox import Outbox
from limen.delivery.plain import Plain
from limen.service.path import Path
from limen.service.poll import Device

HEAD = {"hash": "1c0ffee1", "site": "hall-2", "gateway": "press-07"}
HOUR_S = 825_512_400  # Friday, 2026-02-27 13:00 UTC
BOOT_S = HOUR_S - 60
_HOUR_MS = 1000 * (HOUR_S + 946_684_800)


class Clock:
    def __init__(self, boot_s=BOOT_S, is_set=True):
        self.boot_s = boot_s
        self.is_set = is_set
        self.s = self.ms = 0

    def tick(self):
        pass

    def utc_s(self, s, ms):
        return self.boot_s + s + (250 + ms) // 1000

    def utc_ms(self, ms):
        return (250 + ms) % 1000


def channel(name, places):
    return Channel({"name": name, "places": places}, Schedule(1000))


class FakeGateway:
    """`devices` are those that functions follow; `add` adds a function."""

    def __init__(self, devices, store=None, clock=None):
        self.store = store or Store()
        self.clock = clock or Clock()
        self.devices = [Device("gateway", (), None)] + devices
        self.outbox = Outbox(16384, 4096, 2, 24)
        self.path = Path(self.clock, self.outbox)

    def add(self, name, function, settings, own):
        """Make a function whose `own` channels are [name, places] each."""
        channels = tuple(channel(one, places) for one, places in own)
        device = Device(name, channels, None)
        device.reader = function(self, len(self.devices), device, settings)
        self.devices.append(device)
        return device.reader

    def take(self, number, device):
        self.path.take(number, device)

    def told(self):
        """(t in s since the hour, quality, body) of each record, events first."""
        found = []
        plain = Plain(Text(bytearray(900)), HEAD, "9f03a1c4", 3, self.devices)
        while True:
            records = self.outbox.peek(1)
            if records is None:
                return found
            kind = self.outbox.kind(1)
            while records.next():
                plain.text.rewind(0)
                plain.begin(1)
                at = plain.text.at
                assert plain.add(kind, records)
                records.take()
                text = plain.text
                line = bytes(text.buffer[at : text.at]).decode()
                _, t, quality = line[: line.index("{")].strip("[,").split(",")
                body = line[line.index("{") : -1]
                found.append(((int(t) - _HOUR_MS) / 1000, int(quality), body))
            self.outbox.ack(1)


def refused(call, *arguments):
    """The sentence with which a call is refused; None if it is not."""
    try:
        call(*arguments)
    except ValueError as error:
        return str(error)
    return None
