"""What can go wrong in a simulated world, and how: each kind is one entry of KINDS.

A kind is begun and ended; an instant one is only begun. What it does is a function of the world
and of its own dice, which come from the seed, so a schedule plays the same each time.
"""

import dataclasses
import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from host_tools.emulation.board import HARD
from host_tools.emulation.broker_model import BrokerModel
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.meter import Faults
from host_tools.emulation.mqtt_packets import Publish
from host_tools.image import BLOCK_BYTES
from host_tools.partitions import FILE_SYSTEM, JOURNAL, TABLE_OFFSET, partition_of
from host_tools.soak.watch import Watch
from host_tools.world import World

Dice = random.Random

_LATE_MS = 1500
_PUBACK_DELAY_US = 4_000_000
_LIE_KWH = 50_000
_MINUTE_US = 60_000_000
_LARGEST_JUMP_MIN = 48 * 60
_LARGEST_DRIFT_PPM = 200
_MOST_WHOLE_OPERATIONS = 40
_ROOT_BLOCKS = 2
"""Of a LittleFS, which has no others for what is in them: without them it can no longer write."""


@dataclass
class Scene:
    """What faults act upon; `device` is the meter that this one is about."""

    world: World
    broker: BrokerModel
    watch: Watch
    flash: FlashFile
    device: str
    dice: Dice


@dataclass(frozen=True)
class Kind:
    """`longest_s` is how long it may last; 0 for what happens in an instant."""

    begin: Callable[[Scene], None]
    end: Callable[[Scene], None] = lambda scene: None
    longest_s: int = 3600


def _meter(faults: Faults, longest_s: int = 3600) -> Kind:
    return Kind(
        lambda scene: _set_faults(scene, dataclasses.replace(faults)),
        lambda scene: _set_faults(scene, Faults()),
        longest_s,
    )


def _set_faults(scene: Scene, faults: Faults) -> None:
    """One fault of a meter takes the place of another."""
    meter = scene.world.meters[scene.device]
    if meter.faults.lies_kwh and not faults.lies_kwh:
        scene.watch.ends_lying(scene.device)
    elif faults.lies_kwh and not meter.faults.lies_kwh:
        scene.watch.begins_lying(scene.device)
    meter.faults = faults


def _disturb(scene: Scene) -> None:
    dice = scene.dice

    def distort(data: bytes) -> bytes:
        """Flip bits of one byte in some frames: a CRC of 16 bits is sure to find that."""
        if not data or dice.random() < 0.6:
            return data
        damaged = bytearray(data)
        at = dice.randrange(len(damaged))
        damaged[at] ^= dice.randint(1, 255)
        return bytes(damaged)

    for line in scene.world.wiring.lines.values():
        line.distort = distort


def _calm(scene: Scene) -> None:
    for line in scene.world.wiring.lines.values():
        line.distort = bytes


def _reset_counters(scene: Scene) -> None:
    scene.watch.begins_anew(scene.device)
    scene.world.meters[scene.device].reset_counters()


def _jump(scene: Scene) -> None:
    """All time servers agree on another time."""
    minutes = scene.dice.choice((-1, 1)) * int(_LARGEST_JUMP_MIN ** scene.dice.random())
    scene.world.time_error_us = lambda now_us: minutes * _MINUTE_US


def _drift(scene: Scene) -> None:
    """The board's crystal runs at another rate than the time servers' clocks."""
    ppm = scene.dice.randint(-_LARGEST_DRIFT_PPM, _LARGEST_DRIFT_PPM)
    since_us = scene.world.scheduler.now_us
    scene.world.time_error_us = lambda now_us: (now_us - since_us) * ppm // 1_000_000


def _tell_time(scene: Scene) -> None:
    scene.world.time_error_us = lambda now_us: 0


def _hang(scene: Scene) -> None:
    """The program is caught in a loop that never yields."""
    scene.world.board.hang()


def _command(scene: Scene) -> None:
    """Somebody switches an output, or asks for what cannot be."""
    device, channel, value = scene.dice.choice(_ORDERS)
    until_us = scene.world.scheduler.now_us + _MINUTE_US
    request = {
        "id": scene.dice.randrange(1 << 30),
        "until": (scene.world.scheduler.start_utc_us + until_us) // 1000,
        "device": device,
        "channel": channel,
        "value": value,
    }
    if value == "1":
        scene.watch.commanded(until_us)
    topic = f"limen/v1/{scene.world.plan.gateway}/cmd/write"
    scene.broker.publish(Publish(topic, json.dumps(request).encode(), qos=1))


