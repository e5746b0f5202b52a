"""Schemas, AsyncAPI document, parser and client say the same of every message, right or wrong."""

import ast
import copy
import json
import re
from collections.abc import Iterator

import pytest
import yaml
from jsonschema import Draft202012Validator

import schemas
from host_tools.client.reader import Fault, Reader
from host_tools.contract import ContractError, parse
from host_tools.paths import FIRMWARE, PROJECT

BASE = "limen/v1/hall-2/press-07/"
HEAD = {"inc": "9f03a1c4", "boot": 3}
FRAME = HEAD | {"cfg": "1c0ffee1", "low": 17}
CHANNEL = {"name": "valve", "unit": "", "kind": "state", "places": 0, "states": {"0": "shut"}}
GOLDEN = [
    ("status", HEAD | {"online": True}),
    ("birth", FRAME | {"firmware": "0.1.0", "reset": "wdt", "before": {
        "boot": 2, "clean": False, "data": 830, "event": 0}, "device": [
        {"id": "m", "model": "X", "channel": [CHANNEL]}]}),
    ("dev/m/data", FRAME | {"r": [[17, 1795291200000, 0, {"a": 1.5, "b": -2}]]}),
    ("dev/m/data", FRAME | {"r": [[18, None, 2, {"a": None}, 2500]]}),
    ("dev/m/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "alarm": "a.high", "state": "raised", "value": 45.1, "limit": 45}]]}),
    ("dev/m/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "alarm": "a.high", "state": "raised", "value": 45.1, "limit": 45, "restated": True}]]}),
    ("dev/m/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "counter": "a", "change": "reset", "was": 45.1, "total": 45}]]}),
    ("dev/e/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "shed": "heater", "state": "dropped", "predicted": 104.5, "limit": 100}]]}),
    ("dev/q/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "spc": "run_on_one_side", "state": "raised", "value": 100.3, "center": 100,
        "sigma": 0.2}]]}),
    ("dev/p/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "order": {"id": "A-1", "state": "started"}}]]}),
    ("dev/p/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "order": {"id": "A-1", "state": "ended", "parts": 4, "rejects": 1, "s": [0, 1, 2, 3, 4, 5],
                  "oee": [80.5, None, 100, None], "kWh": 1.5, "co2": None, "cost": 3,
                  "part": {"kWh": 0.5, "co2": None, "cost": 1}}}]]}),
    ("dev/p/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "order": {"id": "A-1", "state": "ended", "parts": 0, "rejects": 0, "s": [0, 1, 2, 3, 4, 5],
                  "oee": [None, None, None, None],
                  "kWh": None, "co2": None, "cost": None, "part": None}}]]}),
    ("dev/p/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "period": {"name": "early", "s": [0, 1, 2, 3, 4, 5], "kWh": [0, 1, 2, 3.5, 4, 5],
                   "starts": 1, "parts": 2, "rejects": 0, "oee": [80.5, None, 100, None]}}]]}),
    ("dev/gateway/event", FRAME | {"r": [[20, 1795291200000, 0, {
        "clock": "set", "uptime_ms": 3500, "utc_ms": 1795291200000, "source": "ntp"}]]}),
    ("dev/gateway/event", FRAME | {"r": [[20, 1795291200000, 1, {
        "clock": "set", "boot": 2, "uptime_ms": 0, "utc_ms": 1795291200000, "source": "ds3231"}]]}),
    ("dev/gateway/event", FRAME | {"r": [[21, 1795291200000, 0, {
        "clock": "step", "uptime_ms": 0, "utc_ms": 1795291200000, "was_ms": 1795291203600,
        "source": "ntp"}]]}),
    ("dev/m/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "alarm": "a.high", "state": "unack", "value": 45.1, "limit": None, "priority": 2}]]}),
    ("dev/m/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "alarm": "a.early_high", "state": "ack", "value": 45.1, "limit": 50, "priority": 2,
        "in_s": 900, "first": True, "restated": True}]]}),
    ("dev/gateway/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "flood": "ended", "suppressed": 12}]]}),
    ("dev/m/event", FRAME | {"r": [[19, 1795291200000, 0, {"device": "silent"}]]}),
    ("dev/gateway/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "gap": "full", "inc": "9f03a1c4", "boot": 2, "from": 17, "to": 830, "count": 814}]]}),
    ("dev/gateway/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "fault": "safe_mode", "why": "MemoryError('',)"}]]}),
    ("dev/m/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "refused": {"count": 3, "cuts": [[3, 4136], [4, 12]]}}]]}),
    ("dev/m/event", FRAME | {"r": [[19, 1795291200000, 0, {
        "nameplate": "serial_number", "text": "22140773", "was": None}]]}),
    ("dev/m/last", {"t": None, "q": 2, "v": {"a": 1.5, "b": None}}),
    ("diag", HEAD | {"uptime_s": 7}),
    ("cmd/write", {"id": "a", "until": 1795291200000, "channel": "b"}),
    ("cmd/write/result", {"id": 7, "ok": True, "value": "21.5"}),
    ("cmd/write/result", {"id": None, "ok": False, "error": "no"}),
    ("cmd/doctor/progress", {"id": "a", "say": "Searching."}),
]  # fmt: skip
REPLACEMENTS = (None, True, -1, 0, 3, 4, 1.0, 2.5, "", "x", "set", "counter", [], {}, {"1": "on"})


def places(node) -> Iterator[tuple]:
    """The paths to all parts of a message."""
    yield ()
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    for key, part in inner:
        if isinstance(part, dict | list):
            yield from ((key, *rest) for rest in places(part))
        else:
            yield (key,)


def mutants(message) -> Iterator:
    """A message with one part replaced, removed, doubled or added."""
    for path in places(message):
        for value in REPLACEMENTS:
            yield changed(message, path, lambda parent, key, value=value: put(parent, key, value))
        if path:
            yield changed(message, path, lambda parent, key: parent.pop(key))
        yield changed(message, (*path, "further"), add)


def changed(message, path, change):
    holder = [copy.deepcopy(message)]
    node, steps = holder, (0, *path)
    for step in steps[:-1]:
        node = node[step]
    change(node, steps[-1])
    return holder[0] if holder else None


def put(parent, key, value):
    parent[key] = value


def add(parent, key):
    if isinstance(parent, dict):
        parent[key] = 1
    elif isinstance(parent, list):
        parent.append(copy.deepcopy(parent[-1]) if parent else 1)


def parser_takes(topic, payload) -> bool:
    try:
        parse(topic, payload)
    except ContractError:
        return False
    return True


@pytest.mark.parametrize(("topic", "message"), GOLDEN)
def test_parser_client_and_schema_agree(topic, message):
    verdicts = []
    for candidate in (message, *mutants(message)):
        payload = json.dumps(candidate).encode()
        is_valid = not schemas.complaints(BASE + topic, payload)
        assert parser_takes(BASE + topic, payload) == is_valid, payload
        found = Reader().feed(BASE + topic, payload)
        assert any(isinstance(one, Fault) for one in found) != is_valid
        verdicts.append(is_valid)
    assert verdicts[0]
    assert verdicts.count(False) > len(REPLACEMENTS)


@pytest.mark.parametrize("name", schemas.CONTENTS)
def test_a_schema_is_one(name):
    Draft202012Validator.check_schema(schemas.CONTENTS[name])


def asyncapi():
    return yaml.safe_load((PROJECT / "docs/asyncapi.yaml").read_text())


def follow(document, reference):
    node = document
    for step in reference["$ref"].removeprefix("#/").split("/"):
        node = node[step]
    return node


def test_the_asyncapi_document_has_every_topic_with_its_schema_and_parameters():
    document = asyncapi()
    assert document["asyncapi"] == "3.0.0"
    for name, channel in document["channels"].items():
        assert channel["address"].startswith("limen/v1/{site}/{gateway}/")
        assert channel["address"].endswith("/" + name if name != "request" else "/cmd/{verb}")
        assert re.findall(r"{(\w+)}", channel["address"]) == list(channel["parameters"])
        for parameter in channel["parameters"].values():
            assert follow(document, parameter)["description"]
        (message,) = channel["messages"].values()
        schema = follow(document, message)["payload"]["schema"]["$ref"]
        assert schema == f"schema/{name}.json"
        assert schema.removeprefix("schema/") in schemas.CONTENTS
    assert set(document["channels"]) == set(schemas.VALIDATORS)


def test_every_channel_has_an_operation_that_says_what_the_documentation_says():
    table = (PROJECT / "docs/mqtt.md").read_text()
    table = table.replace("`cmd/<verb>`", "`request`")
    row = r"^\| `(?:dev/<device>/|cmd/<verb>/)?(\w+)` \| (yes|no) \| ([01]) \|"
    rows = re.findall(row, table, re.MULTILINE)
    told = {name: (int(qos), retained == "yes") for name, retained, qos in rows}
    operations = asyncapi()["operations"].values()
    bound = {
        one["channel"]["$ref"].rpartition("/")[2]: one["bindings"]["mqtt"] for one in operations
    }
    assert {name: (b["qos"], b["retain"]) for name, b in bound.items()} == told
    assert set(told) == set(schemas.VALIDATORS)


NO_EVENTS = {"inc", "t"}
"""What other messages begin with: those that name a boot, and last values."""


def texts_of_firmware() -> Iterator[str]:
    """The texts in its code, docstrings left out."""
    for path in sorted(FIRMWARE.rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        docstrings = {node.value for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if isinstance(node, ast.Constant) and node not in docstrings:
                yield str(node.value)


def test_every_event_that_the_firmware_writes_is_in_the_contract():
    found = filter(None, (re.match(r'{"(\w+)":', text) for text in texts_of_firmware()))
    written = {match[1] for match in found} - NO_EVENTS
    record = schemas.CONTENTS["event.json"]["properties"]["r"]["items"]
    known = {next(iter(one["properties"])) for one in record["prefixItems"][3]["oneOf"]}
    golden = {next(iter(message["r"][0][3])) for topic, message in GOLDEN if "/event" in topic}
    told = (PROJECT / "docs/mqtt.md").read_text()
    assert {"alarm", "clock", "shed", "spc", "period", "order", "gap", "fault"} <= written <= known
    assert known == golden == {key for key in known if f'{{"{key}":' in told}
