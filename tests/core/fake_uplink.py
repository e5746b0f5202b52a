"""An uplink between a real outbox and a session that is made here."""

import json

from fake_gateway import HEAD, Clock, channel
from fake_journal import birth
from fake_session import Session
from fake_stream import run

from limen.core.text import Text
from limen.delivery.outbox import DATA, Outbox
from limen.delivery.plain import Plain
from limen.delivery.uplink import Uplink
from limen.service.poll import Device

BASE = "limen/v1/hall-2/press-07/"
DIAG_S = 60


class Bench:
    """A gateway with two meters; `restated` counts how often it told again what stands."""

    def __init__(self, in_flight=3, batch_bytes=400, data_bytes=2000, **more):
        names = (("main", "power"), ("sub", "volts"))
        meters = [Device(name, (channel(one, 1),), None) for name, one in names]
        self.devices = [Device("gateway", (), None)] + meters
        self.session = Session()
        self.clock = Clock()
        self.outbox = Outbox(data_bytes, 600, in_flight)
        dialect = Plain(Text(), HEAD, "9f03a1c4", 3, self.devices)
        options = dict(more, in_flight=in_flight, batch_bytes=batch_bytes)
        parts = (self.session, self.outbox, dialect, self.clock, options, DIAG_S, birth())
        self.uplink = Uplink(*parts)
        self.uplink.devices = self.devices
        self.uplink.birth_facts = lambda: {"fw": "0.1.0"}
        self.uplink.put_diagnostics = lambda text: text.put(b'{"heap":1}')
        self.uplink.restate = self.restate
        self.restated = 0

    def restate(self):
        self.restated += 1

    def connect(self, present=False):
        self.session.counters["connects"] += 1
        run(self.uplink.begin(present))

    def put(self, value, device=1, kind=DATA):
        self.outbox.begin(kind, device, 0, 100 + value, 0, False)
        if kind == DATA:
            self.outbox.add(0, value)
        else:
            self.outbox.add_text(b'{"n":%d}' % value)
        return self.outbox.put()

    def carry(self):
        return self.uplink.carry()

    def sent(self):
        """Carry what can be; (pid, seqs) of each message of records since the last look."""
        self.carry()
        return [(one.pid, seqs(one)) for one in self.session.records()]


def seqs(message):
    return [record[0] for record in json.loads(message.payload)["r"]]


def connected(**options):
    bench = Bench(**options)
    bench.connect()
    bench.carry()
    bench.session.take()
    return bench
