"""Commands to a whole gateway over MQTT: what each answers, and that none runs twice."""

import json

import pytest

from console import troubles
from host_tools import interpreter
from host_tools.emulation.meter import crc16
from host_tools.emulation.mqtt_packets import Publish
from oven_gateway import OvenGateway

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

BASE = "limen/v1/hall-2/g1/"


class Gateway(OvenGateway):
    def __init__(self, folder):
        super().__init__(folder, '["plain"]')
        self.answers, self.values, self.diag = [], [], {}
        self.told, self.frames = [], []
        self.broker.subscribe(BASE + "#", self._hear)

    def _hear(self, topic, payload, _retain):
        kind = topic.removeprefix(BASE)
        if kind == "cmd/trace/progress":
            facts = json.loads(payload)
            self.told.append((facts["from"], facts["utc_s"]))
            self.frames += facts["frames"]
        elif kind.startswith("cmd/") and kind.count("/") == 2:
            self.answers.append((kind.split("/")[1], json.loads(payload)))
        elif kind == "dev/oven/data":
            self.values += [record[3] for record in json.loads(payload)["r"]]
        elif kind == "diag":
            self.diag = json.loads(payload)

    def send(self, verb, request, retain=False):
        payload = request if isinstance(request, bytes) else json.dumps(request).encode()
        self.broker.publish(Publish(BASE + "cmd/" + verb, payload, 1, retain))

    def ask(self, verb, request, seconds=3):
        """The one answer to a request."""
        self.answers.clear()
        self.send(verb, request)
        self.run(seconds)
        ((answered, answer),) = self.answers
        assert answered == verb
        return answer


@pytest.fixture
def gateway(tmp_path):
    gateway = Gateway(tmp_path)
    gateway.run(8)
    yield gateway
    gateway.board.stop()


def write(channel, value, device="oven", **others):
    return {"id": "w", "device": device, "channel": channel, "value": value} | others


def test_a_register_is_written_and_read_back(gateway):
    answer = gateway.ask("write", write("temperature_setpoint", "21.5"))
    assert answer == {"id": "w", "ok": True, "value": "21.5"}
    assert gateway.oven.writes == [(6, 0x1001, 215)]
    assert gateway.values[-1]["temperature_setpoint"] == 21.5
    answer = gateway.ask("write", write("operating_state", 1, id=7))
    assert answer == {"id": 7, "ok": True, "value": "1"}
    assert gateway.oven.running == 1
    assert troubles(gateway.console) == []


def test_an_output_is_switched(gateway):
    assert gateway.board.pins.get(23, 0) == 0
    answer = gateway.ask("write", write("digital_output", 1, "valve"))
    assert answer == {"id": "w", "ok": True, "value": "1"}
    assert gateway.board.pins[23] == 1
    answer = gateway.ask("write", write("digital_output", 2, "valve", id="x"))
    assert answer["error"] == "an output is switched to 0 or 1, not to 2"


def test_what_is_no_command_is_counted_and_not_answered(gateway):
    (session,) = gateway.broker.sessions.values()
    for topic in ("status", "cmdx/write", "dev/cmd/data", ""):
        session.client.send(Publish(BASE + topic, b"{}", 1, True, 77))
    gateway.run(2)
    assert gateway.answers == []
    assert troubles(gateway.console) == []
    gateway.run(60)
    assert gateway.diag["mqtt"]["unasked"] == 4


REFUSED = [
    (write("temperature", "1"), "the channel temperature is not writable"),
    (write("temperature_setpoint", "1000"), "10000 is not between -999 and 9999"),
    (write("temperature_setpoint", "1.23"),
     'is finer than the resolution of 0.1; the nearest is "1.2"'),
    (write("temperature_setpoint", 1.5), 'the value must be a text, such as "21.5", or an integer'),
    (write("temperature_setpoint", "950"), "the device refuses with exception 3"),
    (write("temperature_setpoint", "600"), "the device was told 600.0 and holds 20.0"),
    (write("power", "1"), 'oven has no channel "power"'),
    (write("power", "1", "stove"), 'there is no device "stove"'),
]  # fmt: skip


def test_what_cannot_be_written_gets_a_sentence(gateway):
    for number, (request, sentence) in enumerate(REFUSED):
        answer = gateway.ask("write", request | {"id": number})
        assert answer == {"id": number, "ok": False, "error": sentence}
    gateway.oven.is_deaf = True
    answer = gateway.ask("write", write("temperature_setpoint", "22"))
    assert answer["error"].startswith("the device does not confirm (timeout)")
    assert troubles(gateway.console) == []


