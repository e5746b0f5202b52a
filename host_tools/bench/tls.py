"""How fast a backlog drains over TLS, beside umqtt.simple over TLS, and what memory TLS takes.

Mosquitto ends the TLS where it is chosen, else a relay before the broker does, with OpenSSL both.
The firmware's own heap is measured with a connection that stands; what mbedTLS takes beside it
comes from the C library here, as it comes from the IDF on the chip. There, the record buffer for
what is sent is 4 KB, a quarter of the one that is counted here.
"""

import asyncio
import contextlib
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from host_tools import interpreter
from host_tools.bench.board import HOST, configuration, play
from host_tools.bench.drain import PAYLOAD, TOPIC, outbox_for
from host_tools.bench.section import Extent, Row
from host_tools.demo import free_port
from host_tools.emulation import brokers
from host_tools.emulation.secure import RunAuthority
from host_tools.emulation.tap import Tap
from host_tools.image import write_files
from host_tools.paths import PROJECT
from host_tools.site import sealed

_MEMORY_PROGRAM = PROJECT / "host_tools/bench/programs/tls_memory.py"
_LEAST_PER_S = 5000
_LEAST_RATIO = 200


def measure(extent: Extent) -> list[Row]:
    return asyncio.run(_measure(extent))


async def _measure(extent: Extent) -> list[Row]:
    authority = RunAuthority(configuration(0))
    with tempfile.TemporaryDirectory(prefix="limen-broker-") as folder:
        async with _secured(extent.broker, Path(folder), authority) as (name, port):
            ours = max([await _drain(port, authority, extent) for _ in range(extent.repeats)])
            peer = await _publish(port, authority, extent)
            heap = await play("tls_heap", {}, _with_tls(port), authority.gateway_files())
            memory = await asyncio.to_thread(_memory, port, authority)
    return [
        Row(f"{name}, TLS: Limen, 1 value a record", ours, "records/s", least=_LEAST_PER_S),
        Row(f"{name}, TLS: umqtt.simple, 1 value a record", peer, "records/s"),
        Row(f"{name}, TLS: Limen ÷ umqtt.simple", ours / peer, "×", least=_LEAST_RATIO),
        Row("heap of the session", heap["session"], "bytes"),
        Row("heap of TLS, its context and a connection included", heap["tls"], "bytes"),
        Row("memory of mbedTLS beside the heap, context", memory["context"], "bytes"),
        Row("memory of mbedTLS beside the heap, most in a handshake", memory["peak"], "bytes"),
        Row("memory of mbedTLS beside the heap, connected", memory["connected"], "bytes"),
    ]


@contextlib.asynccontextmanager
async def _secured(kind: str, folder: Path, authority: RunAuthority) -> Iterator[tuple[str, int]]:
    """A broker behind TLS: its name and port."""
    identity = authority.broker
    tls = brokers.Tls(authority.trusted_file, identity.certificate_file, identity.key_file)
    is_mosquitto = kind != "amqtt" and brokers.find_mosquitto()
    broker = brokers.start(kind, free_port(), folder, tls=tls if is_mosquitto else None)
    tap = Tap(free_port(), broker.port, authority.broker_context())
    try:
        if is_mosquitto:
            yield broker.name, broker.port
        else:
            await tap.start()
            yield broker.name, tap.port
    finally:
        await tap.stop()
        broker.stop()


def _with_tls(port: int, outbox_bytes: int | None = None) -> dict:
    config = configuration(port, outbox_bytes)
    mqtt = config["mqtt"] | {"tls": True}
    return sealed({key: config[key] for key in config if key != "hash"} | {"mqtt": mqtt})


async def _drain(port: int, authority: RunAuthority, extent: Extent) -> float:
    order = {"records": extent.records, "channels": 1}
    config = _with_tls(port, outbox_for(extent.records, 1))
    said = await play("backlog", order, config, authority.gateway_files())
    return said["acked"] * 1_000_000 / said["us"]


async def _publish(port: int, authority: RunAuthority, extent: Extent) -> float:
    order = {
        "host": HOST, "port": port, "topic": TOPIC, "payload": PAYLOAD, "tls": True,
        "messages": extent.peer_messages,
    }  # fmt: skip
    said = await play("umqtt_publish", order, configuration(port), authority.gateway_files())
    return said["acked"] * 1_000_000 / said["us"]


def _memory(port: int, authority: RunAuthority) -> dict[str, int]:
    """What the C library has handed out, at each step of a connection, less what it had before."""
    found = interpreter.find()
    with tempfile.TemporaryDirectory(prefix="limen-bench-") as folder:
        write_files(authority.gateway_files(), Path(folder))
        done = subprocess.run(
            [*found.command, str(_MEMORY_PROGRAM), str(port), folder],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
    steps = {}
    for step, text in re.findall(r"step (\w+)\n(.*?)(?=step|\Z)", done.stderr, re.DOTALL):
        in_use = int(re.findall(r"in use bytes += +(\d+)", text)[-1])
        steps[step] = max(in_use, steps.get(step, 0))
    before = steps["before"]
    return {
        "context": steps["context"] - before,
        "peak": steps["handshake"] - before,
        "connected": steps["connected"] - before,
    }
