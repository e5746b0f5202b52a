"""`limen demo`: the whole path live, without hardware, in a minute and a quarter.

Emulated meters on their lines, an emulated board that runs the firmware from a flash file, a real
broker, and a subscriber. In the middle the broker's network is cut, so that the backlog and its
draining are seen; a demo.toml beside the site file says which meters fail, and when. It ends with
a summary; the exit status is 0 only if nothing was lost, every channel kept within its bound, and
meters that failed came back without slowing the others. Whatever ends it, no process stays behind.
"""

import argparse
import asyncio
import contextlib
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from host_tools import plan_arguments
from host_tools.client.commands import NoAnswer, send
from host_tools.client.connection import Address
from host_tools.contract import Alarm, AlarmState, Finding, OrderChange, Period, Shed, sentence
from host_tools.emulation import brokers
from host_tools.emulation.press import PressModel
from host_tools.emulation.recording import Recording
from host_tools.emulation.scheduler import RealScheduler
from host_tools.emulation.signals import PerDevice, Signals
from host_tools.emulation.tap import Tap
from host_tools.errors import ToolError
from host_tools.example_world import load_world
from host_tools.fault_plan import FILE as FAULTS_FILE
from host_tools.fault_plan import PlannedFault, load_faults
from host_tools.live_view import LiveView
from host_tools.plan import Plan, plan_of_flash, plan_of_world
from host_tools.shop_plan import Deed, load_shop
from host_tools.subscriber import Arrival, MqttFeeder
from host_tools.world import Listeners, World

_COLUMNS = 100
_HOST = "127.0.0.1"
_SECONDS = 75
_ROW_MS = 1000
_DIAG_S = 10
_PRESS_COMPRESS = 20
_REFRESH_S = 0.25
_CUT_SHARE = 0.45
_LONGEST_CUT_S = 10
_SETTLE_US = 8_000_000
_UNDER_WAY_US = 2_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--recording", type=Path, metavar="FILE", help="CSV, one row a second")
    source.add_argument("--world", type=Path, metavar="NAME", help="a world of the examples")
    plan_arguments.add_arguments(parser)
    parser.add_argument("--broker", choices=brokers.KINDS, default="auto")
    parser.add_argument(
        "--port", type=int, default=0, help="the broker's, to subscribe beside the demo"
    )
    parser.add_argument("--seconds", type=int, default=_SECONDS, metavar="N")
    parser.add_argument(
        "--flash-file", type=Path, metavar="FILE", help="boot this flash file as it is"
    )


def run(args: argparse.Namespace) -> int:
    if args.seconds < 20:
        raise ToolError("The demo needs --seconds 20 or more to show an outage.", 2)
    console = _console()
    recording = plan_arguments.load_recording(args, console.print)
    plan = _plan(args, recording, console)
    return asyncio.run(_show(args, plan, console))


def _plan(args: argparse.Namespace, recording: Recording | None, console: Console) -> Plan:
    if args.flash_file:
        signals = _signals(args, recording)
        return plan_of_flash(args.flash_file, signals, args.seed, args.site)
    if args.world:
        world = load_world(args.world)
        plan = plan_of_world(world, args.gateway, args.seed, world.demo)
        console.print(f"A second here is {world.demo.compress} s there.")
    else:
        plan = plan_arguments.make_plan(args, recording, _signals(args, recording))
    if recording:
        plan.override(every_ms=_ROW_MS)
        console.print("One row a second; all channels are read each second.")
    plan.override(diag_s=_DIAG_S)
    faults = plan.site.parent / FAULTS_FILE
    if faults.exists():
        plan.faults = load_faults(faults, [device["id"] for device in plan.config["device"]])
        if not recording:
            plan.shop = load_shop(faults, plan.config)
    return plan


