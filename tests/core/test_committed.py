"""What no power cut may take is on flash when it has been told: the board is dead right after."""

from fake_flash import Flash
from fake_gateway import FakeGateway, channel
from fake_journal import CFG, INC, Boot, Plain, birth

from limen.commands import order
from limen.core.alarm import LimitAlarm
from limen.core.quality import GOOD
from limen.delivery.journal import Journal
from limen.delivery.outbox import DATA, EVENT
from limen.drivers import DONE
from limen.functions.energy import Function as Energy
from limen.functions.machine import Function as Machine
from limen.service.counters import Tally
from limen.service.poll import Device

ALWAYS = [[0] * 8, [[0, 0]], []]
METER, PINS = 1, 2


class Reader:
    """Reads a counter; `count` is what the meter shows."""

    def __init__(self, channel):
        self.channel = channel
        self.count = 0

    def read(self):
        pass

    def step(self):
        self.channel.value = self.count
        self.channel.quality = GOOD
        return DONE


class Bench:
    """A meter and a counter of parts on a gateway whose journal lies on `flash`."""

    def __init__(self):
        self.flash = Flash(16)
        self.power = channel("power_active_total", 0)
        self.energy = channel("energy_import", 3)
        self.parts = channel("pulse_count", 0)
        self.meter = Device("meter", (self.power, self.energy), Reader(self.energy))
        self.count = self.meter.reader
        pins = Device("pins", (self.parts,), None)
        self.gateway = FakeGateway([self.meter, pins])
        outbox = self.gateway.outbox
        self.journal = Journal(self.flash, outbox, (INC, 1, CFG), Plain(), birth(), print)
        for one in (self.power, self.energy, self.parts):
            one.quality = GOOD

    def read(self, s, power, energy):
        self.meter.s = self.gateway.clock.s = s
        self.power.value = power
        self.count.count = energy
        self.power.fresh = self.energy.fresh = True
        self.meter.reader.read()
        while self.meter.reader.step() != DONE:
            pass
        for follower in self.meter.followers:
            follower.feed(self.meter)
        self.gateway.take(METER, self.meter)

    def follow(self, name, function, settings, own):
        self.meter.followers += (self.gateway.add(name, function, settings, own),)

    def after_cut(self):
        """(kind, device, numbers or text) of what the next boot delivers."""
        received = Boot(self.flash, boot=2).drain()
        return [(content[0], content[1], content[-1]) for _, content in received]


def test_ordinary_samples_wait():
    bench = Bench()
    bench.read(1, 100, 5000)
    assert bench.after_cut() == []


def test_a_total_of_a_counter_and_what_was_read_with_it():
    bench = Bench()
    Tally(bench.gateway, METER, bench.meter, [[1, 100000, 1000000, 2, 999999]])
    bench.read(1, 100, 5000)
    bench.read(2, 101, 5001)

    assert (DATA, METER, [0, 101, 1, 5001]) in bench.after_cut()


def test_a_total_that_the_filter_holds_back_is_no_record():
    bench = Bench()
    Tally(bench.gateway, METER, bench.meter, [[1, 100000, 1000000, 2, 999999]])
    bench.read(1, 100, 5000)
    writes = bench.flash.writes
    bench.power.fresh, bench.energy.fresh = True, False
    bench.gateway.take(METER, bench.meter)
    assert bench.flash.writes == writes


def test_an_alarm():
    bench = Bench()
    bench.power.alarms = (LimitAlarm("high", 500, 10, 0),)
    bench.read(1, 600, 5000)
    ((kind, device, text),) = bench.after_cut()
    assert (kind, device) == (EVENT, METER)
    assert b'"power_active_total.high","state":"raised"' in text


def test_an_energy_interval():
    bench = Bench()
    settings = {"counters": [[METER, 1]], "names": ["energy_import"], "zone": [3600]}
    settings.update({"interval_s": 900, "gap_s": 10, "places": 0, "reactive": None})
    own = (("energy_import_interval", 3), ("power_active_demand_predicted", 0))
    bench.follow("hall", Energy, settings, own)
    bench.read(50, 100, 5000)
    bench.read(58, 100, 5001)
    assert bench.after_cut() == []
    bench.read(61, 100, 5003)
    assert (DATA, PINS + 1, [0, 1]) in bench.after_cut()


def test_parts_and_an_order():
    bench = Bench()
    settings = {"power": [METER, 0], "parts": [PINS, 0, 1, 0], "inputs": [], "zone": [3600]}
    settings.update({"ideal_ms": 2000, "dwell_ms": [0] * 6})
    settings["bands"] = [[50, 700], [0, 1, 3], 20]
    bench.follow("press", Machine, settings, [("part_count", 0)])
    bench.read(1, 100, 5000)
    bench.parts.value = 7
    bench.read(2, 100, 5000)
    assert (DATA, PINS + 1, [0, 7]) in bench.after_cut()
    bench = Bench()
    bench.follow("press", Machine, settings, [("machine_state", 0)])
    order.run(bench.gateway, {"machine": "press", "do": "start", "order": "A-1"})
    told = [told for told in bench.after_cut() if told[0] == EVENT]
    assert told == [(EVENT, PINS + 1, b'{"order":{"id":"A-1","state":"started"}}')]
