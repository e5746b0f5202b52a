"""The JSON Schemas of the plain dialect, ready to check a message by its topic."""

import json
from decimal import Decimal

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from host_tools.paths import PROJECT

FOLDER = PROJECT / "docs/schema"
CONTENTS = {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}

_REGISTRY = Registry().with_resources(
    (name, Resource.from_contents(content)) for name, content in CONTENTS.items()
)
VALIDATORS = {
    name.removesuffix(".json"): Draft202012Validator(content, registry=_REGISTRY)
    for name, content in CONTENTS.items()
    if name != "common.json"
}
"""By message: the last part of its topic, and `request` of a command."""


def message_of(topic: str) -> str:
    *_, folder, last = topic.split("/")
    return "request" if folder == "cmd" else last


def load(payload: bytes):
    """The JSON of a message; 1.0 is no integer here, as it is none to the contract."""
    return json.loads(payload, parse_float=Decimal)


def complaints(topic: str, payload: bytes) -> list[str]:
    """What the schema of a topic has against a message."""
    validator = VALIDATORS[message_of(topic)]
    return [f"{topic}: {error.message}" for error in validator.iter_errors(load(payload))]