def _signals(args: argparse.Namespace, recording: Recording | None) -> Signals:
    if recording:
        return recording.signals_by_device(speed=recording.step_s * 1000 / _ROW_MS or 1)
    return PressModel(args.seed, _PRESS_COMPRESS)


async def _show(args: argparse.Namespace, plan: Plan, console: Console) -> int:
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="limen-demo-")))
        if args.flash_file:
            flash = args.flash_file
        else:
            flash = folder / "flash.bin"
            plan.write_flash(flash)
        stage = await Stage.build(stack, plan, flash, args.broker, args.port)
        title = f"Limen demo: {plan.gateway}, {stage.broker.name} on port {stage.broker.port}"
        view = LiveView(
            console,
            title,
            stage.world.truth,
            lambda: stage.world.gateway,
            lambda: stage.world.scheduler.utc_us() // 1000,
        )
        with view:
            await _Show(stage, view).play(args.seconds)
    summary = stage.world.summary(stage.ended_us - _UNDER_WAY_US)
    console.print(summary)
    return 0 if summary.is_good else 1


@dataclass
class Stage:
    """A plan in real time: its world, a real broker with a tap before it, the subscriber's link."""

    world: World
    broker: brokers.Broker
    tap: Tap
    feeder: MqttFeeder
    ended_us: int = 0

    @classmethod
    async def build(
        cls, stack: contextlib.AsyncExitStack, plan: Plan, flash: Path, kind: str, port: int = 0
    ) -> "Stage":
        """Start everything but the board, with a broker of that kind; the stack ends it."""
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="limen-broker-")))
        broker = brokers.start(kind, port or free_port(), folder)
        stack.callback(broker.stop)
        world = World(RealScheduler(), plan, flash, Listeners())
        stack.callback(world.close)
        authority = plan.authority
        tap = Tap(free_port(), broker.port, authority and authority.broker_context())
        await tap.start()
        stack.push_async_callback(tap.stop)
        options = plan.config["mqtt"]
        world.lan.name(options["host"], options["port"], tap.port)
        world.ledger = tap.ledger
        feeder = MqttFeeder(world.subscriber.feed, _HOST, broker.port)
        await feeder.open()
        stack.callback(feeder.close)
        return cls(world, broker, tap, feeder)