def test_no_request_ends_in_anything_but_an_answer(gateway):
    requests = {
        b"": "the request is no JSON object",
        b"{": "the request is no JSON object",
        b"\xff\xfe": "the request is no JSON object",
        b"[1]": "the request is no JSON object",
        b'{"id":[]}': "the id must be a text or an integer of up to 64 characters",
        b'{"until":"x"}': '"until" must be UTC in milliseconds',
        b'{"until":1000000000000}': "the request came too late",
        b" " * 2000: "the request is too long",
        b"[" * 450: "the request is no JSON object",
    }
    for payload, sentence in requests.items():
        assert gateway.ask("write", payload) == {"id": None, "ok": False, "error": sentence}
    for verb in ("sing", "__init__", "parts"):
        sentence = f'there is no command "{verb}"'
        assert gateway.ask(verb, {}) == {"id": None, "ok": False, "error": sentence}
    gateway.answers.clear()
    gateway.send("write", {"id": 5}, retain=True)
    gateway.run(60)
    gateway.board.power_cut()
    gateway.board.start()
    gateway.run(70)
    assert "retained" in gateway.answers[-1][1]["error"]
    assert gateway.diag["mqtt"]["commands refused"] >= 1
    assert troubles(gateway.console) == []


def test_who_asks_too_late_hears_that_it_was_too_late(gateway):
    answer = gateway.ask("write", {"id": "w", "until": 1000000000000})
    assert answer == {"id": "w", "ok": False, "error": "the request came too late"}


def test_a_request_that_comes_twice_runs_once(gateway):
    request = write("temperature_setpoint", "21.5")
    gateway.send("write", request)
    gateway.send("write", request)
    gateway.run(3)
    gateway.send("write", request)
    gateway.run(3)
    assert gateway.answers == [("write", {"id": "w", "ok": True, "value": "21.5"})] * 2
    assert gateway.oven.writes == [(6, 0x1001, 215)]


def test_an_answer_outlives_its_connection(gateway):
    gateway.broker.puback_delay_us = 2_000_000
    gateway.send("write", write("temperature_setpoint", "21.5"))
    gateway.run(1)
    gateway.lan.cut()
    gateway.run(60)
    gateway.broker.puback_delay_us = 0
    gateway.lan.restore()
    gateway.run(90)
    assert {answer["value"] for _, answer in gateway.answers} == {"21.5"}
    assert gateway.oven.writes == [(6, 0x1001, 215)]


def test_a_restart_answers_first_and_comes_once(gateway):
    answer = gateway.ask("restart", {"id": "r"}, 20)
    assert answer == {"id": "r", "ok": True, "boot": 1}
    assert gateway.ask("restart", {"id": "r"}, 20) == {"id": "r", "ok": True, "boot": 2}
    assert gateway.ask("restart", {"id": "s"}, 20) == {"id": "s", "ok": True, "boot": 2}


def test_the_traffic_of_a_line_is_told_while_it_is_read(gateway):
    answer = gateway.ask("trace", {"id": "t", "for": "5s"}, 8)
    assert answer == {"id": "t", "ok": True, "frames": len(gateway.frames), "lost": 0}
    assert [first for first, _ in gateway.told] == sorted({first for first, _ in gateway.told})
    frames = [bytes.fromhex(text) for _, text in gateway.frames]
    requests, replies = frames[::2], frames[1::2]
    assert 10 <= len(requests) <= 24 and len(replies) == len(requests)
    assert all(crc16(frame) == 0 and frame[0] == 3 for frame in frames)
    assert all(one[1] == other[1] for one, other in zip(requests, replies, strict=True))
    assert 4_000_000 < sum(us for us, _ in gateway.frames) < 5_600_000
    before = len(gateway.values)
    gateway.run(3)
    assert len(gateway.values) > before and not troubles(gateway.console)


def test_a_trace_of_no_line_or_for_too_long_is_refused(gateway):
    answer = gateway.ask("trace", {"id": "t", "bus": "pins"})
    assert answer["error"] == "name the bus of an RS-485 line: rs485"
    assert "must be from 1ms to 1h" in gateway.ask("trace", {"id": "u", "for": "2h"})["error"]
