"""How much faster than real time a gateway runs in virtual time.

One meter with ten channels at 1 Hz, the design's reference site, one meter read each quarter of an
hour, by a gateway that says no more often that it is there, and the simulation with its faults; the
real firmware, network and broker model. Interpreter and world take turns, so together they use one
core.
"""

import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from host_tools.bench.board import in_dialects
from host_tools.bench.section import Extent, Row
from host_tools.emulation.board import PSRAM_HEAP_BYTES
from host_tools.emulation.lan import Connection
from host_tools.emulation.press import PressModel
from host_tools.emulation.ratios import Ratio
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.errors import ToolError
from host_tools.gateway_image import configuration_files
from host_tools.model_broker import add_model_broker
from host_tools.paths import PROJECT
from host_tools.plan import plan_of_site
from host_tools.plan_arguments import EXAMPLES
from host_tools.soak import command
from host_tools.soak.schedule import make_schedule
from host_tools.soak.trial import Trial, devices_of
from host_tools.world import Listeners, World

_LEAST_SPEED = 1000
_LEAST_REFERENCE_SPEED = 300
_REFERENCE = PROJECT / "examples/reference/site.toml"
_QUARTER_MS = 900_000
_SELDOM_S = 900
_YEAR_S = 365 * 86_400
_MOST_YEAR_S = 60
_LEAST_SOAK_SPEED = 100


@dataclass
class PressRun:
    """What came of some virtual time of the press."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    samples: int = 0
    records: int = 0
    wire_bytes: int = 0


def measure(extent: Extent) -> list[Row]:
    virtual_s = extent.virtual_s
    runs = [run_press(virtual_s) for _ in range(extent.repeats)]
    speed = max(_speed(run, virtual_s) for run in runs)
    by_processor = virtual_s / min(run.cpu_s for run in runs)
    reference = run_press(virtual_s, site=_REFERENCE, heap=PSRAM_HEAP_BYTES)
    quarters = run_press(20 * virtual_s, every_ms=_QUARTER_MS)
    year_s = quarters.wall_s * _YEAR_S / (20 * virtual_s)
    return [
        Row("one meter, 10 channels, at 1 Hz", speed, "× real time", least=_LEAST_SPEED),
        Row("the same, by processor time", by_processor, "× real time"),
        Row(
            "the reference site: four meters, 60 channels",
            _speed(reference, virtual_s),
            "× real time",
            least=_LEAST_REFERENCE_SPEED,
        ),
        Row(
            "a year of 15-minute data, with keepalive and diagnostics of 15 minutes, at this rate",
            year_s,
            "s",
            most=_MOST_YEAR_S,
        ),
        Row(
            "simulation with faults", _soak_speed(virtual_s), "× real time", least=_LEAST_SOAK_SPEED
        ),
    ]


def _speed(run: PressRun, virtual_s: int) -> float:
    if not run.records:
        raise ToolError("The gateway has delivered nothing, so its speed means nothing.")
    return virtual_s / run.wall_s


def _soak_speed(virtual_s: int) -> float:
    """Of some hours of a seed: as many as take about as long as the rest."""
    hours = max(1, virtual_s // 600)
    trial = Trial(command.SITE, make_schedule(1, hours, devices_of(command.SITE)))
    began = time.monotonic()
    trial.run()
    return hours * 3600 / (time.monotonic() - began)


def run_press(
    virtual_s: int,
    *dialects: str,
    site: Path = EXAMPLES["sdm630"] / "site.toml",
    every_ms: int | None = None,
    heap: int | None = None,
) -> PressRun:
    """Let the press run for so many virtual seconds, in the plain dialect or in others; it is the
    load of that site, whose channels are read so often. If they are, diagnostics and pings are as
    rare as befits that.
    """
    run = PressRun()
    model = PressModel(1) if every_ms is None else _Rows(every_ms)
    plan = plan_of_site(site, None, model, 1)
    if every_ms:
        plan.override(every_ms, diag_s=_SELDOM_S, keepalive_s=_SELDOM_S)
    if dialects:
        plan.config = in_dialects(plan.config, *dialects)
        plan.files = plan.files | configuration_files(plan.config)
    with tempfile.TemporaryDirectory(prefix="limen-bench-") as folder:
        flash = Path(folder) / "flash.bin"
        plan.write_flash(flash)
        world = World(VirtualScheduler(), plan, flash, Listeners(on_exit=_fail), heap=heap)
        add_model_broker(world, through=lambda connection: _Counted(connection, run))
        began = time.monotonic(), _cpu_s()
        world.board.start()
        try:
            world.scheduler.run_until(virtual_s * 1_000_000)
        finally:
            world.close()
        run.wall_s, run.cpu_s = time.monotonic() - began[0], _cpu_s() - began[1]
    run.samples = world.truth.samples
    run.records = world.gateway.records
    return run


def _cpu_s() -> float:
    """Processor time so far: of this process, and of the interpreters that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _fail(text: str) -> None:
    raise ToolError(f"The board's program has ended: {text}")


class _Rows(PressModel):
    """The press as a recording has it that holds a row so often."""

    def __init__(self, every_ms: int):
        super().__init__(1)
        self._every_us = every_ms * 1000

    def step_at(self, time_us: int) -> int:
        return time_us // self._every_us

    def step_start_us(self, step: int) -> int:
        return step * self._every_us

    def step_ratio(self, quantity: str, step: int) -> Ratio:
        return super().step_ratio(quantity, super().step_at(step * self._every_us))


class _Counted:
    """A connection of the virtual LAN whose bytes are counted."""

    def __init__(self, connection: Connection, run: PressRun):
        self._connection = connection
        self._run = run
        self.on_data = lambda data: None
        self.on_close = lambda: None
        connection.on_data = self._receive
        connection.on_close = lambda: self.on_close()
        self.close = connection.close

    def send(self, data: bytes) -> None:
        self._run.wire_bytes += len(data)
        self._connection.send(data)

    def _receive(self, data: bytes) -> None:
        self._run.wire_bytes += len(data)
        self.on_data(data)
