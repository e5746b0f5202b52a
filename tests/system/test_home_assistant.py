"""A gateway, and Home Assistant in its place at the broker: discovery, values, what is pressed."""

import json

import pytest

from console import troubles
from home_assistant import check, rendered
from host_tools import interpreter
from host_tools.emulation.mqtt_packets import Publish
from oven_gateway import OvenGateway

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

DIALECTS = '["plain", "home-assistant"]'
BASE = "limen/v1/hall-2/g1/"
OVEN = "homeassistant/device/limen-hall-2-g1-oven/config"


class Home:
    """What comes to be known at the broker of a gateway."""

    def __init__(self, folder):
        self.scene = OvenGateway(folder, DIALECTS)
        self.configs = []
        self.scene.broker.subscribe("homeassistant/device/+/config", self._take)

    def _take(self, topic, payload, retain):
        self.configs.append((topic, json.loads(payload)))

    def entity(self, name, topic=OVEN):
        return dict(self.configs)[topic]["components"][name]

    def state(self, entity):
        """What the template of an entity makes of what is retained on its topic."""
        topic = entity.get("state_topic") or dict(self.configs)[OVEN]["state_topic"]
        return rendered(entity["value_template"], self.scene.broker.retained[topic].payload)

    def publish(self, topic, payload):
        self.scene.broker.publish(Publish(topic, payload, 1, False))
        self.scene.run(8)


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    home.scene.run(20)
    yield home
    home.scene.board.stop()


def test_entities_are_found_and_have_values(home):
    assert [topic for topic, _ in home.configs] == [
        "homeassistant/device/limen-hall-2-g1/config", OVEN,
        "homeassistant/device/limen-hall-2-g1-valve/config",
    ]  # fmt: skip
    for topic, message in home.configs:
        check(topic, message)
        assert home.scene.broker.retained[topic].payload
    assert float(home.state(home.entity("temperature"))) > 21.5
    assert home.state(home.entity("temperature_setpoint")) == "20.0"
    firmware = home.entity("firmware", "homeassistant/device/limen-hall-2-g1/config")
    assert json.loads(home.state(firmware))["installed_version"]
    assert troubles(home.scene.console) == []


def test_home_assistant_is_told_again_when_it_has_started(home):
    home.publish("homeassistant/status", b"offline")
    assert len(home.configs) == 3
    home.publish("homeassistant/status", b"online")
    assert len(home.configs) == 6
    assert home.configs[3:] == home.configs[:3]


def test_it_is_told_at_each_connection(home):
    home.scene.broker.stop()
    home.scene.run(20)
    home.scene.broker.start()
    home.scene.run(40)
    assert len(home.configs) == 6


def test_numbers_switches_and_buttons_work(home):
    setpoint = home.entity("temperature_setpoint")
    request = rendered(setpoint["command_template"], value=23.5)
    home.publish(setpoint["command_topic"], request.encode())
    assert home.scene.oven.writes == [(6, 0x1001, 235)]
    assert home.state(setpoint) == "23.5"
    valve = home.entity("digital_output", "homeassistant/device/limen-hall-2-g1-valve/config")
    request = rendered(valve["command_template"], value=valve["payload_on"])
    home.publish(valve["command_topic"], request.encode())
    assert home.scene.board.pins[23] == 1
    restart = home.entity("restart", "homeassistant/device/limen-hall-2-g1/config")
    home.publish(restart["command_topic"], restart["payload_press"].encode())
    status = json.loads(home.scene.broker.retained[BASE + "status"].payload)
    assert (status["boot"], status["online"]) == (2, True)


def test_bad_words_on_its_status_topic_do_nothing(home):
    for payload in (b"", b"\xff" * 300, b"online\0", b'{"online":true}', b"x" * 2000):
        home.publish("homeassistant/status", payload)
    assert len(home.configs) == 3
    assert troubles(home.scene.console) == []
