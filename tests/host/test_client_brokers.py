"""The client at real brokers: a service that is killed loses nothing and counts nothing twice.

amqtt 0.12 does not send again what a connection took with it (github.com/Yakifo/amqtt/issues/401);
there the client must tell as gaps, exactly, what has not come.
"""

import asyncio
import itertools
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from socket import create_server

import pytest
from paho.mqtt import client as paho

from host_tools.client import Address, AsyncClient, Born, Client, Sample, State
from host_tools.emulation import brokers
from host_tools.paths import PROJECT

KINDS = ["amqtt"] + ["mosquitto"] * bool(brokers.find_mosquitto())
BASE = "limen/v1/hall-2/press-07/"
BIRTH = {
    "inc": "9f03a1c4", "boot": 3, "cfg": "1c0ffee1", "low": 1, "firmware": "0.1.0", "reset": "wdt",
    "device": [{"id": "m", "model": "X", "channel": [
        {"name": "voltage", "unit": "V", "kind": "gauge", "places": 1}]}],
}  # fmt: skip
RECORDS = 1200
PER_MESSAGE = 4
PATIENCE_S = 20

SERVICE = """
import sqlite3, sys, time
from host_tools.client import Address, Client, Gap, Sample, State

database = sqlite3.connect(sys.argv[2])
with Client(Address("127.0.0.1", int(sys.argv[1])), "store", State(database)) as client:
    while not client.is_connected:
        time.sleep(0.01)
    print("up", flush=True)
    for item in client:
        if isinstance(item, Sample):
            database.execute("INSERT INTO sample VALUES (?, ?)", (item.seq, str(item.value)))
        elif isinstance(item, Gap):
            seqs = [(seq,) for seq in range(item.first, item.last + 1)]
            database.executemany("INSERT INTO gap VALUES (?)", seqs)
"""


