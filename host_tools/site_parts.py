"""What may be left out of a gateway: its buses with their devices, its devices, its functions."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator

from host_tools.site import Site
from host_tools.toml_file import TomlError

_BUS, _DEVICE = "bus", "device"


def sites_without(site: Site, gateway: str) -> Iterator[tuple[str, Site]]:
    """(what is left out, the site without it) for all that the rest can do without."""
    tables = site.file.data["gateway"][gateway]
    for kind, entries in tables.items():
        if isinstance(entries, list):
            for index, entry in enumerate(entries):
                rest = _without(site, gateway, kind, index)
                if _is_right(rest, gateway):
                    yield f"{kind} {entry.get('id', index + 1)}", rest


def _without(site: Site, gateway: str, kind: str, index: int) -> Site:
    """A bus goes with its devices."""
    data = copy.deepcopy(site.file.data)
    tables = data["gateway"][gateway]
    gone = tables[kind].pop(index)
    if kind == _BUS:
        tables[_DEVICE] = [one for one in tables.get(_DEVICE, []) if one.get("bus") != gone["id"]]
    if not tables[kind]:
        del tables[kind]
    lines = {keys: line for keys, line in site.file.lines.items() if _is_there(data, keys)}
    return Site(dataclasses.replace(site.file, data=data, lines=lines))


def _is_there(data, keys: tuple) -> bool:
    try:
        for key in keys:
            data = data[key]
    except (LookupError, TypeError):
        return False
    return True


def _is_right(site: Site, gateway: str) -> bool:
    try:
        site.compile(gateway)
    except TomlError:
        return False
    return True
