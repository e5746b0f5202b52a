"""The file system of one gateway of a site: firmware, configuration and secrets.

What is flashed to a chip and what an emulated board boots is this one image. The configuration is
laid out for a small heap: one line of JSON for its head, each bus, each device and each of its
channels, and apart from it the part of the birth certificate that only readers of the messages
need.
"""

import json

from host_tools.home_assistant_file import home_assistant_file
from host_tools.image import build_image, firmware_files
from host_tools.site import Site
from host_tools.site_secrets import Secrets, load_secrets, tls_files
from host_tools.sparkplug_file import sparkplug_file

CONFIGURATION = "/config.jsonl"
BIRTH = "/birth.json"
SECRETS = "/secrets.json"
SPARKPLUG = "/sparkplug.bin"
HOME_ASSISTANT = "/home_assistant.txt"

_CHANNEL_FACTS = ("name", "unit", "kind", "places", "states")
_PARTS = ("bus", "device", "function")
_ONLY_IN_BIRTH = ("unit", "kind", "states")


def gateway_files(
    site: Site,
    gateway: str,
    keys: dict[str, bytes] | None = None,
    secrets: Secrets | None = None,
) -> dict[str, bytes]:
    """{path on the gateway: content}; raises ToolError where site file or secrets are wrong.

    `keys` takes the place of the site's own files for TLS, `secrets` that of its secrets.
    """
    secrets = secrets or load_secrets(site)
    compact = site.compile(gateway)
    stored = json.dumps(secrets.stored, sort_keys=True).encode()
    if keys is None:
        keys = tls_files(site, compact, secrets)
    firmware = firmware_files(gateways=site.compile_all().values())
    return firmware | configuration_files(compact) | keys | {SECRETS: stored}


def configuration_files(compact: dict) -> dict[str, bytes]:
    """The compact configuration as a gateway stores it."""
    head = {key: value for key, value in compact.items() if key not in _PARTS}
    devices = compact["device"] + compact.get("function", [])
    lines = [head, *compact["bus"], *(line for device in devices for line in _lines_of(device))]
    files = {
        CONFIGURATION: b"".join(_json(line) + b"\n" for line in lines),
        BIRTH: _birth_tail([birth_facts(device) for device in devices]),
    }
    if "sparkplug" in compact["mqtt"]:
        files[SPARKPLUG] = sparkplug_file(devices)
    if "home-assistant" in compact["mqtt"].get("dialects", ()):
        files[HOME_ASSISTANT] = home_assistant_file(compact, devices)
    return files


def birth_facts(device: dict) -> dict:
    """What the birth tells of a device."""
    channels = [{key: c[key] for key in _CHANNEL_FACTS if key in c} for c in device["channel"]]
    return {"id": device["id"], "model": device["model"], "channel": channels}


def _birth_tail(devices: list[dict]) -> bytes:
    """The end of a birth; each device and each channel begins a line, as the journal reads lines
    (`delivery/past.py`)."""
    told = [
        _json(device | {"channel": []})[:-2]
        + b",".join(b"\n" + _json(channel) for channel in device["channel"])
        + b"]}"
        for device in devices
    ]
    return b'"device":[' + b",".join(b"\n" + device for device in told) + b"]}"


def _lines_of(device: dict) -> list[dict]:
    """A device with the number of its channels, and behind it these, without facts of the birth."""
    facts = {key: value for key, value in device.items() if key != "model"}
    channels = [
        {key: value for key, value in channel.items() if key not in _ONLY_IN_BIRTH}
        for channel in device["channel"]
    ]
    return [facts | {"channel": len(channels)}, *channels]


def stored_configuration(configuration: bytes, birth: bytes) -> dict:
    """The compact configuration again, from the two files; ValueError if they are broken."""
    lines = map(json.loads, configuration.splitlines())
    head, parts = next(lines, None), []
    for part in lines:
        if "channel" in part:
            part["channel"] = [next(lines) for _ in range(part["channel"])]
        parts.append(part)
    devices = [part for part in parts if "kind" not in part]
    told = json.loads(b"{" + birth)["device"]
    for device, facts in zip(devices, told, strict=True):
        device["model"] = facts["model"]
        for channel, of_channel in zip(device["channel"], facts["channel"], strict=True):
            channel.update(of_channel)
    functions = [device for device in devices if "function" in device]
    return (
        head
        | {"bus": [part for part in parts if "kind" in part]}
        | {"device": [device for device in devices if "function" not in device]}
        | ({"function": functions} if functions else {})
    )


def _json(value) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def gateway_image(site: Site, gateway: str) -> bytes:
    """The LittleFS image of those files."""
    return build_image(gateway_files(site, gateway))
