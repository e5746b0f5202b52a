"""What a client must still know after a restart: which records it has had, births and clocks.

It is a text per gateway and purpose, in a table of an SQLite database. Given the connection that
the caller writes its own data with, the client's `save` commits both at once: then every record
counts exactly once, whenever the service is killed. With a file of its own, the records of the one
message in hand may come twice.
"""

import json
import sqlite3
from pathlib import Path

from host_tools.client.reader import Ending, Gateway, Parsed, Placing, Reader, read
from host_tools.client.seen import Seen
from host_tools.contract import ROOT, Batch, Before, Birth, Boot, Channel

_CREATE = "CREATE TABLE IF NOT EXISTS limen_client (key TEXT PRIMARY KEY, text TEXT NOT NULL)"
_RECORDS, _CLOCKS, _BIRTHS = "records of ", "clocks of ", "births of "


class State:
    """Texts by key, in a file or beside the caller's own tables."""

    def __init__(self, where: str | Path | sqlite3.Connection):
        is_file = not isinstance(where, sqlite3.Connection)
        self._database = sqlite3.connect(where) if is_file else where
        if is_file:
            self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(_CREATE)

    def load(self) -> dict[str, str]:
        return dict(self._database.execute("SELECT key, text FROM limen_client"))

    def save(self, texts: dict[str, str]) -> None:
        """Write the texts and commit, with all that the caller has written since."""
        self._database.executemany("REPLACE INTO limen_client VALUES (?, ?)", texts.items())
        self._database.commit()


def restore(reader: Reader, texts: dict[str, str]) -> None:
    """Give a reader what `dump` made of another."""
    for key, text in texts.items():
        if key.startswith(_RECORDS):
            _restore_boots(reader.gateway(key.removeprefix(_RECORDS)), json.loads(text))
        elif key.startswith(_CLOCKS):
            gateway = reader.gateway(key.removeprefix(_CLOCKS))
            for inc, number, zero_ms, is_uncertain in json.loads(text):
                gateway.clocks[Boot(inc, number)] = Placing(zero_ms, is_uncertain)
        elif key.startswith(_BIRTHS):
            gateway = reader.gateway(key.removeprefix(_BIRTHS))
            for birth in json.loads(text):
                _restore_birth(gateway, json.dumps(birth).encode())


def dump(reader: Reader, parsed: Parsed) -> dict[str, str]:
    """What has changed by a message that the reader has taken."""
    gateway = reader.gateway(parsed.gateway)
    texts = {_RECORDS + gateway.name: json.dumps(_boots(gateway), separators=(",", ":"))}
    if isinstance(parsed.message, Batch) and parsed.message.kind == "event":
        texts[_CLOCKS + gateway.name] = json.dumps(_clocks(gateway), separators=(",", ":"))
    if isinstance(parsed.message, Birth):
        births = [_birth(birth) for birth in gateway.births.values()]
        texts[_BIRTHS + gateway.name] = json.dumps(births, separators=(",", ":"))
    return texts


def _boots(gateway: Gateway) -> list[dict]:
    return [
        {
            "inc": boot.inc, "boot": boot.number, "floor": seen.floor, "low": seen.low,
            "seen": seen.ranges(), "ending": _ending(gateway.endings.get(boot)),
        }
        for boot, seen in gateway.boots.items()
    ]  # fmt: skip


def _ending(ending: Ending | None) -> list | None:
    if ending is None:
        return None
    before = ending.before
    return [before.clean, before.data, before.event, ending.settled]


def _clocks(gateway: Gateway) -> list[list]:
    """A boot may be placed before anything of it has come."""
    return [
        [boot.inc, boot.number, placing.zero_ms, placing.is_uncertain]
        for boot, placing in gateway.clocks.items()
    ]


def _restore_boots(gateway: Gateway, boots: list[dict]) -> None:
    for known in boots:
        boot = Boot(known["inc"], known["boot"])
        gateway.boots[boot] = Seen.of_ranges(known["floor"], known["low"], known["seen"])
        if known.get("ending"):
            *before, settled = known["ending"]
            gateway.endings[boot] = Ending(Before(boot.number, *before), settled)


def _birth(birth: Birth) -> dict:
    """The part of a birth message that the contract knows."""
    return {
        "inc": birth.boot.inc, "boot": birth.boot.number, "cfg": birth.cfg, "low": birth.low,
        "firmware": birth.firmware, "reset": birth.reset,
        "device": [
            {"id": name, "model": birth.models[name], "channel": [*map(_channel, known.values())]}
            for name, known in birth.devices.items()
        ],
    }  # fmt: skip


def _channel(channel: Channel) -> dict:
    known = {
        "name": channel.name, "unit": channel.unit, "kind": channel.kind, "places": channel.places
    }  # fmt: skip
    states = {str(number): name for number, name in channel.states}
    return known | ({"states": states} if states else {})


def _restore_birth(gateway: Gateway, payload: bytes) -> None:
    parsed = read(f"{ROOT}/{gateway.name}/birth", payload)
    gateway.keep_birth(parsed.message)
