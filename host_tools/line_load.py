"""How much of each second the polls of a site keep a serial line busy.

The requests are those that the firmware makes: its own driver plans them, for every set of periods
that falls due together. Added up is what the standard asks for, frames and silences, and the time
that a device takes before it answers. A site that needs more than there is, is refused, with what
would fit: no program can read it, and it would only be late with everything.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from limen.core import modbus_line
from limen.core.schema import Spot
from limen.core.units import ms_text
from limen.drivers.modbus_device import Device

_TURNAROUND_US = 10_000
"""Hardly any meter answers sooner."""
_MOST_MS_PER_S = 1000
_FITTING_MS_PER_S = 900
_MOST_PERIODS = 8
_PERIODS_MS = [
    unit * count
    for unit, counts in ((1000, (1, 2, 5, 10, 15, 20, 30)), (60_000, (1, 2, 5, 10, 15, 30)))
    for count in counts
] + [3_600_000]
_USUAL_BAUDS = (9600, 19200, 38400, 57600, 115200)
_REQUEST_BYTES, _REPLY_BYTES = 8, 5
_READ_BITS = 2


@dataclass
class _Channel:
    schedule: int
    fresh: bool = False


class _Line:
    """Stands for the bus in the driver's plans, and tells what a request takes."""

    def __init__(self, baud: int, parity: int | None, stop: int):
        self._character = modbus_line.character(baud, parity, stop)
        self._silence_us = modbus_line.silence_us(baud, self._character)

    def overhead_bytes(self, pause_ms: int) -> int:
        return modbus_line.overhead_bytes(self._character, self._silence_us, pause_ms)

    def takes_us(self, request: bytes, pause_ms: int) -> Fraction:
        """From the silence before the request to the end of the reply."""
        count = request[4] << 8 | request[5]
        data = -(-count // 8) if request[1] <= _READ_BITS else 2 * count
        frames_us = Fraction((_REQUEST_BYTES + _REPLY_BYTES + data) * self._character, 64)
        before_us = max(self._silence_us, pause_ms * 1000)
        return frames_us + before_us + max(self._silence_us, _TURNAROUND_US)


def device_load(device: dict, bus: dict, shortest_ms: int = 0, baud: int | None = None) -> Fraction:
    """Milliseconds of each second that a device of a compact configuration needs.

    No channel counts as read more often than every `shortest_ms`; `baud` replaces that of the bus.
    """
    own_baud, parity, stop = device.get("framing", (bus["baud"], bus["parity"], bus["stop"]))
    line = _Line(baud or own_baud, parity, stop)
    periods = [max(shortest_ms, channel["every_ms"]) for channel in device["channel"]]
    channels = [_Channel(every_ms) for every_ms in periods]
    reader = Device(line, device, channels)
    load = Fraction(0)
    for due, per_ms in _due_sets(sorted(set(periods))):
        for channel in channels:
            channel.fresh = channel.schedule in due
        requests = reader.requests()
        takes_us = sum(line.takes_us(request, device["pause_ms"]) for request in requests)
        load += takes_us * per_ms
    return load


def requests_of(device: dict, bus: dict) -> list[bytes]:
    """The requests for all channels of a device at once."""
    line = _Line(*device.get("framing", (bus["baud"], bus["parity"], bus["stop"])))
    channels = [_Channel(channel["every_ms"], fresh=True) for channel in device["channel"]]
    reader = Device(line, device, channels)
    return [bytes(reader.frame(request)) for request in reader.requests()]


def _due_sets(periods_ms: list[int]) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """The sets of periods that fall due together, and how often exactly these do, per millisecond.

    All begin together. By inclusion and exclusion; of very many periods each counts by itself.
    """
    if len(periods_ms) > _MOST_PERIODS:
        yield from (((period,), Fraction(1, period)) for period in periods_ms)
        return
    for size in range(1, len(periods_ms) + 1):
        for due in itertools.combinations(periods_ms, size):
            others = [period for period in periods_ms if period not in due]
            often = sum(
                Fraction((-1) ** count, math.lcm(*due, *more))
                for count in range(len(others) + 1)
                for more in itertools.combinations(others, count)
            )
            if often:
                yield due, often


def bus_load(compact: dict, index: int, **changed: int) -> Fraction:
    """Milliseconds of each second that the bus of that index is needed; as for `device_load`."""
    bus = compact["bus"][index]
    devices = [device for device in compact["device"] if device["bus"] == index]
    return sum((device_load(device, bus, **changed) for device in devices), Fraction(0))


def serial_buses(compact: dict) -> list[int]:
    """The indices of the buses that are serial lines."""
    return [i for i, bus in enumerate(compact["bus"]) if bus["kind"] == "modbus-rtu"]


def check_loads(spot: Spot, compact: dict) -> None:
    """Report each bus that is needed for more time than there is."""
    for index in serial_buses(compact):
        load = bus_load(compact, index)
        if load > _MOST_MS_PER_S:
            spot.at(index).report(_refusal(compact, index, load))


def _refusal(compact: dict, index: int, load: Fraction) -> str:
    bus = compact["bus"][index]
    shares = {
        device["id"]: round(device_load(device, bus))
        for device in compact["device"]
        if device["bus"] == index
    }
    largest = sorted(shares.items(), key=lambda share: -share[1])
    told = ", ".join(f"{name} {ms} ms" for name, ms in largest)
    return (
        f"the devices need {round(load)} ms of the line in each second, "
        f"{math.ceil(load - _MOST_MS_PER_S)} ms more than there are ({told}); "
        f"{' or '.join(_remedies(compact, index)) or 'part them among several buses'}"
    )


def _remedies(compact: dict, index: int) -> list[str]:
    """What would fit, each by itself."""
    found = []
    for period_ms in _PERIODS_MS:
        if bus_load(compact, index, shortest_ms=period_ms) <= _FITTING_MS_PER_S:
            found.append(f'read nothing more often than every = "{ms_text(period_ms)}"')
            break
    for baud in _USUAL_BAUDS:
        faster = baud > compact["bus"][index]["baud"]
        if faster and bus_load(compact, index, baud=baud) <= _FITTING_MS_PER_S:
            found.append(f"set the devices and the bus to baud = {baud}")
            break
    return found
