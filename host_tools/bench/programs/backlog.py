"""Fills the outbox while there is no connection; says how long the way to the broker then takes.

It is a gateway as the firmware makes it, its buses left out. /bench.json has the number of records
and of channels in each. The time runs from the connection to the last acknowledgement. Where there
is a journal its rate is not limited, and what its flash had to take is said too.
"""

import asyncio
import gc
import json
from time import ticks_diff, ticks_us

import esp32

from limen.app import CONFIGURATION, Gateway
from limen.core.quality import GOOD
from limen.delivery.outbox import DATA

FIRST_S = 830_000_000  # in 2026, counted from 2000
DEVICE = 1
_FOUND = esp32.Partition.find


def fill(outbox, records, channels):
    """Put records a second apart, with values that change as those of a machine do."""
    for number in range(records):
        outbox.begin(DATA, DEVICE, GOOD, FIRST_S + number, number * 37 % 1000, False)
        for channel in range(channels):
            outbox.add(channel, 40000 + number * 7919 % 9973)
        outbox.put()


class CountedFlash(esp32.Partition):
    """Counts what is programmed and erased, on the partition of the journal."""

    programmed = erased = 0

    @staticmethod
    def find(*kind, label=None):
        return [CountedFlash(label) for _ in _FOUND(*kind, label=label)]

    def writeblocks(self, block, buffer, offset):
        CountedFlash.programmed += len(buffer)
        super().writeblocks(block, buffer, offset)

    def ioctl(self, request, argument):
        CountedFlash.erased += request == 6
        return super().ioctl(request, argument)


def unlimited(journal):
    """Let a journal give all at once, and its task not come in between."""
    journal.allowance = 1 << 29
    journal.run = rest


async def rest(pulse):
    while True:
        pulse.beat(60)
        await asyncio.sleep(30)


class Stopwatch:
    """Starts with the first birth, and stops when all that was put has been acknowledged."""

    def __init__(self, gateway, facts):
        self._gateway = gateway
        self._known = facts
        self._began_us = None
        if gateway.node_link:
            self._watch_node(gateway.uplink)
        else:
            self._watch_uplink(gateway.uplink)

    def _watch_uplink(self, uplink):
        self._facts = uplink.birth_facts
        self._settle = uplink.session.on_puback
        uplink.birth_facts = self.start
        uplink.session.on_puback = self.settle

    def _watch_node(self, node):
        self._facts = node.facts
        self._settle = node.session.on_confirmed
        node.facts = self.start
        node.session.on_confirmed = self.settle

    def start(self):
        self._began_us = ticks_us()
        return self._facts()

    def settle(self, confirmed):
        outbox = self._gateway.outbox
        waited = outbox.waiting()
        self._settle(confirmed)
        if waited and not outbox.waiting():
            self.say(ticks_diff(ticks_us(), self._began_us))

    def say(self, took_us):
        outbox = self._gateway.outbox
        said = {
            "us": took_us,
            "acked": outbox.acked,
            "dropped": outbox.dropped,
            "messages": self._gateway.uplink.messages,
        }
        said.update(self._known())
        print(json.dumps(said))


def journal_facts():
    """What the backlog takes of the heap, and has taken of the flash."""
    return {
        "start": before,
        "heap": heap,
        "programmed": CountedFlash.programmed,
        "erased": CountedFlash.erased,
    }


with open("/bench.json") as file:
    order = json.load(file)
with open(CONFIGURATION) as lines:
    gateway = Gateway(lines)
    esp32.Partition = CountedFlash
    gateway.attach_brokers({})
gateway.buses = []
gateway.clock.set_boot(FIRST_S, 0)
gc.collect()
before = gc.mem_alloc()
if gateway.journal:
    unlimited(gateway.journal)
fill(gateway.outbox, order["records"], order["channels"])
gc.collect()
heap = gc.mem_alloc() - before
Stopwatch(gateway, journal_facts)
asyncio.run(gateway.run())
