"""Every section of the bench at work, small; only what no load of the machine can change."""

import asyncio

import pytest

from host_tools import cli, interpreter
from host_tools.bench import command as bench
from host_tools.bench.drain import CHANNELS, drain, publish
from host_tools.bench.flash import start_rows
from host_tools.bench.network import Relay, started
from host_tools.bench.replay import run_press
from host_tools.bench.section import Extent, Row, number

SMALL = Extent(
    repeats=1, records=300, peer_messages=3, readings=20, virtual_s=60, recording_rows=250_000
)
MOST_SAMPLE_BYTES = 34
MOST_MESSAGE_BYTES = 800  # with the frames of the functions that are at work meanwhile
AS_MQTT_AS = b"""
from umqtt.simple import MQTTClient as Simple

config = {}

class MQTTClient:
    def __init__(self, config):
        self.client = Simple(config["client_id"], config["server"], config["port"])

    async def connect(self, quick=False):
        self.client.connect()

    async def publish(self, topic, payload, qos=0):
        self.client.publish(topic, payload, qos=qos)
"""


@pytest.fixture(scope="module", autouse=True)
def twin():
    if not interpreter.find_or_none():
        pytest.skip("no MicroPython on this machine")


def values(section: str) -> dict[str, float]:
    return {row.what: row.value for row in bench.measure(section, SMALL)}


@pytest.mark.parametrize("channels", [1, CHANNELS])
def test_the_whole_backlog_arrives_in_full_messages(channels):
    async def scene(port):
        async with Relay(port) as relay:
            return await drain(relay.port, 300, channels), relay.passed

    with started("auto") as broker:
        said, passed = asyncio.run(scene(broker.port))
    assert (said["acked"], said["dropped"]) == (300, 0)
    # Messages of 1,400 bytes: at least 25 records of one value, 5 of ten.
    assert said["messages"] <= 300 // (25 if channels == 1 else 5)
    assert 1400 * said["messages"] > passed / 2 > 100 * channels


def test_the_peer_publishes_one_record_a_message():
    with started("auto") as broker:
        assert asyncio.run(publish(broker.port, 3))["acked"] == 3
        assert asyncio.run(publish(broker.port, 3, AS_MQTT_AS))["acked"] == 3


def test_drain_shows_both_and_their_ratio_near_and_far():
    rows = bench.measure("drain", SMALL)
    assert [row.unit for row in rows] == ["records/s"] * 3 + ["×"] + ["records/s"] * 2 + ["×"]
    assert min(row.value for row in rows) > 0
    # Each message of the peer waits for a round trip of 50 ms.
    assert rows[-2].value < 21


def test_a_backlog_goes_through_the_flash_of_a_journal_that_takes_no_more_memory_for_it():
    drained, heap, more, programmed, erased = values("journal").values()
    assert min(drained, heap, erased) > 0
    assert abs(more) < 512  # the list of frames whose records are in memory, too
    assert 1 < programmed <= 5


def test_the_same_over_tls_and_what_it_takes():
    rows = values("tls")
    rates = [value for what, value in rows.items() if "TLS: " in what]
    assert len(rates) == 3 and min(rates) > 1
    assert 2000 < rows["heap of TLS, its context and a connection included"] < 9000
    assert rows["memory of mbedTLS beside the heap, context"] < 6000
    assert 30000 < rows["memory of mbedTLS beside the heap, connected"] < 60000


def test_a_record_of_the_backlog_costs_less_than_half_of_a_message_of_its_own():
    rows = values("wire")
    assert rows["umqtt.simple ÷ Limen, 1 value a record"] > 2
    assert rows["the press at work: a sample read"] < rows["the press at work: a record"]


def test_a_board_is_soon_at_its_work():
    rows = {row.what: row.value for row in start_rows(60)}
    assert rows["from power to the birth"] <= rows["from power to the first values"] < 3
    if interpreter.find().is_chip_like:
        assert 60_000 < rows["heap in use when it is online"] < rows["heap in use later"] + 5000


def test_a_sample_takes_no_more_heap_than_stated():
    if not interpreter.find().is_chip_like:
        pytest.skip("no 32-bit MicroPython on this machine: heap checks are skipped")
    rows = values("path")
    samples = [value for what, value in rows.items() if what.startswith("allocated for a sample")]
    assert len(samples) == 3 and max(samples) <= MOST_SAMPLE_BYTES
    assert 0 < rows["allocated for a message"] <= MOST_MESSAGE_BYTES


def test_replay_counts_what_the_press_did():
    run = run_press(60)
    assert 560 <= run.samples <= 600
    assert 10 < run.records < 60
    assert run.wire_bytes > 50 * run.records
    rows = bench.measure("replay", SMALL)
    assert [row.unit for row in rows] == ["× real time"] * 3 + ["s", "× real time"]
    assert min(row.value for row in rows) > 0


def test_a_budget_is_kept_or_missed():
    assert Row("a", 2, "ms", most=2).is_met and not Row("a", 2.01, "ms", most=2).is_met
    assert Row("a", 200, "×", least=200).is_met and not Row("a", 199, "×", least=200).is_met
    cells = [str(cell) for cell in Row("a", 17817, "records/s", least=5000).cells()]
    assert cells == ["a", "17,817 records/s", "≥ 5,000 kept"]
    numbers = [number(value) for value in (0, 0.02049, 33.6, 786)]
    assert numbers == ["0", "0.0205", "33.6", "786"]


def test_an_unknown_section_is_refused_with_the_nearest(capsys):
    assert cli.main(["bench", "dran"]) == 2
    assert "no section 'dran'; did you mean drain?" in capsys.readouterr().err


def test_a_peer_that_is_not_there_is_told(capsys):
    assert cli.main(["bench", "drain", "--mqtt-as", "nowhere.py"]) == 2
    assert "nowhere.py cannot be read: No such file" in capsys.readouterr().err


def test_a_recording_twice_as_long_takes_no_more_memory():
    rows = bench.measure("recording", SMALL)
    assert all(row.is_met for row in rows), rows
