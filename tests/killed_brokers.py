"""A gateway over TLS with two brokers that are killed at random moments; nothing may be lost.

The whole firmware runs on the emulated board in real time. Before each broker a tap ends the
board's TLS and speaks TLS to the broker with the gateway's own certificate, so the ledger tells
what the gateway sent and which of it a broker has acknowledged, whatever the brokers forget.
"""

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

from host_tools.demo import free_port
from host_tools.emulation import brokers
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import RealScheduler
from host_tools.emulation.tap import Tap
from host_tools.plan import plan_of_site
from host_tools.plan_arguments import EXAMPLES
from host_tools.site import brokers_of
from host_tools.world import Listeners, World
from nats_server import NatsServer

_OPTIONS = 'hosts = ["broker-1.local", "broker-2.local"]\ntls = true\nkeepalive = "5s"'
_LONGEST_LIFE_S, _LONGEST_DEATH_S = 15, 4
_SETTLE_S = 90


@dataclass
class Outcome:
    kills: int
    connections: int
    acknowledged: set
    seen: dict
    said: list[str]

    def missing(self) -> set:
        """Names of records that were never acknowledged, though later ones were."""
        boots = {(inc, boot) for inc, boot, _ in self.seen}
        last = {
            boot: max(seq for inc, number, seq in self.seen if (inc, number) == boot)
            for boot in boots
        }
        expected = {(*boot, seq) for boot, top in last.items() for seq in range(1, top + 1)}
        return expected - self.acknowledged


async def play(folder: Path, seconds: float, seed: int, kind: str = "mosquitto") -> Outcome:
    """Kill brokers of a kind for so many seconds, then let everything arrive."""
    plan = _plan(folder, seed)
    flash = folder / "flash.bin"
    plan.write_flash(flash)
    said = []
    world = World(RealScheduler(), plan, flash, Listeners(on_console=said.append))
    houses = [_House(folder, plan.authority, number, kind) for number in (1, 2)]
    for (host, port), house in zip(brokers_of(plan.config), houses, strict=True):
        house.tap.ledger = world.ledger
        await house.tap.start()
        world.lan.name(host, port, house.tap.port)
    try:
        world.board.start()
        kills = await _kill(houses, seconds, random.Random(seed))
        await _settle(world)
    finally:
        world.close()
        for house in houses:
            await house.tap.stop()
            house.broker.stop()
    ledger = world.ledger
    return Outcome(kills, ledger.connections, ledger.acknowledged, ledger.seen, said)


def _plan(folder: Path, seed: int):
    text = (EXAMPLES["sdm630"] / "site.toml").read_text()
    (folder / "site.toml").write_text(text.replace('host = "broker.local"', _OPTIONS))
    (folder / "secrets.toml").write_text((EXAMPLES["sdm630"] / "secrets.toml").read_text())
    plan = plan_of_site(folder / "site.toml", None, PressModel(seed, 20), seed)
    for channel in plan.config["device"][0]["channel"]:
        channel.pop("report", None)  # every reading is a record
    plan.override(every_ms=500)
    return plan


class _House:
    """A broker behind its tap."""

    def __init__(self, folder: Path, authority, number: int, kind: str):
        self._kind = kind
        self._folder = folder / f"broker-{number}"
        identity = authority.broker
        self._tls = brokers.Tls(
            authority.trusted_file, identity.certificate_file, identity.key_file
        )
        self._port, self._own_port = free_port(), free_port()
        self.tap = Tap(
            free_port(), self._port, authority.broker_context(), authority.gateway_context()
        )
        self.revive()

    def revive(self) -> None:
        if self._kind == "nats":
            self.broker = NatsServer(self._port, self._own_port, self._folder, self._tls)
        else:
            self.broker = brokers.start(self._kind, self._port, self._folder, tls=self._tls)


async def _kill(houses: list[_House], seconds: float, rng: random.Random) -> int:
    """Kill one of the brokers, or both, again and again; return how often."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    kills = 0
    while loop.time() < end:
        await asyncio.sleep(rng.uniform(0.5, _LONGEST_LIFE_S))
        victims = rng.choice([houses[:1], houses[1:], houses])
        for house in victims:
            house.broker.kill()
        kills += len(victims)
        await asyncio.sleep(rng.uniform(0, _LONGEST_DEATH_S))
        for house in victims:
            house.revive()
    return kills


async def _settle(world: World) -> None:
    """Wait until all that was sent is acknowledged, and a connection has seen more than that."""
    for _ in range(_SETTLE_S):
        before = len(world.ledger.acknowledged)
        await asyncio.sleep(1)
        ledger = world.ledger
        if len(ledger.acknowledged) > before and len(ledger.seen) == len(ledger.acknowledged):
            return