_ORDERS = (
    ("horn", "digital_output", "1"),
    ("horn", "digital_output", "0"),
    ("horn", "digital_output", "7"),
    ("press", "power_active_total", "100"),
    ("nobody", "voltage", "230"),
)


def _set_wifi(up: bool) -> Callable[[Scene], None]:
    return lambda scene: scene.world.board.wifi(up)


def _set_names(known: bool) -> Callable[[Scene], None]:
    return lambda scene: setattr(scene.world.lan, "knows_names", known)


def _set_silent(silent: bool) -> Callable[[Scene], None]:
    return lambda scene: setattr(scene.broker, "silent", silent)


def _set_puback_delay(delay_us: int) -> Callable[[Scene], None]:
    return lambda scene: setattr(scene.broker, "puback_delay_us", delay_us)


def _forget_sessions(scene: Scene) -> None:
    scene.broker.stop()
    scene.broker.sessions.clear()
    scene.broker.start()


def _refuse(scene: Scene) -> None:
    """From now on memory may be too small; what is on flash is safe."""
    scene.watch.flash_refuses(scene.flash)
    scene.world.board.flash_faults.refuse(True)


def _wear_out(scene: Scene) -> None:
    """A block of the journal or of the file system can no longer be erased."""
    table = scene.flash.read(0, TABLE_OFFSET + BLOCK_BYTES)
    start, size = partition_of(table, scene.dice.choice((JOURNAL, FILE_SYSTEM)))
    first = start + _ROOT_BLOCKS * BLOCK_BYTES
    scene.world.board.flash_faults.wear_out(scene.dice.randrange(first, start + size))


def _tear(scene: Scene) -> None:
    """The power will fail within one of the next operations of the flash."""
    operations = scene.dice.randrange(_MOST_WHOLE_OPERATIONS)
    scene.world.board.flash_faults.tear(operations, scene.dice.randrange(256))


def _power_on(scene: Scene) -> None:
    scene.world.board.flash_faults.mend_power()
    scene.world.board.start()


KINDS = {
    "meter-silent": _meter(Faults(silent=True)),
    "meter-bad-crc": _meter(Faults(bad_crc=True)),
    "meter-refuses": _meter(Faults(exception=4)),
    "meter-cut-short": _meter(Faults(keep_bytes=3)),
    "meter-late": _meter(Faults(late_ms=_LATE_MS)),
    "meter-garbage": _meter(Faults(garbage=b"\x00\xff\x01\x04")),
    "meter-lies": _meter(Faults(lies_kwh=_LIE_KWH)),
    "meter-begins-anew": Kind(_reset_counters, longest_s=0),
    "clock-jumps": Kind(_jump, _tell_time),
    "clock-drifts": Kind(_drift, _tell_time),
    "line-noise": Kind(_disturb, _calm),
    "wifi-off": Kind(_set_wifi(False), _set_wifi(True)),
    "network-cut": Kind(lambda s: s.world.lan.cut(), lambda s: s.world.lan.restore()),
    "names-fail": Kind(_set_names(False), _set_names(True)),
    "broker-down": Kind(lambda s: s.broker.stop(), lambda s: s.broker.start()),
    "broker-silent": Kind(_set_silent(True), _set_silent(False), longest_s=600),
    "broker-slow": Kind(_set_puback_delay(_PUBACK_DELAY_US), _set_puback_delay(0)),
    "broker-garbage": Kind(lambda s: s.broker.send_garbage(), longest_s=0),
    "broker-drops": Kind(lambda s: s.broker.drop_in_next_packet(), longest_s=0),
    "broker-forgets": Kind(_forget_sessions, longest_s=0),
    "power-cut": Kind(lambda s: s.world.board.power_cut(), _power_on),
    "power-torn": Kind(_tear, _power_on),
    "flash-refuses": Kind(_refuse, lambda s: s.world.board.flash_faults.refuse(False)),
    "flash-wears": Kind(_wear_out, longest_s=0),
    "reset": Kind(lambda s: s.world.board.restart(HARD), longest_s=0),
    "stuck": Kind(_hang, longest_s=0),
    "command": Kind(_command, longest_s=0),
}
"""name → what it does"""

BOOTS = ("power-cut", "power-torn", "reset", "stuck")
"""Kinds after which the board boots anew, and with it the names of its records."""