class _Show:
    """The story that is told, and what interrupts it."""

    def __init__(self, stage: Stage, view: LiveView):
        self._stage = stage
        self._world = stage.world
        self._view = view
        self._failure: ToolError | None = None
        self._end_us = 0
        listeners = stage.world.listeners
        listeners.on_arrival = self._on_arrival
        listeners.on_console = lambda line: view.tell(f"board: {line}", "yellow")
        listeners.on_exit = self._on_exit
        listeners.on_fault = self._on_fault

    async def play(self, seconds: int) -> None:
        """Run for so many seconds, then until everything has arrived."""
        cut_s = min(_LONGEST_CUT_S, seconds // 6)
        before_s = int(seconds * _CUT_SHARE)
        orders = asyncio.create_task(self._do(self._world.plan.shop.deeds))
        self._end_us = self._now_us() + seconds * 1_000_000
        self._world.board.start()
        await self._pass(before_s, self._normal)
        await self._cut(cut_s)
        await self._pass((self._end_us - self._now_us()) / 1_000_000, self._normal)
        await self._settle(self._end_us + _SETTLE_US, lambda: "Waiting for what is under way")
        self._stage.ended_us = self._world.scheduler.now_us
        orders.cancel()
        self._world.board.power_cut()

    async def _do(self, deeds: list[Deed]) -> None:
        """Send each command for a work order at its time."""
        address = Address(_HOST, self._stage.broker.port)
        for deed in deeds:
            await asyncio.sleep(max(0, deed.time_us - self._now_us()) / 1_000_000)
            facts = {"machine": deed.machine, "do": deed.do, "order": deed.order}
            gateway = self._world.plan.gateway
            try:
                answer = await asyncio.to_thread(send, address, gateway, "order", facts)
            except NoAnswer as reason:
                self._view.tell(f"order {deed.order}: {reason}", "bold red")
                continue
            if answer.error is not None:
                self._view.tell(f"order {deed.order}: {answer.error}", "bold red")

    async def _pass(self, seconds: float, phase) -> None:
        """Let time pass; `phase()` says what is going on."""
        end_us = self._now_us() + int(seconds * 1_000_000)
        while self._now_us() < end_us:
            self._require_all_running()
            self._view.phase(phase())
            self._view.refresh()
            await asyncio.sleep(_REFRESH_S)

    def _normal(self) -> str:
        signals = self._world.plan.signals
        if isinstance(signals, PressModel):
            return f"The press: {signals.phase(self._now_us())}"
        if isinstance(signals, PerDevice):
            return "The world goes on"
        return f"The recording: row {signals.step_at(self._now_us()) + 1}"

    async def _cut(self, cut_s: int) -> None:
        began_us = self._now_us()
        samples = self._world.truth.samples
        await self._stage.tap.cut()
        self._view.tell("the broker's network is cut", "bold yellow")
        await self._pass(
            cut_s,
            lambda: (
                f"Network cut for {(self._now_us() - began_us) // 1_000_000} s: "
                f"{self._world.truth.samples - samples} samples read meanwhile"
            ),
        )
        await self._stage.tap.restore()
        self._view.tell("the broker's network is back", "bold yellow")
        await self._drain()

    async def _drain(self) -> None:
        """Wait until the gateway has brought what it kept."""
        began_us = self._now_us()
        before = self._world.gateway.records
        await self._settle(
            self._end_us,
            lambda: f"The backlog drains: {self._world.gateway.records - before} records so far",
        )
        took_s = (self._now_us() - began_us) / 1_000_000
        count = self._world.gateway.records - before
        self._view.tell(f"the backlog of {count} records has arrived after {took_s:.1f} s", "green")

    async def _settle(self, end_us: int, phase) -> None:
        """Wait until everything has arrived, seen twice, as a gateway first says who it is."""
        times = 0
        while times < 2 and self._now_us() < end_us:
            await self._pass(_REFRESH_S, phase)
            times = times + 1 if self._world.is_settled() else 0

    def _now_us(self) -> int:
        return self._world.scheduler.now_us

    def _require_all_running(self) -> None:
        if self._failure:
            raise self._failure
        if not self._stage.broker.is_running():
            raise ToolError(f"The broker {self._stage.broker.name} has ended by itself.")

    def _on_arrival(self, arrival: Arrival) -> None:
        match arrival.record.body:
            case Alarm(name, raised, value, limit):
                word, style = ("raised", "bold red") if raised else ("cleared", "green")
                told = f"alarm {arrival.device} {name} {word} at {value} (limit {limit})"
                self._view.tell(told, style)
            case AlarmState(name, state, value):
                style = "green" if state == "normal" else "bold red"
                self._view.tell(f"alarm {arrival.device} {name} is {state} at {value}", style)
            case Shed() | OrderChange() | Period() | Finding() as body:
                self._view.tell(f"{arrival.device}: {sentence(body)}", "bold green")

    def _on_fault(self, fault: PlannedFault, begins: bool) -> None:
        told = fault.text() if begins else f"{fault.device} is well again"
        self._view.tell(told, "bold yellow")

    def _on_exit(self, text: str) -> None:
        lines = text.strip().splitlines()
        said = f"; its last line: {lines[-1]}" if lines else " without a word"
        self._failure = ToolError(f"The board's program has ended{said}.")


def _console() -> Console:
    """At most 100 columns, and as many where there is no terminal to ask."""
    console = Console()
    return Console(width=min(console.width, _COLUMNS) if console.is_terminal else _COLUMNS)


def free_port() -> int:
    """A TCP port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return probe.getsockname()[1]
