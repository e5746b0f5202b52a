"""What Sparkplug births say that never changes, made on the host: names, aliases, types, units.

The gateway keeps it on flash and adds time and value to each metric when it sends a birth, so it
costs no heap. The file has a part for the node and one for each device, in the order in which
records count them: the number of metrics in two bytes, then for each metric one byte for its data
type, one for the length of what follows, and the ready-made fields of the metric. Aliases count all
metrics of the file from 1.
"""

from limen.core.protobuf import Writer
from limen.core.sparkplug import BOOLEAN, DOUBLE, INT64, STRING

REBIRTH = "Node Control/Rebirth"
FACTS = ("firmware", "reset", "chip", "configuration", "diagnostics")
EVENT = ("event", STRING)

_NODE = [("bdSeq", INT64), (REBIRTH, BOOLEAN), *[(name, STRING) for name in FACTS], EVENT]
_LONGEST = 600


def sparkplug_file(devices: list[dict]) -> bytes:
    """The content of the file for the devices of a gateway's compact configuration."""
    parts = [_NODE, *[_metrics_of(device) for device in devices]]
    alias, content = 1, b""
    for part in parts:
        content += len(part).to_bytes(2, "little")
        for name, kind, *properties in part:
            # Sparkplug asks for the rebirth's name to come without an alias.
            fixed = _fixed(name, None if name == REBIRTH else alias, kind, *properties)
            content += bytes([kind, len(fixed)]) + fixed
            alias += 1
    return content


def _metrics_of(device: dict) -> list[tuple]:
    """Its channels, then the alarms of each, then the text of its events."""
    channels = device["channel"]
    alarms = [
        (f"{channel['name']}/{alarm['name']}", BOOLEAN)
        for channel in channels
        for alarm in channel.get("alarm", ())
    ]
    return [
        *[(c["name"], datatype(c), c["unit"], c["places"]) for c in channels],
        *alarms,
        EVENT,
    ]


def datatype(channel: dict) -> int:
    """Bits are Boolean, whole numbers Int64, what has decimals is Double."""
    if channel["name"].startswith("digital_"):
        return BOOLEAN
    return DOUBLE if channel["places"] > 0 else INT64


def _fixed(name, alias, kind, unit=None, places=None) -> bytes:
    out = Writer(bytearray(_LONGEST))
    _put_text(out, 0x0A, name)
    if alias is not None:
        _put_number(out, 0x10, alias)
    _put_number(out, 0x20, kind)
    if places is not None:
        properties = _properties(unit, places)
        _put_number(out, 0x4A, len(properties))
        out.put(properties)
    return bytes(out.buffer[: out.at])


def _properties(unit: str, places: int) -> bytes:
    """A PropertySet: the engineering unit, and the resolution as a double."""
    out = Writer(bytearray(_LONGEST))
    for key in ["engUnit"] * bool(unit) + ["resolution"]:
        _put_text(out, 0x0A, key)
    if unit:
        text = unit.encode()
        _put_number(out, 0x12, 4 + len(text))
        _put_number(out, 0x08, STRING)
        _put_text(out, 0x42, unit)
    _put_number(out, 0x12, 11)
    _put_number(out, 0x08, DOUBLE)
    out.put(b"\x31")
    out.put_double(10 ** max(-places, 0), max(places, 0))
    return bytes(out.buffer[: out.at])


def _put_number(out: Writer, tag: int, number: int) -> None:
    out.put(bytes([tag]))
    out.put_varint(number)


def _put_text(out: Writer, tag: int, text: str) -> None:
    _put_number(out, tag, len(text.encode()))
    out.put(text.encode())
