"""What Home Assistant accepts of a device discovery message, as facts of its own sources.

`check` raises an error for what it would refuse or warn of. Sources: home-assistant/core,
components/mqtt/schemas.py (DEVICE_DISCOVERY_SCHEMA), mqtt/discovery.py (TOPIC_MATCHER),
components/sensor/const.py (DEVICE_CLASS_UNITS, DEVICE_CLASS_STATE_CLASSES).
"""

import json
import re

import jsonschema
from jinja2 import Environment

TOPIC = re.compile(r"homeassistant/device/[a-zA-Z0-9_-]+/config")

_TEXT = {"type": "string", "minLength": 1}
_COMMON = {"unique_id": _TEXT, "name": _TEXT, "platform": _TEXT, "value_template": _TEXT}
_NUMERIC = {"device_class": _TEXT, "unit_of_measurement": _TEXT}
_COMMAND = {"command_topic": _TEXT, "command_template": _TEXT}
_BITS = {"payload_on": _TEXT, "payload_off": _TEXT}


def _component(platform: str, required: str, **fields) -> dict:
    return {
        "properties": {**_COMMON, **fields, "platform": {"const": platform}},
        "required": ["unique_id", *required.split()],
        "additionalProperties": False,
    }


_COMPONENTS = [
    _component(
        "sensor",
        "value_template",
        **_NUMERIC,
        state_class={"enum": ["measurement", "total", "total_increasing"]},
        options={"type": "array", "items": _TEXT, "minItems": 1},
        suggested_display_precision={"type": "integer", "minimum": 0},
    ),
    _component("binary_sensor", "value_template payload_on payload_off", **_BITS),
    _component(
        "switch", "command_topic", **_COMMAND, **_BITS, state_on=_TEXT, state_off=_TEXT
    ),
    _component(
        "number",
        "command_topic min max",
        **_COMMAND,
        **_NUMERIC,
        min={"type": "number"},
        max={"type": "number"},
        step={"type": "number", "minimum": 0.001},
        mode={"enum": ["auto", "box", "slider"]},
    ),
    _component(
        "button", "command_topic", command_topic=_TEXT, payload_press=_TEXT,
        device_class={"enum": ["identify", "restart", "update"]},
    ),
    _component(
        "update", "state_topic", state_topic=_TEXT, latest_version_topic=_TEXT,
        device_class={"const": "firmware"},
    ),
]  # fmt: skip

SCHEMA = {
    "type": "object",
    "required": ["device", "origin", "components"],
    "additionalProperties": False,
    "properties": {
        "device": {
            "type": "object",
            "required": ["identifiers", "name"],
            "properties": {
                "identifiers": {"type": "array", "items": _TEXT, "minItems": 1},
                "name": _TEXT, "model": _TEXT, "manufacturer": _TEXT, "via_device": _TEXT,
            },
            "additionalProperties": False,
        },
        "origin": {"type": "object", "required": ["name"]},
        "availability": {
            "type": "array",
            "items": {
                "properties": {"topic": _TEXT, "value_template": _TEXT},
                "required": ["topic"],
                "additionalProperties": False,
            },
        },
        "state_topic": _TEXT,
        "components": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "object", "oneOf": _COMPONENTS},
        },
    },
}  # fmt: skip

MEASUREMENT, TOTALS = {"measurement"}, {"total", "total_increasing"}

CLASSES = {
    "apparent_power": ({"VA"}, MEASUREMENT),
    "atmospheric_pressure": ({"hPa", "bar"}, MEASUREMENT),
    "current": ({"A", "mA"}, MEASUREMENT),
    "duration": ({"h"}, MEASUREMENT | TOTALS),
    "energy": ({"kWh", "GJ"}, TOTALS),
    "frequency": ({"Hz"}, MEASUREMENT),
    "gas": ({"m³"}, TOTALS),
    "humidity": ({"%"}, MEASUREMENT),
    "power": ({"W"}, MEASUREMENT),
    "power_factor": ({None, "%"}, MEASUREMENT),
    "pressure": ({"bar", "hPa"}, MEASUREMENT),
    "reactive_power": ({"var"}, MEASUREMENT),
    "speed": ({"mm/s"}, MEASUREMENT),
    "temperature": ({"°C"}, MEASUREMENT),
    "voltage": ({"V"}, MEASUREMENT),
    "volume": ({"m³"}, TOTALS),
    "volume_flow_rate": ({"m³/h"}, MEASUREMENT),
    "water": ({"m³"}, TOTALS),
}
"""Device class of a sensor → its units, of those in our vocabulary, and its state classes."""


def check(topic: str, message: dict) -> None:
    """Raise where Home Assistant would not take a device discovery message as it is meant."""
    assert TOPIC.fullmatch(topic), topic
    jsonschema.validate(message, SCHEMA)
    for component in message["components"].values():
        check_classes(component)


def check_classes(component: dict) -> None:
    """Raise where device class, unit and state class of a sensor do not go together."""
    kind = component.get("device_class")
    if component["platform"] != "sensor" or kind is None:
        return
    if kind == "enum":
        assert component["options"] and "state_class" not in component
        assert "unit_of_measurement" not in component
        return
    units, state_classes = CLASSES[kind]
    assert component.get("unit_of_measurement") in units, component
    assert component["state_class"] in state_classes, component


def on_energy_dashboard(component: dict) -> bool:
    """Whether a sensor can be chosen as a source of energy."""
    return (
        component.get("device_class") == "energy"
        and component.get("state_class") in TOTALS
        and component.get("unit_of_measurement") in ("Wh", "kWh", "MWh", "MJ", "GJ")
    )


def rendered(template: str, payload: bytes | str = "null", **values) -> str:
    """What a template makes of a message."""
    environment = Environment()
    environment.filters["tojson"] = lambda value: json.dumps(value)
    return environment.from_string(template).render(value_json=json.loads(payload), **values)
