"""What can go wrong in a simulated world, and how: each kind is one entry of KINDS.

A kind is begun and ended; an instant one is only begun. What it does is a function of the world
and of its own dice, which come from the seed, so a schedule plays the same each time.
"""

import dataclasses
import random
from collections.abc import Callable
from dataclasses import dataclass

from host_tools.emulation.board import HARD
from host_tools.emulation.broker_model import BrokerModel
from host_tools.emulation.meter import Faults
from host_tools.world import World

Dice = random.Random

_LATE_MS = 1500
_PUBACK_DELAY_US = 4_000_000


@dataclass
class Scene:
    """What faults act upon; `device` is the meter that this one is about."""

    world: World
    broker: BrokerModel
    device: str
    dice: Dice


@dataclass(frozen=True)
class Kind:
    """`longest_s` is how long it may last; 0 for what happens in an instant."""

    begin: Callable[[Scene], None]
    end: Callable[[Scene], None] = lambda scene: None
    longest_s: int = 3600


def _meter(faults: Faults, longest_s: int = 3600) -> Kind:
    def begin(scene: Scene) -> None:
        scene.world.meters[scene.device].faults = dataclasses.replace(faults)

    def end(scene: Scene) -> None:
        scene.world.meters[scene.device].faults.clear()

    return Kind(begin, end, longest_s)


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


def _set_wifi(up: bool) -> Callable[[Scene], None]:
    return lambda scene: scene.world.board.wifi(up)


def _set_silent(silent: bool) -> Callable[[Scene], None]:
    return lambda scene: setattr(scene.broker, "silent", silent)


def _set_puback_delay(delay_us: int) -> Callable[[Scene], None]:
    return lambda scene: setattr(scene.broker, "puback_delay_us", delay_us)


def _forget_sessions(scene: Scene) -> None:
    scene.broker.stop()
    scene.broker.sessions.clear()
    scene.broker.start()


KINDS = {
    "meter-silent": _meter(Faults(silent=True)),
    "meter-bad-crc": _meter(Faults(bad_crc=True)),
    "meter-refuses": _meter(Faults(exception=4)),
    "meter-cut-short": _meter(Faults(keep_bytes=3)),
    "meter-late": _meter(Faults(late_ms=_LATE_MS)),
    "meter-garbage": _meter(Faults(garbage=b"\x00\xff\x01\x04")),
    "line-noise": Kind(_disturb, _calm),
    "wifi-off": Kind(_set_wifi(False), _set_wifi(True)),
    "network-cut": Kind(lambda s: s.world.lan.cut(), lambda s: s.world.lan.restore()),
    "broker-down": Kind(lambda s: s.broker.stop(), lambda s: s.broker.start()),
    "broker-silent": Kind(_set_silent(True), _set_silent(False), longest_s=600),
    "broker-slow": Kind(_set_puback_delay(_PUBACK_DELAY_US), _set_puback_delay(0)),
    "broker-garbage": Kind(lambda s: s.broker.send_garbage(), longest_s=0),
    "broker-drops": Kind(lambda s: s.broker.drop_in_next_packet(), longest_s=0),
    "broker-forgets": Kind(_forget_sessions, longest_s=0),
    "power-cut": Kind(lambda s: s.world.board.power_cut(), lambda s: s.world.board.start()),
    "reset": Kind(lambda s: s.world.board.restart(HARD), longest_s=0),
}
"""name → what it does"""

BOOTS = ("power-cut", "reset")
"""Kinds after which the board boots anew, and with it the names of its records."""
