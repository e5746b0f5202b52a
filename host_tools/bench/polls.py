"""What the polls of a Modbus line cost: requests beside other ways to group them, and heap.

Requests are those of one cycle in which every channel of the reference site is due, planned by the
firmware's own driver. Heap is that of the flashed image on the 32-bit interpreter: what a device
and each of its channels take, and what readings leave there with the collector off.
"""

import asyncio

from host_tools.bench.board import configuration, play
from host_tools.bench.section import Extent, Row
from host_tools.line_load import bus_load, requests_of
from host_tools.paths import PROJECT
from host_tools.profile import load_profile
from host_tools.site import load_site
from limen.core.numbers import number

_SITE = PROJECT / "examples/reference/site.toml"
_FEW, _MANY = 2, 42


def measure(extent: Extent) -> list[Row]:
    return [*_requests(), *_heap(extent)]


def _requests() -> list[Row]:
    compact = load_site(_SITE).compile("board-1")
    devices = compact["device"]
    bus = compact["bus"][0]
    planned = sum(len(requests_of(device, bus)) for device in devices)
    adjacent = sum(_adjacent_groups(device) for device in devices)
    single = sum(len(device["channel"]) for device in devices)
    return [
        Row("requests for all channels of the reference site", planned, ""),
        Row("  if only neighbours shared one", adjacent, ""),
        Row("  with one for each channel", single, ""),
        Row("line in use by the reference site", float(bus_load(compact, 0)) / 10, "%"),
    ]


def _adjacent_groups(device: dict) -> int:
    """How many requests it takes where none reads a register in vain."""
    spans = sorted(
        (channel["register"][0], number(*channel["register"][1:5]).words)
        for channel in device["channel"]
    )
    groups, end, length = 0, None, 0
    for start, words in spans:
        length += words
        if start != end or length > device["max_registers"]:
            groups, length = groups + 1, words
        end = start + words
    return groups


def _heap(extent: Extent) -> list[Row]:
    said = asyncio.run(play("device_heap", _order(extent.readings), configuration(1)))
    _, few, many = said["devices"]  # the first one loads the modules, too
    channel = (many - few) / (_MANY - _FEW)
    return [
        Row("heap of a device on a line", few - _FEW * channel, "bytes"),
        Row("heap of each of its channels", channel, "bytes"),
        Row("left on the heap by a reading", said["left"] / extent.readings, "bytes", most=1),
    ]


def _order(readings: int) -> dict:
    framing = {"baud": 115200, "bits": 8, "parity": None, "stop": 1, "timeout_ms": 300}
    bus = {"id": "line", "kind": "modbus-rtu"} | framing
    profile = load_profile("eastron-sdm630")
    devices = [_device(profile, count) for count in (_FEW, _FEW, _MANY)]
    return {"readings": readings, "bus": bus, "devices": devices}


def _device(profile: dict, count: int) -> dict:
    """A device with the first channels of a profile, each every 20 ms."""
    channels = [
        {"name": name, "places": places, "every_ms": 20, "register": register}
        for name, places, register, *_ in profile["channel"][:count]
    ]
    keys = ("fc", "max_registers", "pause_ms")
    return {"id": "meter", "address": 1, "channel": channels} | {k: profile[k] for k in keys}
