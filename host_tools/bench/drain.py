"""How fast a backlog drains with QoS 1, beside umqtt.simple's publish on the same broker.

A record is one reading of a device, with one value or with ten. umqtt.simple publishes one record
a message, as its `publish(qos=1)` waits for the acknowledgement; each is the same text that the
gateway writes for a single record. mqtt_as, which does the same, stands beside them where its
source is given.
"""

import asyncio
from dataclasses import replace

from host_tools.bench.board import HOST, configuration, in_dialects, play
from host_tools.bench.network import Relay, started
from host_tools.bench.section import Extent, Row
from host_tools.bytecode import compile_module

CHANNELS = 10
ROUND_TRIP_MS = 50

_LEAST_PER_S = 5000
_LEAST_RATIO = 200
_RECORD_BYTES, _CHANNEL_BYTES = 12, 4
TOPIC = "limen/v1/hall-2/press-07/dev/main-meter/data"
PAYLOAD = (
    '{"inc":"9f03a1c4","boot":3,"cfg":"1c0ffee1","low":17,'
    '"r":[[17,1776684816037,0,{"power_active_total":4216.0}]]}'
)


def measure(extent: Extent) -> list[Row]:
    return asyncio.run(_measure(extent))


async def _measure(extent: Extent) -> list[Row]:
    with started(extent.broker) as broker:
        loopback = f"{broker.name}, loopback"
        near = await _beside_peer(loopback, broker.port, extent)
        wide = await _best_per_second(broker.port, extent.records // 2, CHANNELS, extent.repeats)
        async with Relay(broker.port, ROUND_TRIP_MS / 2000) as relay:
            far = await _beside_peer(f"{ROUND_TRIP_MS} ms round trip", relay.port, extent)
    return [
        replace(near[0], least=_LEAST_PER_S),
        Row(
            f"{loopback}: Limen, {CHANNELS} values a record", wide, "records/s", least=_LEAST_PER_S
        ),
        *near[1:],
        *far,
    ]


async def _beside_peer(where: str, port: int, extent: Extent) -> list[Row]:
    ours = await _best_per_second(port, extent.records, 1, extent.repeats)
    peer = _per_second(await publish(port, extent.peer_messages))
    rows = []
    if extent.mqtt_as:
        second = _per_second(await publish(port, extent.peer_messages, extent.mqtt_as))
        rows = [
            Row(f"{where}: mqtt_as, 1 value a record", second, "records/s"),
            Row(f"{where}: Limen ÷ mqtt_as", ours / second, "×"),
        ]
    return [
        Row(f"{where}: Limen, 1 value a record", ours, "records/s"),
        Row(f"{where}: umqtt.simple, 1 value a record", peer, "records/s"),
        Row(f"{where}: Limen ÷ umqtt.simple", ours / peer, "×", least=_LEAST_RATIO),
        *rows,
    ]


async def _best_per_second(port: int, records: int, channels: int, repeats: int) -> float:
    return max([_per_second(await drain(port, records, channels)) for _ in range(repeats)])


def _per_second(said: dict) -> float:
    return said["acked"] * 1_000_000 / said["us"]


async def drain(port: int, records: int, channels: int, dialect: str = "plain") -> dict:
    """Let a backlog of so many records drain; what the program `backlog` says."""
    outbox_bytes = outbox_for(records, channels)
    order = {"records": records, "channels": channels}
    config = configuration(port, outbox_bytes)
    if dialect != "plain":
        config = in_dialects(config, dialect)
    return await play("backlog", order, config)


async def publish(port: int, messages: int, mqtt_as: bytes | None = None) -> dict:
    """Publish so many records with umqtt.simple, or the given mqtt_as; what the program says."""
    order = {
        "host": HOST, "port": port, "topic": TOPIC, "payload": PAYLOAD, "messages": messages,
    }  # fmt: skip
    if not mqtt_as:
        return await play("umqtt_publish", order, configuration(port))
    module = {"/lib/mqtt_as.mpy": compile_module(mqtt_as, "mqtt_as.py")}
    return await play("mqtt_as_publish", order, configuration(port), module)


def outbox_for(records: int, channels: int) -> int:
    """The bytes of an outbox that holds so many records of so many channels."""
    return 1024 + records * (_RECORD_BYTES + channels * _CHANNEL_BYTES)
