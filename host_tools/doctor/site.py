"""What the doctor found as lines of a site file, and the site file that they become.

A new file is whole: it validates, and what nobody could know (the broker, the board) stands where
it is to be changed. To a file that is there, only devices are added, and only if the file is good
before and after. Nothing is ever half written.
"""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from host_tools.doctor.candidates import Framing
from host_tools.errors import ToolError
from host_tools.profile import load_profile
from host_tools.site import load_site
from limen.core.bus_config import PARITIES
from limen.core.channel_config import read_channels
from limen.core.doctor import Examination
from limen.core.doctor_words import headline
from limen.core.exchange import silence_us, wire_us
from limen.core.finding import framing_text
from limen.core.modbus import REQUEST_BYTES
from limen.core.numbers import number
from limen.core.planner import plan
from limen.core.schema import Spot
from limen.core.units import ms_text

_PARITY_NAMES = {code: name for name, code in PARITIES.items()}
_PERIODS_MS = (1000, 2000, 5000, 10_000, 30_000, 60_000)
_SPARE = 2
_REPLY_FRAME_BYTES = 5
_USUAL_TIMEOUT_MS = 300
_TIMEOUTS_MS = (500, 1000, 2000, 5000)
_HEAD = """\
# Written by `limen doctor`. The names, the board and the broker are yours to change.
[site]
id = "my-site"

[mqtt]
host = "broker.local"

[gateway.{gateway}]
board = "lilygo-t-can485"

"""


@dataclass(frozen=True)
class Place:
    """Where the devices stand in a site: a gateway, and a bus of it with its framing or host."""

    gateway: str
    bus: str
    framing: Framing | None
    host: str = ""
    port: int = 0


