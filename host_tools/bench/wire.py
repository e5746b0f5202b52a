"""How many bytes of MQTT pass between gateway and broker, connecting and announcing included.

A backlog is counted in real time; a gateway at work in virtual time, where every run is the same.
"""

import asyncio

from host_tools.bench.drain import CHANNELS, drain, publish
from host_tools.bench.network import Relay, started
from host_tools.bench.replay import run_press
from host_tools.bench.section import Extent, Row


def measure(extent: Extent) -> list[Row]:
    return [*asyncio.run(_backlog(extent)), *_live(extent)]


async def _backlog(extent: Extent) -> list[Row]:
    with started(extent.broker) as broker:
        one, ten = [
            await _bytes_a_record(broker.port, lambda port, c=count: drain(port, extent.records, c))
            for count in (1, CHANNELS)
        ]
        node = await _bytes_a_record(
            broker.port, lambda port: drain(port, extent.records, 1, "sparkplug")
        )
        peer = await _bytes_a_record(broker.port, lambda port: publish(port, extent.peer_messages))
    return [
        Row("backlog: Limen, 1 value a record", one, "bytes/record"),
        Row(f"backlog: Limen, {CHANNELS} values a record", ten, "bytes/record"),
        Row("backlog: Limen, 1 value a record, Sparkplug B", node, "bytes/record"),
        Row("umqtt.simple, 1 value a record", peer, "bytes/record"),
        Row("umqtt.simple ÷ Limen, 1 value a record", peer / one, "×"),
    ]


async def _bytes_a_record(port: int, run) -> float:
    async with Relay(port) as relay:
        said = await run(relay.port)
        return relay.passed / said["acked"]


def _live(extent: Extent) -> list[Row]:
    press = run_press(extent.virtual_s)
    node = run_press(extent.virtual_s, "sparkplug")
    home = run_press(extent.virtual_s, "plain", "home-assistant")
    discovery = home.wire_bytes - press.wire_bytes
    return [
        Row("the press at work: a record", press.wire_bytes / press.records, "bytes/record"),
        Row("the press at work: a sample read", press.wire_bytes / press.samples, "bytes/sample"),
        Row("the same in Sparkplug B", node.wire_bytes / node.samples, "bytes/sample"),
        Row("discovery by Home Assistant, each connection", discovery, "bytes"),
    ]
