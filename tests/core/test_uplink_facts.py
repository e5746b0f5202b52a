"""What the uplink sends beside records: last values, diagnostics, what stands, older births."""

import json
import os

from fake_journal import BIRTH
from fake_stream import run
from fake_uplink import BASE, Bench, connected

from limen.core.quality import GOOD


def test_what_stands_is_told_again_after_a_reconnect_only():
    bench = Bench()
    bench.connect()
    assert bench.restated == 0
    bench.connect(True)
    assert bench.restated == 1
    bench.uplink.restate = None
    bench.connect()


def last_values(bench):
    bench.carry()
    return [one for one in bench.session.take() if one.topic.endswith("/last")]


def test_last_values_go_out_at_most_each_five_seconds():
    bench = connected()
    device = bench.devices[1]
    told = []
    for s in range(20):
        bench.clock.s = device.s = s
        device.channels[0].value = s
        device.channels[0].quality = GOOD
        device.fresh = True
        told += [(s, one) for one in last_values(bench)]
    assert [s for s, _ in told] == [0, 5, 10, 15]
    s, message = told[-1]
    assert (message.topic, message.qos) == (BASE + "dev/main/last", 0)
    assert message.retain is True
    t = 1000 * (946684800 + bench.clock.boot_s + 15) + 250
    assert json.loads(message.payload) == {"t": t, "q": GOOD, "v": {"power": 1.5}}
    bench.clock.s = 20
    assert [json.loads(one.payload)["v"]["power"] for one in last_values(bench)] == [1.9]
    bench.clock.s = 60
    assert last_values(bench) == []


def test_last_values_go_out_as_seldom_as_the_site_wants():
    bench = connected(last_s=60)
    told = []
    for s in range(0, 200, 10):
        bench.clock.s = bench.devices[1].s = s
        bench.devices[1].fresh = True
        told += [s] * len(last_values(bench))
    assert told == [0, 60, 120, 180]


def test_last_values_wait_for_room_and_stay_fresh():
    bench = connected()
    bench.devices[2].fresh = True
    bench.session.takes = 0
    assert last_values(bench) == []
    bench.session.takes = 1
    assert [one.topic for one in last_values(bench)] == [BASE + "dev/sub/last"]


def test_what_is_too_long_for_a_batch_is_not_sent_cut_off():
    bench = connected(batch_bytes=50)
    bench.devices[1].fresh = True
    bench.devices[1].channels[0].name = "x" * 60
    assert last_values(bench) == []


def test_diagnostics_come_at_once_and_then_at_their_interval():
    bench = Bench()
    bench.connect()
    told = []
    for s in range(1, 200):
        bench.clock.s = s
        bench.carry()
        told += [(s, one) for one in bench.session.take() if one.topic.endswith("/diag")]
    assert [s for s, _ in told] == [1, 61, 121, 181]
    message = told[0][1]
    assert (message.payload, message.qos, message.retain) == (b'{"heap":1}', 0, True)


def test_diagnostics_wait_for_room():
    bench = Bench()
    bench.connect()
    bench.session.take()
    bench.session.takes = 0
    bench.carry()
    bench.session.takes = 1
    bench.carry()
    assert [one.topic for one in bench.session.take()] == [BASE + "diag"]


def test_the_journal_announces_what_it_holds_of_other_configurations():
    class Journal:
        told = None

        async def announce(self, session, facts):
            self.told = (session, facts)

    bench = Bench()
    journal = bench.outbox.journal = Journal()
    run(bench.uplink._announce())
    assert journal.told == (bench.session, {"fw": "0.1.0"})
    os.stat(BIRTH)
