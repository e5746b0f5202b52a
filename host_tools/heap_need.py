"""The smallest heap on which the gateway of a site does its work, found by halving.

The work: boot, read the meters, connect, publish, tell diagnostics, lose the broker, connect again
and deliver what waited. It runs on the emulated board in virtual time. What the emulated modules
take is measured when they are loaded and lies beside this heap; buffers of UARTs and sockets, which
a chip has elsewhere, lie in it. All code that the site loads is included.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.model_broker import add_model_broker
from host_tools.paths import PROJECT
from host_tools.plan import Plan, plan_of_site
from host_tools.world import Listeners, World

_SECOND_US = 1_000_000
_OUTAGE_S = (90, 105)
_END_S = 140
_STEP = 512
MOST = 160 * 1024
_ROW = "{:<34}{:>20}{:>12}"


@dataclass(frozen=True)
class Need:
    """A site whose need is measured; `budget` in bytes, None where none is promised."""

    name: str
    site: Path
    budget: int | None = None

    def plan(self) -> Plan:
        """Its only gateway."""
        return plan_of_site(self.site, None, PressModel(1), 1)

    def row(self) -> str:
        """Measure, and tell it beside the budget."""
        found = smallest(self.plan())
        promise = "-"
        if self.budget:
            promise = f"{self.budget // 1024} KB: {'kept' if found <= self.budget else 'missed'}"
        return _ROW.format(self.name, f"{found / 1024:.1f} KB", promise)


NEEDS = (
    Need("the demo, one meter", PROJECT / "examples/press", 64 * 1024),
    Need("four meters", PROJECT / "examples/four-meters"),
    Need("the reference site", PROJECT / "examples/reference", 80 * 1024),
)


def table() -> list[str]:
    """The smallest heap of each site, beside its budget."""
    return [_ROW.format("smallest heap", "needed", "budget"), *(need.row() for need in NEEDS)]


def smallest(plan: Plan) -> int:
    """The smallest heap in bytes on which a gateway does its work, to half a kilobyte; MOST where
    it needs that or more."""
    too_small, enough = 0, MOST
    while enough - too_small > _STEP:
        heap = (too_small + enough) // 2
        if does_its_work(plan, heap):
            enough = heap
        else:
            too_small = heap
    return enough


def does_its_work(plan: Plan, heap: int) -> bool:
    """Whether a gateway gets through the work with a heap of so many bytes."""
    said: list[str] = []
    with tempfile.TemporaryDirectory(prefix="limen-size-") as folder:
        flash = Path(folder) / "flash.bin"
        plan.write_flash(flash)
        scheduler = VirtualScheduler()
        listeners = Listeners(on_console=said.append)
        world = World(scheduler, plan, flash, listeners, heap=heap)
        broker = add_model_broker(world)
        scheduler.at(_OUTAGE_S[0] * _SECOND_US, broker.stop)
        scheduler.at(_OUTAGE_S[1] * _SECOND_US, broker.start)
        world.board.start()
        try:
            while scheduler.now_us < _END_S * _SECOND_US and not _has_failed(world, said):
                scheduler.run_until(scheduler.now_us + _SECOND_US)
        finally:
            world.close()
    return not _has_failed(world, said) and world.ledger.connections > 1 and world.is_settled()


def _has_failed(world: World, said: list[str]) -> bool:
    """Whether the board has restarted or told of memory that was missing."""
    return world.board.boots > 1 or any("memory" in line.lower() for line in said)
