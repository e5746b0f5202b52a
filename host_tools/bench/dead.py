"""What dead meters cost the others on their line: the rate that the live ones keep.

Four meters of four makes on one line, in virtual time; some fall silent for the second of four
minutes. The rate is that beside these faults: the polls that were served, of those that were due.
"""

import tempfile
from pathlib import Path

from host_tools.bench.section import Extent, Row
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.fault_plan import PlannedFault
from host_tools.model_broker import add_model_broker
from host_tools.paths import PROJECT
from host_tools.plan import plan_of_site
from host_tools.summary import Summary
from host_tools.world import Listeners, World

SITE = PROJECT / "examples/four-meters/site.toml"
SECOND_US = 1_000_000
BEGIN_S, END_S, RUN_S = 60, 120, 240
_CASES = ((1, 95), (3, 90))
"""How many of the four are dead, and the percentage of their rate that the others are to keep."""


def measure(extent: Extent) -> list[Row]:
    return [
        Row(f"rate of live meters, {dead} of 4 dead", lowest_rate(dead) / 10, "%", least=least)
        for dead, least in _CASES
    ]


def lowest_rate(dead: int) -> int:
    """The rate of the slowest live meter in thousandths, while so many are dead."""
    with tempfile.TemporaryDirectory(prefix="limen-bench-") as folder:
        plan = plan_of_site(SITE, None, PressModel(1, compress=5), 1)
        meters = [device["id"] for device in plan.config["device"]]
        summary = _run(plan, meters[len(meters) - dead :], Path(folder) / "flash.bin")
    return min(one.beside_permille for one in summary.attendances if one.device in meters[:-dead])


def _run(plan, dead: list[str], flash: Path) -> Summary:
    plan.faults = [
        PlannedFault(name, "silent", BEGIN_S * SECOND_US, END_S * SECOND_US) for name in dead
    ]
    plan.write_flash(flash)
    world = World(VirtualScheduler(), plan, flash, Listeners())
    add_model_broker(world)
    world.board.start()
    world.scheduler.run_until(RUN_S * SECOND_US)
    world.close()
    return world.summary((RUN_S - 2) * SECOND_US)
