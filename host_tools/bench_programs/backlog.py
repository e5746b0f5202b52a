"""Fills the outbox while there is no connection; says how long the way to the broker then takes.

It is a gateway as the firmware makes it, its buses left out. /bench.json has the number of records
and of channels in each. The time runs from the connection to the last acknowledgement.
"""

import asyncio
import json
from time import ticks_diff, ticks_us

from limen.app import CONFIGURATION, Gateway
from limen.core.quality import GOOD
from limen.delivery.outbox import DATA

FIRST_S = 830_000_000  # in 2026, counted from 2000
DEVICE = 1


def fill(outbox, records, channels):
    """Put records a second apart, with values that change as those of a machine do."""
    for number in range(records):
        outbox.begin(DATA, DEVICE, GOOD, FIRST_S + number, number * 37 % 1000, False)
        for channel in range(channels):
            outbox.add(channel, 40000 + number * 7919 % 9973)
        outbox.put()


class Stopwatch:
    """Starts with the first birth, and stops when all that was put has been acknowledged."""

    def __init__(self, gateway):
        self._gateway = gateway
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
        print(json.dumps(said))


with open("/bench.json") as file:
    order = json.load(file)
with open(CONFIGURATION) as lines:
    gateway = Gateway(lines)
    gateway.attach_brokers({})
gateway.buses = []
gateway.clock.set_boot(FIRST_S, 0)
fill(gateway.outbox, order["records"], order["channels"])
Stopwatch(gateway)
asyncio.run(gateway.run())
