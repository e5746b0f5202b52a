"""`limen replay`: a recording, a trace or a world through the whole gateway, in virtual time.

The world of the demo, as fast as the machine allows: meter, line, the real firmware on the
interpreter, network and broker model. The recording plays at its own times; one from before the
firmware was written, whose times no gateway believes, plays whole weeks later, and what comes out
is told in its own times again. What was published is written as CSV, one line per value in the
order of arrival; the same seed gives the same bytes.
"""

import argparse
import itertools
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from host_tools import plan_arguments
from host_tools.bus_trace import read_trace
from host_tools.emulation.model import Pace
from host_tools.emulation.recording import Recording
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.signals import Constant
from host_tools.errors import ToolError
from host_tools.example_world import load_world
from host_tools.fault_plan import PlannedFault
from host_tools.model_broker import add_model_broker
from host_tools.option import read_option
from host_tools.plan import Plan, plan_of_site, plan_of_world
from host_tools.report import page
from host_tools.report.story import Story
from host_tools.run_csv import to_csv
from host_tools.wiring import meters_of
from host_tools.world import Listeners, World
from limen.core.channel_config import period
from limen.core.units import Mistake, ms_text, parse_ms

_BELIEVED_S = 1_767_225_600  # 2026-01-01: a gateway takes no earlier time from a server
_WEEK_S = 7 * 86_400
_YEAR_S = 31_556_952
_DELIVERY_US = 30_000_000
_LEAST_US = 10_000_000
_ANSWER_US = 1_000_000
_PROGRESS_S = 5
_SLICE_US = 600_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--recording", type=Path, metavar="FILE", help="CSV or Parquet")
    source.add_argument("--trace", type=Path, metavar="FILE", help="what `limen listen` wrote")
    source.add_argument("--world", type=Path, metavar="NAME", help="a world of the examples")
    plan_arguments.add_arguments(parser)
    parser.add_argument("--for", dest="duration", metavar="TIME", help="so much of a world")
    parser.add_argument(
        "--every", metavar="TIME", help='poll so often, such as "60s" (default: the row\'s step)'
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a report as HTML")
    parser.add_argument(
        "--price", metavar="AMOUNT", help='what a megabyte costs, such as "0.4 EUR", for the report'
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write what was published as CSV")


def run(args: argparse.Namespace) -> int:
    console = Console(stderr=args.out == Path("-"), width=100)
    price = page.Price.parse(args.price) if args.price else None
    began = time.monotonic()
    replay = play(_program(args, console), console)
    end_us = replay.story.end_us
    _write(args.out, replay.csv())
    summary = replay.world.summary(end_us)
    console.print(summary)
    if replay.world.wiring.traced_line:
        console.print(replay.world.wiring.traced_line.sentence())
    if args.report:
        source = args.recording or args.trace or args.world
        page.write(args.report, source.name, replay.story, summary, price)
        console.print(f"The report is in {args.report}.")
    took_s = time.monotonic() - began
    console.print(f"{end_us / 1e6 / took_s:,.0f} × real time: {took_s:.1f} s.")
    return 0 if summary.is_good else 1


@dataclass(frozen=True)
class Program:
    """What is played: a plan, from when in the world's calendar, and for how long; and by how much
    that is later than what is told."""

    plan: Plan
    start_utc_s: int
    end_us: int
    later_s: int = 0

    @classmethod
    def since(cls, plan: Plan, begin_s: int, end_us: int) -> "Program":
        """A plan for what began then, however long ago."""
        later_s = _later_s(begin_s)
        return cls(plan, begin_s + later_s, end_us, later_s)


def _later_s(begin_s: int) -> int:
    """Whole weeks, at the same time of the year but for three days, until a time is believed."""
    years = max(0, -((begin_s - _BELIEVED_S) // _YEAR_S))
    later_s = round(years * _YEAR_S / _WEEK_S) * _WEEK_S
    return later_s + _WEEK_S * (begin_s + later_s < _BELIEVED_S)


def _program(args: argparse.Namespace, console: Console) -> Program:
    if args.trace:
        return _of_trace(args, console)
    if args.world:
        return _of_world(args)
    return of_recording(args, console)


def of_recording(args: argparse.Namespace, console: Console) -> Program:
    """The program of a recording: every channel is read with each row, or --every."""
    every_ms = _every_ms(args)
    recording = plan_arguments.load_recording(args, console.print)
    signals = recording.signals_by_device(recording.times[0] - _begin_us(recording))
    plan = plan_arguments.make_plan(args, recording, signals)
    for sentence in plan_arguments.unmatched(plan, recording):
        console.print(sentence)
    plan.faults = _gaps(plan, recording)
    every_ms = every_ms or recording.every_ms
    plan.override(every_ms=every_ms)
    console.print(
        f"{recording.rows} rows, every channel read each {ms_text(every_ms)}, "
        "whatever the site says."
    )
    program = Program.since(plan, _begin_us(recording) // 1_000_000, _length_us(recording))
    if program.later_s:
        weeks = program.later_s // _WEEK_S
        console.print(f"The gateway lives {weeks} weeks later, as it believes no time before 2026.")
    return program


def _begin_us(recording: Recording) -> int:
    """When the world begins: with the second in which the first row is."""
    return recording.times[0] // 1_000_000 * 1_000_000


def _length_us(recording: Recording) -> int:
    """How long it plays: the last row holds as long as others, and any gateway must boot."""
    rows_us = recording.times[-1] - _begin_us(recording)
    return max(_LEAST_US, rows_us + int(recording.step_s * 1_000_000))


def _of_trace(args: argparse.Namespace, console: Console) -> Program:
    exchanges = read_trace(args.trace)
    site = plan_arguments.chosen_site(args, None)
    plan = plan_of_site(site, args.gateway, Constant(), args.seed, exchanges)
    plan.override(every_ms=_every_ms(args))
    first_us, last_us = (exchanges[at].request.time_us for at in (0, -1))
    console.print(f"{len(exchanges)} requests in {(last_us - first_us) / 1_000_000:,.0f} s.")
    return Program.since(plan, first_us // 1_000_000, last_us - first_us + _ANSWER_US)


def _of_world(args: argparse.Namespace) -> Program:
    world = load_world(args.world)
    plan = plan_of_world(world, args.gateway, args.seed, Pace())
    plan.override(every_ms=_every_ms(args))
    ms = int(world.hours * 3_600_000)
    if args.duration is not None:
        ms = read_option("--for", args.duration, _for_ms)
    return Program(plan, world.start_utc_s, ms * 1000)


def play(program: Program, console: Console) -> "Replay":
    """Replay a program to its end."""
    with tempfile.TemporaryDirectory(prefix="limen-replay-") as folder:
        flash = Path(folder) / "flash.bin"
        replay = Replay(program.plan, program.start_utc_s, flash, program.later_s)
        replay.play(program.end_us, console)
    return replay


def _gaps(plan: Plan, recording: Recording) -> list[PlannedFault]:
    """Where the recording has nothing, its meters are silent: all of them, or those that it has
    nothing of. As the first row holds before it begins, so does its silence."""
    start_us, first_us = _begin_us(recording), recording.times[0]
    return [
        PlannedFault(
            device, "silent", begin_us - start_us if begin_us > first_us else 0, end_us - start_us
        )
        for device in meters_of(plan.config)
        for begin_us, end_us in itertools.chain(
            recording.gaps, *(recording.silences.get(of, ()) for of in (None, device))
        )
        if begin_us < end_us
    ]


def _every_ms(args: argparse.Namespace) -> int | None:
    """What a site file may say, too."""
    if args.every is None:
        return None
    return read_option("--every", args.every, period)


def _for_ms(text: str) -> int:
    ms = parse_ms(text)
    if ms > 0:
        return ms
    raise Mistake(f"must be more than 0, not {text}")


class Replay:
    """A plan's world in virtual time, from a second of Unix time on, and its `story`, which is
    told as if it were so much earlier."""

    def __init__(self, plan: Plan, start_utc_s: int, flash: Path, later_s: int = 0):
        self._exit_text: str | None = None
        plan.write_flash(flash)
        scheduler = VirtualScheduler(start_utc_s)
        listeners = Listeners(on_exit=self._on_exit)
        self.world = World(scheduler, plan, flash, listeners)
        self.story = Story(self.world, later_s * 1000)
        listeners.on_arrival, listeners.on_diag = self.story.take, self.story.take_diag
        add_model_broker(self.world)

    def play(self, end_us: int, console: Console) -> None:
        """Run until then, and on until everything has been delivered."""
        scheduler = self.world.scheduler
        self.world.board.start()
        told = time.monotonic()
        try:
            while scheduler.now_us < end_us:
                self._run(min(end_us, scheduler.now_us + _SLICE_US))
                if time.monotonic() - told > _PROGRESS_S:
                    told = time.monotonic()
                    console.print(f"{100 * scheduler.now_us // end_us} %")
            self.story.end()
            self._run(end_us + _DELIVERY_US)
        finally:
            self.world.close()
        if not self.world.gateway.boots:
            said = self.world.board.last_lines()
            raise ToolError(f"The gateway has published nothing. It said last: {said}")

    def _run(self, until_us: int) -> None:
        self.world.scheduler.run_until(until_us)
        if self._exit_text is not None:
            raise ToolError(f"The board's program has ended: {self._exit_text}")

    def csv(self) -> str:
        """What was published."""
        return to_csv(self.story.arrivals, self.world.gateway, self.story.later_ms)

    def _on_exit(self, text: str) -> None:
        self._exit_text = text


def _write(path: Path | None, text: str) -> None:
    if path == Path("-"):
        sys.stdout.write(text)
    elif path:
        try:
            path.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise ToolError(f"{path} cannot be written: {error.strerror}.") from None