def free_port() -> int:
    with closing(create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


@pytest.fixture(params=KINDS)
def broker(request, tmp_path):
    broker = brokers.start(request.param, free_port(), tmp_path / "broker")
    yield broker
    broker.kill()


def require_redelivery(broker):
    if broker.name == "amqtt":
        pytest.skip("amqtt does not send again what was not acknowledged")


class Gateway:
    """Publishes as a gateway does, each record with its own seq."""

    def __init__(self, port):
        self._seqs = itertools.count(1)
        self._paho = paho.Client(paho.CallbackAPIVersion.VERSION2, "gateway")
        self._paho.connect("127.0.0.1", port)
        self._paho.loop_start()

    def announce(self):
        self._publish("birth", BIRTH, retain=True)

    def publish(self, messages=1):
        sent = []
        for _ in range(messages):
            seqs = [next(self._seqs) for _ in range(PER_MESSAGE)]
            records = [[seq, 1795291200000 + seq, 0, {"voltage": seq}] for seq in seqs]
            frame = {key: BIRTH[key] for key in ("inc", "boot", "cfg")}
            sent.append(self._publish("dev/m/data", frame | {"low": seqs[0], "r": records}))
        for one in sent:
            one.wait_for_publish(PATIENCE_S)

    def close(self):
        self._paho.disconnect()
        self._paho.loop_stop()

    def _publish(self, topic, content, retain=False):
        return self._paho.publish(BASE + topic, json.dumps(content), qos=1, retain=retain)


@pytest.fixture
def gateway(broker):
    gateway = Gateway(broker.port)
    gateway.announce()
    yield gateway
    gateway.close()


def until(is_true):
    """Wait until something has come about."""
    end_s = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < end_s, "it takes too long"
        time.sleep(0.01)


@contextmanager
def service(port, path) -> Iterator[subprocess.Popen]:
    command = [sys.executable, "-c", SERVICE, str(port), str(path)]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "up\n"
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


def test_a_service_killed_in_the_middle_counts_every_record_once(broker, gateway, tmp_path):
    path = tmp_path / "service.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE sample (seq INTEGER, value TEXT)")
    database.execute("CREATE TABLE gap (seq INTEGER)")
    database.commit()

    def count():
        union = "SELECT seq FROM sample UNION SELECT seq FROM gap"
        return database.execute(f"SELECT count(*) FROM ({union})").fetchone()[0]

    with service(broker.port, path):
        gateway.publish()
        until(lambda: count() == PER_MESSAGE)
        gateway.publish(RECORDS // PER_MESSAGE // 2)
        until(lambda: count() >= RECORDS // 4)
    killed_at = count()
    gateway.publish(RECORDS // PER_MESSAGE // 4)
    with service(broker.port, path):
        until(lambda: count() > killed_at)
    with service(broker.port, path):
        gateway.publish(RECORDS // PER_MESSAGE // 4)
        until(lambda: count() >= RECORDS + PER_MESSAGE)
    rows = database.execute("SELECT seq, value FROM sample ORDER BY seq").fetchall()
    gaps = {seq for (seq,) in database.execute("SELECT seq FROM gap")}
    assert broker.name == "amqtt" or not gaps
    there = {seq for seq, _ in rows}
    everything = range(1, RECORDS + PER_MESSAGE + 1)
    assert rows == [(seq, str(seq)) for seq in everything if seq in there]
    assert there | gaps == set(everything)


def test_what_was_not_processed_comes_again_to_the_next_client(broker, gateway, tmp_path):
    require_redelivery(broker)

    def client():
        return Client(Address("127.0.0.1", broker.port), "fixed", State(tmp_path / "state.db"))

    with client() as first:
        until(lambda: first.is_connected)
        gateway.publish(2)
        seqs = []
        for batch in first.batches(for_s=PATIENCE_S):
            seqs += [item.seq for item in batch if isinstance(item, Sample)]
            if len(seqs) == 2 * PER_MESSAGE:
                break
    with client() as second:
        gateway.publish()
        batches = [b for b in second.batches(for_s=1) if isinstance(b[0], Sample)]
    assert seqs == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [one.seq for b in batches for one in b] == list(range(5, 13))
    assert batches[0][0].unit == "V"


def test_a_client_without_a_name_sees_what_comes_from_now_on(broker, gateway):
    gateway.publish()
    with Client(Address("127.0.0.1", broker.port)) as client:
        until(lambda: client.is_connected)
        gateway.publish()
        items = [item for found in client.batches(for_s=0.5) for item in found]
    assert isinstance(items[0], Born)
    assert [item.seq for item in items[1:]] == [5, 6, 7, 8]


def test_the_same_on_asyncio(broker, gateway, tmp_path):
    async def listen(count):
        state = State(tmp_path / "state.db")
        seqs = []
        async with AsyncClient(Address("127.0.0.1", broker.port), "fixed", state) as client:
            while not client.is_connected:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(gateway.publish, 2)
            async for item in client:
                if isinstance(item, Sample):
                    seqs.append(item.seq)
                    if len(seqs) > count:
                        return seqs

    assert asyncio.run(asyncio.wait_for(listen(PER_MESSAGE), PATIENCE_S)) == [1, 2, 3, 4, 5]
    require_redelivery(broker)
    assert asyncio.run(asyncio.wait_for(listen(4), PATIENCE_S)) == [5, 6, 7, 8, 9]


def test_a_client_says_why_there_is_no_connection(tmp_path):
    port = free_port()
    with Client(Address("127.0.0.1", port)) as client:
        until(lambda: client.problem)
        assert client.problem == f"nobody answers at 127.0.0.1:{port}"
    broker = brokers.start("amqtt", port, tmp_path, {"user": "right"})
    with Client(Address("127.0.0.1", port, "user", "wrong")) as client:
        until(lambda: client.problem)
        assert client.problem.startswith(f"the broker at 127.0.0.1:{port} refuses: ")
    broker.kill()
