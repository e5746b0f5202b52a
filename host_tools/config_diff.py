"""What differs between two configurations of a gateway, fact by fact.

A configuration becomes facts under names that do not move when lines are added: buses and devices
by their ids, channels by their names. Who has only a birth to compare with compares what a birth
tells.
"""

from host_tools.gateway_image import birth_facts
from host_tools.site import address_text

_NAMES = ("id", "name")
_MADE_OF_THE_REST = ("hash",)


def differences(before: dict, after: dict) -> list[str]:
    """A line for each fact that is not the same in both, in the order of the facts."""
    ours, theirs = (_facts(_as_people_read(one)) for one in (before, after))
    return [
        line for name in {**ours, **theirs} if (line := _difference(name, ours, theirs)) is not None
    ]


def told_by_birth(compact: dict) -> dict:
    """The part of a configuration that a gateway's birth tells."""
    devices = compact["device"] + compact.get("function", [])
    return {"device": [birth_facts(device) for device in devices]}


def _as_people_read(configuration: dict) -> dict:
    """A whole configuration with its addresses as people write them; a birth as it is."""
    if "bus" not in configuration:
        return configuration
    devices = [
        device | {"address": address_text(configuration, device)} if "address" in device else device
        for device in configuration["device"]
    ]
    return configuration | {"device": devices}


def _difference(name: str, ours: dict, theirs: dict) -> str | None:
    if name not in theirs:
        return f"- {name}: {ours[name]}"
    if name not in ours:
        return f"+ {name}: {theirs[name]}"
    if ours[name] != theirs[name]:
        return f"  {name}: {ours[name]} -> {theirs[name]}"
    return None


def _facts(value, name: str = "") -> dict:
    """{"device.main-meter.channel.voltage_l1.places": 1}"""
    if isinstance(value, dict):
        parts = [(key, part) for key, part in value.items() if key not in _MADE_OF_THE_REST]
    elif isinstance(value, list) and all(isinstance(part, dict) for part in value):
        parts = [(_name_of(part, place), part) for place, part in enumerate(value)]
    else:
        return {name: value}
    return {
        fact: worth
        for key, part in parts
        for fact, worth in _facts(part, f"{name}.{key}" if name else str(key)).items()
    }


def _name_of(part: dict, place: int):
    return next((part[key] for key in _NAMES if key in part), place)
