"""What a sample costs the gateway itself, from the driver's value to its bytes at the socket.

The network answers at once and for nothing, so all time is the gateway's own. Heap is counted with
the collector off, a reading at a time: in `Path.take` (filters, alarms, outbox), and up to the
write of the message (event loop, dialect, session). What ten samples in a message take more than
one is their own; the rest is the message's.
"""

import asyncio
import statistics
from collections.abc import Iterable

from host_tools.bench.board import configuration, play
from host_tools.bench.section import Extent, Row

CHANNELS = 10

_MOST_MS = 2


def measure(extent: Extent) -> list[Row]:
    return [*_time(extent), *_heap(extent)]


def _time(extent: Extent) -> Iterable[Row]:
    for channels in (1, CHANNELS):
        said = _play(extent.readings, channels)
        median, slowest = statistics.median(said["send"]) / 1000, max(said["send"]) / 1000
        name = f"reading of {channels}: from value to socket"
        yield Row(f"{name}, median", median, "ms", most=_MOST_MS)
        yield Row(f"{name}, slowest", slowest, "ms")


def _heap(extent: Extent) -> Iterable[Row]:
    filtered = _play(extent.readings, CHANNELS, passes=False, heap=True)
    one = _play(extent.readings, 1, heap=True)
    ten = _play(extent.readings, CHANNELS, heap=True)
    sample = (_mean(ten["send"]) - _mean(one["send"])) / (CHANNELS - 1)
    for what, value in (
        ("filtered away", _mean(filtered["take"]) / CHANNELS),
        ("to the outbox", _mean(ten["take"]) / CHANNELS),
        ("to the socket", sample),
    ):
        yield Row(f"allocated for a sample {what}", value, "bytes", most=0)
    yield Row("allocated for a message", _mean(one["send"]) - sample, "bytes")


def _mean(of_readings: list[int]) -> float:
    return sum(of_readings) / len(of_readings)


def _play(readings: int, channels: int, passes: bool = True, heap: bool = False) -> dict:
    """What the program `sample_path` says: {"take": [...], "send": [...], "samples": n}."""
    order = {"readings": readings, "channels": channels, "passes": passes, "heap": heap}
    return asyncio.run(play("sample_path", order, configuration(1)))
