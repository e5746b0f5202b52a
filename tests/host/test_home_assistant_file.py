import json

import pytest

from home_assistant import check, check_classes, on_energy_dashboard, rendered
from host_tools.gateway_image import configuration_files
from host_tools.home_assistant_file import sensor_facts
from host_tools.site import load_site
from limen.core import quantity

SITE = """
[site]
id = "hall-2"
[mqtt]
host = "broker.local"
dialects = {dialects}
[gateway.g1]
board = "espressif-esp32-devkitc"
[[gateway.g1.bus]]
id = "rs485"
kind = "modbus-rtu"
tx = 17
rx = 16
parity = "none"
[[gateway.g1.device]]
id = "main"
profile = "eastron-sdm630"
bus = "rs485"
address = 1
[[gateway.g1.device]]
id = "oven"
profile = "delta-dtb"
bus = "rs485"
address = 3
channels.temperature = {{}}
channels.temperature_setpoint = {{ writable = true }}
channels.operating_state = {{}}
"""


def compiled(folder, dialects='["plain", "home-assistant"]'):
    path = folder / "site.toml"
    path.write_text(SITE.format(dialects=dialects))
    return load_site(path).compile("g1")


def messages(file: bytes) -> dict:
    found = {}
    while file:
        head, _, rest = file.partition(b"\n")
        topic, length = head.split()
        found[topic.decode()] = json.loads(rest[: int(length)])
        file = rest[int(length) :]
    return found


@pytest.fixture
def told(tmp_path):
    return messages(configuration_files(compiled(tmp_path))["/home_assistant.txt"])


def test_home_assistant_takes_every_message(told):
    assert list(told) == [
        "homeassistant/device/limen-hall-2-g1/config",
        "homeassistant/device/limen-hall-2-g1-main/config",
        "homeassistant/device/limen-hall-2-g1-oven/config",
    ]
    for topic, message in told.items():
        check(topic, message)
    names = [c["unique_id"] for m in told.values() for c in m["components"].values()]
    assert len(names) == len(set(names))


def test_a_counter_of_energy_is_for_the_dashboard(told):
    meter = told["homeassistant/device/limen-hall-2-g1-main/config"]
    energy = meter["components"]["energy_import"]
    assert energy == {
        "platform": "sensor",
        "unique_id": "limen-hall-2-g1-main-energy_import",
        "name": "Energy import",
        "value_template": "{{ value_json.v.energy_import }}",
        "device_class": "energy",
        "unit_of_measurement": "kWh",
        "state_class": "total_increasing",
        "suggested_display_precision": 3,
    }
    assert on_energy_dashboard(energy)
    assert meter["state_topic"] == "limen/v1/hall-2/g1/dev/main/last"
    assert not on_energy_dashboard(meter["components"]["power_active_total"])


def test_templates_read_the_contract(told):
    gateway = told["homeassistant/device/limen-hall-2-g1/config"]
    (availability,) = gateway["availability"]
    for online, word in ((True, "online"), (False, "offline")):
        status = json.dumps({"inc": "9f03a1c4", "boot": 3, "online": online})
        assert rendered(availability["value_template"], status) == word
    update = gateway["components"]["firmware"]
    birth = '{"inc":"9f03a1c4","firmware":"0.1.0","device":[]}'
    assert json.loads(rendered(update["value_template"], birth)) == {"installed_version": "0.1.0"}
    meter = told["homeassistant/device/limen-hall-2-g1-main/config"]["components"]
    last = '{"t":1795291201000,"q":2,"v":{"power_active_total":4216.0,"voltage_l1":null}}'
    assert rendered(meter["power_active_total"]["value_template"], last) == "4216.0"
    assert rendered(meter["voltage_l1"]["value_template"], last) == "None"  # its word for unknown


def test_what_is_writable_can_be_written(told):
    setpoint = told["homeassistant/device/limen-hall-2-g1-oven/config"]["components"][
        "temperature_setpoint"
    ]
    assert setpoint["platform"] == "number"
    assert setpoint["command_topic"] == "limen/v1/hall-2/g1/cmd/write"
    request = rendered(setpoint["command_template"], value=21.5)
    assert json.loads(request) == {
        "device": "oven", "channel": "temperature_setpoint", "value": "21.5",
    }  # fmt: skip


def test_states_have_names():
    states = {"0": "off", "1": "running"}
    facts = sensor_facts({"name": "operating_state", "unit": "", "kind": "state", "places": 0,
                          "states": states})  # fmt: skip
    assert (facts["device_class"], facts["options"]) == ("enum", ["off", "running"])
    assert rendered(facts["value_template"], '{"v":{"operating_state":1}}') == "running"
    assert rendered(facts["value_template"], '{"v":{"operating_state":null}}') == "None"


def test_every_quantity_has_classes_that_go_together():
    for name in quantity.names():
        unit, kind = quantity.lookup(name)
        channel = {"name": name, "unit": unit, "kind": kind, "places": 1}
        check_classes({"platform": "sensor", **sensor_facts(channel)})


def test_a_gateway_without_it_has_no_file(tmp_path):
    assert "/home_assistant.txt" not in configuration_files(compiled(tmp_path, '["plain"]'))
