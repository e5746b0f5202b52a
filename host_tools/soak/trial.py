"""Plays a schedule: the real firmware in virtual time, faults at their times, then quiet.

The trial ends when all has been delivered after the last fault, or when the time for that is over.
"""

import functools
import hashlib
import random
import tempfile
from collections import Counter
from fractions import Fraction
from pathlib import Path

from host_tools.emulation.board import Board
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.model_broker import add_model_broker
from host_tools.plan import Plan, plan_of_site
from host_tools.soak.invariants import Outcome, broken
from host_tools.soak.kinds import BOOTS, KINDS, Scene
from host_tools.soak.machine import Machine
from host_tools.soak.schedule import Fault, Schedule
from host_tools.soak.watch import Watch
from host_tools.subscriber import Arrival
from host_tools.wiring import meters_of
from host_tools.world import Listeners, World

RECOVERY_S = 420
"""The gateway is back in delivery within this time after the last fault: the longest pause before
a new attempt (60 s), the time that a dead connection may take to be noticed, and a breaker's."""

_START_UNIX_S = 1_767_225_600
_STEP_US = 10_000_000


def devices_of(site: Path) -> list[str]:
    """The meters of a site that faults may be about: those that are asked."""
    config = plan_of(site, 0).config
    ports = [device["id"] for device in config["device"] if device.get("driver") == "p1"]
    return [name for name in meters_of(config) if name not in ports]


def plan_of(site: Path, seed: int) -> Plan:
    """What there is in the world of a seed."""
    return plan_of_site(site, None, Machine(seed), seed)


class Trial:
    """One schedule on one site; `run` says what was broken, in sentences."""

    def __init__(self, site: Path, schedule: Schedule):
        self._schedule = schedule
        self._plan = plan_of(site, schedule.seed)
        self._digest = hashlib.sha256()
        self._exits: list[str] = []
        self._watch: Watch | None = None
        self._off: Counter[str] = Counter()

    def run(self) -> list[str]:
        """Play it all; the sentences say which invariant does not hold, none that all do."""
        with tempfile.TemporaryDirectory(prefix="limen-soak-") as folder:
            world = self._world(Path(folder, "flash.bin"))
            try:
                settled = self._play(world)
                return broken(self._outcome(world, settled))
            finally:
                world.close()

    @property
    def digest(self) -> str:
        """Of every record that arrived, in order: the same for the same schedule."""
        return self._digest.hexdigest()[:16]

    def _world(self, flash: Path) -> World:
        self._plan.write_flash(flash)
        self._flash = FlashFile(flash)
        listeners = Listeners(
            self._take, lambda diag: self._watch.on_diag(diag), on_exit=self._exits.append
        )
        world = World(VirtualScheduler(_START_UNIX_S), self._plan, flash, listeners)
        for device in self._plan.config["device"]:
            for at, _, modulus, *_ in device.get("counters", ()):
                kwh = Fraction(modulus, 10 ** device["channel"][at]["places"])
                world.meters[device["id"]].modulus_kwh = kwh
        self._watch = Watch(world, not self._schedule.has("clock"))
        world.board.flash_faults.on_torn = lambda: self._watch.power_cut(self._flash)
        return world

    def _take(self, arrival: Arrival) -> None:
        self._watch.on_arrival(arrival)
        self._digest.update(repr((arrival.boot, arrival.device, arrival.record)).encode())

    def _play(self, world: World) -> bool:
        """Run to the end; return whether all was delivered in time."""
        scheduler, schedule = world.scheduler, self._schedule
        broker = add_model_broker(world)
        for fault in schedule.faults:
            dice = random.Random(f"fault {schedule.seed} {fault.number}")
            scene = Scene(world, broker, self._watch, self._flash, fault.device, dice)
            self._plan_fault(scheduler, fault, scene)
        world.board.start()
        scheduler.run_until(schedule.end_s * 1_000_000)
        deadline_us = scheduler.now_us + RECOVERY_S * 1_000_000
        while not world.is_settled() and scheduler.now_us < deadline_us and not self._exits:
            scheduler.run_until(scheduler.now_us + _STEP_US)
        return world.is_settled()

    def _plan_fault(self, scheduler: VirtualScheduler, fault: Fault, scene: Scene) -> None:
        kind = KINDS[fault.kind]
        scheduler.at(fault.begin_s * 1_000_000, functools.partial(self._begin, fault, scene))
        if kind.longest_s:
            scheduler.at(fault.end_s * 1_000_000, functools.partial(self._end, fault, scene))

    def _begin(self, fault: Fault, scene: Scene) -> None:
        """Faults of one kind may overlap; what they have in common ends with the last of them."""
        if fault.kind in BOOTS and not self._can_boot(fault, scene.world.board):
            return
        self._off[self._subject(fault)] += bool(KINDS[fault.kind].longest_s)
        has_power = scene.world.board.is_running
        KINDS[fault.kind].begin(scene)
        if fault.kind == "power-cut" and has_power:
            scene.watch.power_cut(self._flash)
        scene.watch.disturbed()

    def _can_boot(self, fault: Fault, board: Board) -> bool:
        return fault.kind.startswith("power") or not self._off["power"]

    def _end(self, fault: Fault, scene: Scene) -> None:
        subject = self._subject(fault)
        self._off[subject] -= 1
        if not self._off[subject]:
            KINDS[fault.kind].end(scene)
        scene.watch.disturbed()

    def _subject(self, fault: Fault) -> str:
        if fault.kind.startswith("meter"):
            return fault.device
        common = fault.kind.partition("-")[0]
        return common if common in ("clock", "power") else fault.kind

    def _outcome(self, world: World, settled: bool) -> Outcome:
        return Outcome(world, self._schedule, settled, self._exits, self._watch)
