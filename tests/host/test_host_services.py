"""The examples of docs/host-services.md run as they stand there, at a broker of the test."""

import itertools
import json
import re
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from socket import create_server

import pytest
from paho.mqtt import client as paho

from host_tools.emulation import brokers
from host_tools.paths import PROJECT

PAGE = (PROJECT / "docs/host-services.md").read_text()
EXAMPLES = dict(re.findall(r"^```python\n# (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
BASE = "limen/v1/hall-2/press-07/"
FRAME = {"inc": "9f03a1c4", "boot": 3, "cfg": "1c0ffee1"}
BIRTH = FRAME | {"low": 1, "firmware": "0.1.0", "reset": "wdt", "device": [
    {"id": "m", "model": "X", "channel": [
        {"name": "voltage", "unit": "V", "kind": "gauge", "places": 1}]}]}  # fmt: skip
ALARM = {"alarm": "voltage.high", "state": "raised", "value": 251.5, "limit": 250}
T_MS = 1795291200000
PATIENCE_S = 20


@pytest.fixture
def broker(tmp_path):
    with closing(create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    broker = brokers.start("auto", port, tmp_path / "broker")
    yield broker
    broker.kill()


class Gateway:
    """Publishes one record more, with a hole before it, whenever it is told to."""

    def __init__(self, port):
        self._seqs = itertools.count(1, 2)
        self._paho = paho.Client(paho.CallbackAPIVersion.VERSION2, "gateway")
        self._paho.connect("127.0.0.1", port)
        self._paho.loop_start()
        self._publish("birth", BIRTH, retain=True)

    def publish(self, kind, body):
        seq = next(self._seqs)
        self._publish(f"dev/m/{kind}", FRAME | {"low": seq, "r": [[seq, T_MS + seq, 0, body]]})

    def close(self):
        self._paho.disconnect()
        self._paho.loop_stop()

    def _publish(self, topic, content, retain=False):
        payload = json.dumps(content)
        self._paho.publish(BASE + topic, payload, 1, retain).wait_for_publish(PATIENCE_S)


@pytest.fixture
def gateway(broker):
    gateway = Gateway(broker.port)
    yield gateway
    gateway.close()


def play(name, folder, port, publish, has_answered) -> str:
    """Run an example and publish until it has answered; return what it printed."""
    text = EXAMPLES[name].replace('"broker.local"', f'"127.0.0.1", {port}')
    process = subprocess.Popen(
        [sys.executable, "-c", text],
        cwd=folder,
        env={"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout))
    reader.start()
    end_s = time.monotonic() + PATIENCE_S
    try:
        while not has_answered(lines):
            assert time.monotonic() < end_s and process.poll() is None, "it does not answer"
            publish()
            time.sleep(0.2)
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stdout.close()
    return "".join(lines)


def test_the_service_stores_every_sample(broker, gateway, tmp_path):
    def rows(*_):
        with closing(sqlite3.connect(tmp_path / "my_service.db")) as database:
            names = [name for (name,) in database.execute("SELECT name FROM sqlite_master")]
            return database.execute("SELECT * FROM sample").fetchall() if "sample" in names else []

    play(
        "my_service.py", tmp_path, broker.port,
        lambda: gateway.publish("data", {"voltage": 230.1}), lambda _: len(rows()) >= 2,
    )  # fmt: skip
    stored = rows()
    assert {row[:2] + row[3:] for row in stored} == {("m", "voltage", "230.1")}
    times = [row[2] for row in stored]
    assert times == list(range(times[0], times[0] + 2 * len(times), 2))


def test_the_asyncio_service_prints_alarms_and_gaps(broker, gateway, tmp_path):
    told = play(
        "my_alarms.py", tmp_path, broker.port,
        lambda: gateway.publish("event", ALARM), lambda lines: len(lines) >= 3,
    )  # fmt: skip
    assert told.splitlines()[:3] == [
        "m voltage high True 251.5", "1 records are missing", "m voltage high True 251.5"
    ]  # fmt: skip


def test_the_examples_are_short():
    assert set(EXAMPLES) == {"my_service.py", "my_alarms.py"}
    for text in EXAMPLES.values():
        assert len([line for line in text.splitlines() if line]) <= 12