@dataclass(frozen=True)
class Device:
    """A device that was identified, as the site file will have it."""

    profile: str
    address: int
    framing: Framing | None
    pause_ms: int
    slowest_ms: int

    @classmethod
    def of(cls, examination: Examination) -> "Device":
        candidate = examination.matches[0].candidate
        return cls(
            candidate["name"],
            examination.finding.address,
            _kept(examination.finding.framing, candidate["serial"]),
            examination.pause_ms or 0,
            -(-max(examination.replies.turnarounds_us) // 1000),
        )

    def cycle_ms(self) -> int:
        """How long one reading of its default set takes, as the gateway plans it."""
        profile = load_profile(self.profile)
        channels = read_channels(Spot([]), {"channels": {}, "every": _PERIODS_MS[0]}, profile)
        spans = sorted((channel.get("fc", profile["fc"]), *_span(channel)) for channel in channels)
        char_us = wire_us(self.framing, 1) or 1
        silence = max(silence_us(self.framing), self.pause_ms * 1000)
        overhead = REQUEST_BYTES + _REPLY_FRAME_BYTES
        total_us = 0
        for function in {span[0] for span in spans}:
            registers = [span[1:] for span in spans if span[0] == function]
            extra = overhead + (silence + self.slowest_ms * 1000) // char_us
            for _, count, _, _ in plan(registers, profile["max_registers"], extra):
                total_us += (overhead + 2 * count) * char_us + silence + self.slowest_ms * 1000
        return total_us // 1000 + 1


def devices_of(examinations: list[Examination]) -> list[Device]:
    """The devices that are known well enough to be read."""
    return [Device.of(e) for e in examinations if e.is_identified()]


def common_framing(devices: list[Device]) -> Framing | None:
    """The framing that most devices have: that of the line."""
    counts = Counter(device.framing for device in devices)
    return counts.most_common(1)[0][0] if counts else None


def period_ms(devices: list[Device]) -> int:
    """A period at which the line is in use for half of the time at most."""
    needed_ms = _SPARE * sum(device.cycle_ms() for device in devices)
    return next((period for period in _PERIODS_MS if period >= needed_ms), _PERIODS_MS[-1])


def device_lines(examinations: list[Examination], place: Place) -> str:
    """The [[gateway.X.device]] lines; what is not to be read becomes a comment."""
    devices = devices_of(examinations)
    every = ms_text(period_ms(devices))
    parts = [_device_text(device, place, every) for device in devices]
    for examination in examinations:
        if not examination.is_identified():
            parts.append(f"# {headline(examination)}.\n")
    return "\n".join(parts)


def bus_lines(place: Place, devices: list[Device]) -> str:
    """The [[gateway.X.bus]] lines."""
    lines = [f"[[gateway.{place.gateway}.bus]]", f'id = "{place.bus}"']
    if place.framing is None:
        lines += ['kind = "modbus-tcp"', f'host = "{place.host}"', f"port = {place.port}"]
    else:
        lines += ['kind = "modbus-rtu"', *_framing_lines(place.framing)]
    slowest_ms = _SPARE * max((device.slowest_ms for device in devices), default=0)
    if slowest_ms > _USUAL_TIMEOUT_MS:
        timeout_ms = next((ms for ms in _TIMEOUTS_MS if ms >= slowest_ms), _TIMEOUTS_MS[-1])
        lines.append(f'timeout = "{ms_text(timeout_ms)}"')
    return "\n".join(lines) + "\n"


def write_site(path: Path, examinations: list[Examination], place: Place) -> None:
    """Make a site file, or add the devices to the one that is there."""
    if path.exists():
        text = path.read_text("utf-8").rstrip("\n") + "\n\n"
    else:
        bus = bus_lines(place, devices_of(examinations))
        text = _HEAD.format(gateway=place.gateway) + bus + "\n"
    write_checked(path, text + device_lines(examinations, place))


def place_in(path: Path, gateway: str | None, is_tcp: bool) -> tuple[Place, set[int]]:
    """The gateway of a good site file and its only bus of the kind, and the addresses in use."""
    site = load_site(path)
    names = [gateway] if gateway else site.gateways
    if len(names) != 1:
        raise ToolError(f"{path} has several gateways: --gateway {' or '.join(names)}.", 2)
    compact = site.compile(names[0])
    kind = "modbus-tcp" if is_tcp else "modbus-rtu"
    buses = [(at, bus) for at, bus in enumerate(compact["bus"]) if bus["kind"] == kind]
    if len(buses) != 1:
        raise ToolError(
            f"{path} has {len(buses)} buses of the kind {kind} on {names[0]}; the devices can be "
            "added where there is one. Leave --write away and copy the lines.",
            2,
        )
    at, bus = buses[0]
    taken = {device["address"] for device in compact["device"] if device["bus"] == at}
    framing = None if is_tcp else (bus["baud"], bus["parity"], bus["stop"])
    return Place(names[0], bus["id"], framing), taken


def write_checked(path: Path, text: str) -> None:
    """Write a site file, if it is right."""
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_text(text, "utf-8")
        load_site(beside).compile_all()
        os.replace(beside, path)
    except OSError as error:
        raise ToolError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        beside.unlink(missing_ok=True)


def _device_text(device: Device, place: Place, every: str) -> str:
    lines = [
        f"[[gateway.{place.gateway}.device]]",
        f'id = "{place.bus}-{device.address}"',
        f'profile = "{device.profile}"',
        f'bus = "{place.bus}"',
        f"address = {device.address}",
        f'every = "{every}"',
    ]
    if device.pause_ms > load_profile(device.profile)["pause_ms"]:
        lines.append(f'pause = "{ms_text(device.pause_ms)}"')
    if device.framing != place.framing:
        lines.append(f"# Set the meter to {framing_text(place.framing)} and delete these lines.")
        lines += _framing_lines(device.framing)
    return "\n".join(lines) + "\n"


def _framing_lines(framing: Framing) -> list[str]:
    baud, parity, stop = framing
    return [f"baud = {baud}", f'parity = "{_PARITY_NAMES[parity]}"', f"stop = {stop}"]


def _kept(framing: Framing | None, works: Framing | None) -> Framing | None:
    """The framing to use: two stop bits were only asked with, unless the works set them."""
    if framing is None or framing[1] is not None:
        return framing
    two = works is not None and works[1] is None and works[2] == 2
    return framing[0], None, 2 if two else 1


def _span(channel: dict) -> tuple[int, int]:
    start, kind, order, numerator, denominator = channel["register"][:5]
    return start, number(kind, order, numerator, denominator, channel["register"][5:]).words
