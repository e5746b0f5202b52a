"""What a gateway tells Home Assistant of itself, made on the host: device discovery messages.

The gateway sends the file as it lies on flash, so it costs no heap. Each message in it is a line of
its topic and its length in bytes, then the payload. There is one for the gateway and one for each
device on it; entities read `last`, whose values are the newest there are, never backfill.

Sources: home-assistant.io, MQTT (Discovery messages) and Sensor; home-assistant/core,
components/mqtt/schemas.py and components/sensor/const.py (classes with their units).
"""

import json

_ORIGIN = {"name": "Limen"}
_CLASS_OF_UNIT = {
    "V": "voltage", "A": "current", "mA": "current", "W": "power", "var": "reactive_power",
    "VA": "apparent_power", "Hz": "frequency", "kWh": "energy", "GJ": "energy", "h": "duration",
    "°C": "temperature", "hPa": "atmospheric_pressure", "bar": "pressure",
    "m³/h": "volume_flow_rate", "mm/s": "speed", "m³": "volume",
}  # fmt: skip
_CLASS_OF_NAME = {"volume_gas": "gas", "volume_water": "water", "humidity": "humidity"}
_BIT_PREFIX = "digital_"
_OUTPUT = "digital_output"


def home_assistant_file(compact: dict, devices: list[dict]) -> bytes:
    """The content of the file for a gateway's compact configuration and all its devices."""
    gateway = _Gateway(compact)
    messages = [gateway.own(), *[gateway.of_device(device) for device in devices]]
    return b"".join(_entry(topic, payload) for topic, payload in messages)


def _entry(topic: str, payload: dict) -> bytes:
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return b"%s %d\n" % (topic.encode(), len(text)) + text


class _Gateway:
    def __init__(self, compact: dict):
        self._site, self._name = compact["site"], compact["gateway"]
        self._id = f"limen-{self._site}-{self._name}"
        self._base = f"limen/v1/{self._site}/{self._name}/"

    def own(self) -> tuple[str, dict]:
        """What is known of the board itself: its firmware, and that it can be restarted."""
        device = {"identifiers": [self._id], "name": self._name, "manufacturer": "Limen"}
        firmware = {
            "platform": "update",
            "unique_id": f"{self._id}-firmware",
            "name": "Firmware",
            "device_class": "firmware",
            "state_topic": self._base + "birth",
            "value_template": "{{ {'installed_version': value_json.firmware} | tojson }}",
            "latest_version_topic": f"limen/v1/{self._site}/firmware",
        }
        restart = {
            "platform": "button",
            "unique_id": f"{self._id}-restart",
            "name": "Restart",
            "device_class": "restart",
            "command_topic": self._base + "cmd/restart",
            "payload_press": "{}",
        }
        return self._message(self._id, device, {"firmware": firmware, "restart": restart})

    def of_device(self, device: dict) -> tuple[str, dict]:
        """A device of the gateway with an entity for each of its channels."""
        name = f"{self._id}-{device['id']}"
        about = {
            "identifiers": [name], "name": device["id"], "model": device["model"],
            "via_device": self._id,
        }  # fmt: skip
        entities = {
            channel["name"]: self._entity(name, device["id"], channel)
            for channel in device["channel"]
        }
        topic = f"{self._base}dev/{device['id']}/last"
        return self._message(name, about, entities, {"state_topic": topic})

    def _message(self, name, device, entities, more=()) -> tuple[str, dict]:
        availability = {
            "topic": self._base + "status",
            "value_template": "{{ 'online' if value_json.online else 'offline' }}",
        }
        head = {"device": device, "origin": _ORIGIN, "availability": [availability]}
        payload = {**head, **dict(more), "components": entities}
        return f"homeassistant/device/{name}/config", payload

    def _entity(self, name: str, device: str, channel: dict) -> dict:
        common = {
            "unique_id": f"{name}-{channel['name']}",
            "name": channel["name"].replace("_", " ").capitalize(),
            "value_template": f"{{{{ value_json.v.{channel['name']} }}}}",
        }
        if channel["name"] == _OUTPUT:
            return {"platform": "switch", **common, **_BIT_STATES, **self._write(device, channel)}
        if channel["name"].startswith(_BIT_PREFIX):
            return {"platform": "binary_sensor", **common, "payload_on": "1", "payload_off": "0"}
        if "write" in channel and channel["kind"] == "gauge":
            facts = _range(channel) | self._write(device, channel)
            return {"platform": "number", **common, **facts}
        return {"platform": "sensor", **common, **sensor_facts(channel)}

    def _write(self, device: str, channel: dict) -> dict:
        request = {"device": device, "channel": channel["name"], "value": "{{ value }}"}
        return {
            "command_topic": self._base + "cmd/write",
            "command_template": json.dumps(request, separators=(",", ":")),
        }


_BIT_STATES = {"payload_on": "1", "payload_off": "0", "state_on": "1", "state_off": "0"}


def _range(channel: dict) -> dict:
    """The limits of what may be written, in the channel's unit."""
    _, low, high = channel["write"]
    step = 10.0 ** -channel["places"]
    limits = [round(count * step, max(channel["places"], 0)) for count in (low, high)]
    facts = {"min": limits[0], "max": limits[1], "step": step, "mode": "box"}
    return facts | _class_and_unit(channel)


def sensor_facts(channel: dict) -> dict:
    """Device class, state class, unit and precision of a sensor for a channel."""
    if "states" in channel:
        names = json.dumps(channel["states"], ensure_ascii=False)
        template = f"{{{{ {names}.get(value_json.v.{channel['name']} | string) }}}}"
        options = list(channel["states"].values())
        return {"device_class": "enum", "options": options, "value_template": template}
    facts = _class_and_unit(channel)
    if channel["kind"] == "counter":
        facts["state_class"] = "total_increasing"
    elif channel["kind"] == "gauge":
        facts["state_class"] = "total" if facts.get("device_class") == "energy" else "measurement"
    return facts | {"suggested_display_precision": max(channel["places"], 0)}


def _class_and_unit(channel: dict) -> dict:
    name, unit = channel["name"], channel["unit"]
    known = _CLASS_OF_NAME.get(name) or _CLASS_OF_UNIT.get(unit)
    if name.startswith("power_factor"):
        known = "power_factor"
    facts = {"device_class": known} if known else {}
    return facts | ({"unit_of_measurement": unit} if unit else {})
