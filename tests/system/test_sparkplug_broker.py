"""A Sparkplug session in real time: a gateway, a real broker, and pysparkplug as the host."""

import asyncio
import contextlib
import socket

import pysparkplug
import pytest
from paho.mqtt import client as paho
from pysparkplug import DataType, MessageType, QoS, Topic

from host_tools import interpreter
from host_tools.emulation import brokers
from host_tools.emulation.board import Board
from host_tools.emulation.lan import Lan
from host_tools.emulation.line import Line
from host_tools.emulation.scheduler import RealScheduler
from host_tools.emulation.tap import Tap
from host_tools.emulation.time_server import serve_time
from oven import Oven
from oven_gateway import flash_of
from sparkplug_host import Host, client

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

PATIENCE_S = 60


def free_port() -> int:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


class Session:
    """A board behind a tap, and at the broker two hosts: pysparkplug, and ours that checks."""

    def __init__(self, folder, monkeypatch, broker):
        scheduler = RealScheduler()
        self.tap = Tap(free_port(), broker.port)
        lan = Lan(scheduler)
        lan.name("broker.local", 1883, self.tap.port)
        serve_time(lan, scheduler.utc_us, "time.local")
        line = Line(scheduler)
        Oven(line)
        flash = flash_of(folder, '["sparkplug"]').path
        self.board = Board(scheduler, flash, lines={1: line}, lan=lan)
        self.host = Host()
        self.messages = []
        self.scada = client(monkeypatch, client_id="scada")
        self.scada.connect("127.0.0.1", port=broker.port)
        for device in (None, "+"):
            topic = Topic("hall-2", "+", "g1", device)
            self.scada.subscribe(topic, QoS.AT_MOST_ONCE, self._take)
        self._observer = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._observer.on_message = lambda _client, _data, message: self.host.hear(
            message.topic, message.payload, message.retain
        )
        self._observer.connect("127.0.0.1", broker.port)
        self._observer.subscribe("spBv1.0/hall-2/#")
        self._observer.loop_start()

    def _take(self, _client, message):
        self.messages.append(message)

    async def until(self, condition):
        for _ in range(PATIENCE_S * 20):
            if condition():
                return
            await asyncio.sleep(0.05)
        pytest.fail(f"it did not come to pass: {self.host.kinds}")

    def births(self):
        """How often the node has been born."""
        return self.host.kinds.count(("NBIRTH", None))

    def has_data(self, is_historical=False):
        """Whether pysparkplug got values of the oven since the last birth of the node."""
        kinds = [message.topic.message_type for message in self.messages]
        if MessageType.NBIRTH not in kinds:
            return False
        last = len(kinds) - 1 - kinds[::-1].index(MessageType.NBIRTH)
        data = [m for m in self.messages[last:] if m.topic.message_type == MessageType.DDATA]
        found = [metric for message in data for metric in message.payload.metrics]
        return any(metric.is_historical == is_historical for metric in found)

    def ask_for_rebirth(self):
        metric = pysparkplug.Metric(
            timestamp=1, name="Node Control/Rebirth", datatype=DataType.BOOLEAN, value=True
        )
        topic = Topic("hall-2", MessageType.NCMD, "g1")
        payload = pysparkplug.NCmd(timestamp=1, metrics=(metric,))
        self.scada.publish(pysparkplug.Message(topic, payload, QoS.AT_LEAST_ONCE, False))

    async def close(self):
        """End all but the board, which is off already."""
        await self.tap.stop()
        self.scada.disconnect()
        self._observer.disconnect()
        self._observer.loop_stop()


@pytest.mark.parametrize("kind", ["amqtt", "mosquitto"])
def test_births_data_an_outage_a_rebirth_and_a_death(tmp_path, monkeypatch, kind):
    if kind == "mosquitto" and not brokers.find_mosquitto():
        pytest.skip("Mosquitto is not installed")
    broker = brokers.start(kind, free_port(), tmp_path)
    try:
        asyncio.run(scene(tmp_path, monkeypatch, broker))
    finally:
        broker.stop()


async def scene(folder, monkeypatch, broker):
    session = Session(folder, monkeypatch, broker)
    await session.tap.start()
    session.board.start()
    await session.until(session.has_data)
    await session.tap.cut()
    await asyncio.sleep(3)
    await session.tap.restore()
    await session.until(lambda: session.births() == 2 and session.has_data(is_historical=True))
    session.ask_for_rebirth()
    await session.until(lambda: session.births() == 3 and session.has_data())
    session.board.stop()
    await session.until(lambda: session.host.kinds[-1] == ("NDEATH", None))
    await session.close()
    assert session.host.wrong == []
    numbers = [number for kind, number in session.host.bd_seqs if kind == "NBIRTH"]
    assert numbers[1] == numbers[2] > numbers[0]
    assert session.host.bd_seqs[-1] == ("NDEATH", numbers[-1])
