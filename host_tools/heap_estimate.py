"""What a gateway will need of its board's memory, from one start of the emulated board.

What it holds once it is online, its first diagnostics tell: code, devices, channels, buffers. Its
work needs more: garbage, code for a moment, and what must lie in one piece. As `heap_need` finds by
halving, that is a tenth more and 3 KB, to within `ERROR` (a test holds it to that); this takes less
than a second.
"""

from __future__ import annotations

import functools
import tempfile
from dataclasses import dataclass
from pathlib import Path

from host_tools import interpreter
from host_tools.board import board_names, load_board
from host_tools.contract import Diag
from host_tools.emulation.board import HEAP_BYTES
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.kept_work import kept
from host_tools.model_broker import add_model_broker
from host_tools.paths import PROJECT
from host_tools.plan import Plan, plan_of_gateway
from host_tools.site import Site
from host_tools.world import Listeners, World

ERROR = 3 * 1024
_AMPLE = 512 * 1024
_ONLINE_US = 30_000_000
_STEP_US = 500_000
_MORE = 3 * 1024


@dataclass(frozen=True)
class Estimate:
    """What a gateway needs, in bytes, None where it does not come online; `has_psram` says whether
    its board has memory in plenty."""

    board: str
    needed: int | None
    has_psram: bool

    @classmethod
    def of(cls, site: Site, gateway: str) -> Estimate:
        """Start the gateway of a right site."""
        board = site.file.data["gateway"][gateway]["board"]
        return cls(board, needed(plan_for(site, gateway)), bool(load_board(board)["psram_mb"]))

    @property
    def fits(self) -> bool:
        """Whether it fits for sure."""
        return self.has_psram or (self.needed or _AMPLE) + ERROR <= HEAP_BYTES

    def phrase(self) -> str:
        """What it needs beside what there is, for a line with other facts."""
        needs = f"memory about {kilobytes(self.needed)}" if self.needed else "memory not known"
        return needs if self.has_psram else f"{needs} of {kilobytes(HEAP_BYTES)}"

    def warning(self) -> str | None:
        """What a technician should know before it is rolled out; None where it fits."""
        if self.fits:
            return None
        sure = self.needed is None or self.needed - ERROR > HEAP_BYTES
        return (
            f"{'is' if sure else 'may be'} too large for its board: {self._figures()}. {advice()}"
        )

    def _figures(self) -> str:
        there_is = f"and a {self.board} has {kilobytes(HEAP_BYTES)}"
        if self.needed is None:
            return f"it does not start in {kilobytes(_AMPLE)} of memory, {there_is}"
        return f"it needs about {kilobytes(self.needed)} of memory, {there_is}"


def tell_if_too_large(site: Site, gateway: str) -> None:
    """Print a warning about a gateway of a right site, before anything is written to its board."""
    warning = Estimate.of(site, gateway).warning() if is_possible() else None
    if warning:
        print(f"{gateway} {warning}")


def advice() -> str:
    """What to do with a site that is too large."""
    boards = [name for name in board_names() if load_board(name)["psram_mb"]]
    return (
        "Leave out devices or functions, share the devices between two gateways, or take a board "
        f"with PSRAM ({', '.join(boards)})."
    )


def kilobytes(size: int) -> str:
    return f"{round(size / 1024)} KB"


def is_possible() -> bool:
    """Whether this machine has the chip's twin."""
    found = interpreter.find_or_none()
    return bool(found and found.is_chip_like)


def plan_for(site: Site, gateway: str) -> Plan:
    """A gateway of a site, with meters of some load."""
    return plan_of_gateway(site, gateway, PressModel(1), 1)


def needed(plan: Plan) -> int | None:
    """What a gateway will need, in bytes; None where it does not come online."""
    keys = plan.authority.gateway_files() if plan.authority else {}  # new ones at each run
    files = sorted((path, text) for path, text in plan.files.items() if path not in keys)
    held = kept("memory", (files, _world_text()), lambda: _held(plan))
    return held and held + held // 10 + _MORE


@functools.cache
def _world_text() -> list[bytes]:
    """What decides beside a gateway's files what is measured: the emulation, and this."""
    paths = [Path(__file__), *sorted((PROJECT / "host_tools/emulation").rglob("*.py"))]
    return [path.read_bytes() for path in paths]


def _held(plan: Plan) -> int | None:
    """What it holds by its first diagnostics."""
    told: list[Diag] = []
    with tempfile.TemporaryDirectory(prefix="limen-size-") as folder:
        flash = Path(folder) / "flash.bin"
        plan.write_flash(flash)
        scheduler = VirtualScheduler()
        world = World(scheduler, plan, flash, Listeners(on_diag=told.append), heap=_AMPLE)
        add_model_broker(world)
        world.board.start()
        try:
            while not told and scheduler.now_us < _ONLINE_US:
                scheduler.run_until(scheduler.now_us + _STEP_US)
        finally:
            world.close()
    return told[0].counters["heap"]["used"] - world.board.emulation_heap_bytes if told else None
