"""A gateway and what surrounds it, built from a plan on either clock.

`World` builds the lines, meters, time server, network, board and subscriber of a plan on a
scheduler, real or virtual. Only the broker differs: real time has a process behind a tap, virtual
time the broker model (`model_broker`), and both keep the same ledger of records.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from host_tools import interpreter
from host_tools.contract import Diag
from host_tools.emulation.board import Board
from host_tools.emulation.lan import Lan
from host_tools.emulation.scheduler import Scheduler
from host_tools.emulation.tap import Ledger
from host_tools.emulation.time_server import serve_time
from host_tools.fault_plan import PlannedFault
from host_tools.plan import Plan
from host_tools.rates import Attendance, Window, attend
from host_tools.shop_plan import Sight
from host_tools.subscriber import Arrival, Gateway, Subscriber
from host_tools.summary import Summary, settle
from host_tools.truth import Published, Truth, judge
from host_tools.wiring import Wiring, unasked_us

_UNSEEN = Gateway("the gateway")
_ENDED = "limen: the program has ended"


@dataclass
class Listeners:
    """Who is told what happens; all do nothing unless set."""

    on_arrival: Callable[[Arrival], None] = lambda arrival: None
    on_diag: Callable[[Diag], None] = lambda diag: None
    on_console: Callable[[str], None] = lambda line: None
    on_exit: Callable[[str], None] = lambda text: None
    on_fault: Callable[[PlannedFault, bool], None] = lambda fault, begins: None


class World:
    """A plan on a scheduler, its board booting from `flash`; the power is off until `start`.

    `time_error_us(now_us)` is by how much the time servers are wrong.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        plan: Plan,
        flash: Path,
        listeners: Listeners,
        ticks_ms: int = 0,
        heap: int | None = None,
    ):
        self.scheduler = scheduler
        self.plan = plan
        self.listeners = listeners
        self.ledger = Ledger()
        self.truth = Truth(plan.config, scheduler.start_utc_us, unasked_us(plan.config))
        self.published = Published()
        self.subscriber = Subscriber(self._on_arrival, lambda diag: listeners.on_diag(diag))
        self.time_error_us: Callable[[int], int] = lambda now_us: 0
        self.lan = Lan(scheduler)
        for host, port in plan.config["ntp"]:
            serve_time(self.lan, self._told_us, host, port)
        self.wiring = Wiring(scheduler, plan.config, plan.signals, self.truth, plan.trace)
        self.meters = self.wiring.meters
        for fault in plan.faults:
            scheduler.at(fault.begin_us, lambda fault=fault: self._begin_fault(fault))
            scheduler.at(fault.end_us, lambda fault=fault: self._end_fault(fault))
        self.board = Board(
            scheduler,
            flash,
            self.wiring.lines,
            self.lan,
            plan.seed,
            heap or plan.heap,
            on_console=self._on_console,
            on_exit=lambda text: listeners.on_exit(text),
            driver_enable=self.wiring.driver_enable,
            ticks_ms=ticks_ms,
        )
        if "ethernet" in plan.config:
            self.board.cable.plug(True)
        self.wiring.connect(self.board, self.lan)
        self.board.on_pin = lambda pin, level: plan.outputs.note(pin, level, scheduler.now_us)
        pins = plan.shop.pins(plan.config)
        Sight(scheduler, plan.signals, pins, self.board.peripherals.pulse)

    def _on_console(self, line: str) -> None:
        """A program that ends is started anew by the firmware; here that is an end all the same."""
        self.listeners.on_console(line)
        if line.startswith(_ENDED):
            self.listeners.on_exit(self.board.last_lines())

    @property
    def gateway(self) -> Gateway:
        """What the subscriber knows of the gateway."""
        return self.subscriber.gateways.get(self.plan.gateway, _UNSEEN)

    def is_acknowledged(self) -> bool:
        """Whether the board is there and the broker has acknowledged all that it sent."""
        return self.gateway.online and len(self.ledger.seen) == len(self.ledger.acknowledged)

    def is_settled(self) -> bool:
        """Whether all of that has arrived at the subscriber, too."""
        arrived = sum(len(boot) for boot in self.gateway.boots.values())
        return self.is_acknowledged() and arrived >= len(self.ledger.acknowledged)

    def summary(self, until_us: int) -> Summary:
        """Compare what arrived with what was served up to `until_us` of the world's time."""
        until_utc_us = self.scheduler.start_utc_us + until_us
        gateway, truth = self.gateway, self.truth
        untold = truth.untold()
        verdicts = [
            judge(device, channel, truth[place], self.published.of(place, gateway), until_utc_us)
            for device, channel in truth.places()
            for place in [(device, channel["name"])]
            if place not in untold
        ]
        return Summary(
            sum(verdict.read for verdict in verdicts),
            self.published.records,
            verdicts,
            self._attendances(until_utc_us),
            settle(gateway, set(self.ledger.seen), self.ledger.acknowledged),
            gateway,
            gateway.diag.counters["outbox"]["dropped"] if gateway.diag else 0,
            self.subscriber.errors,
            self._heap(),
            [f"{device} {name}" for device, name in untold],
            self.plan.heap,
        )

    def _attendances(self, until_utc_us: int) -> list[Attendance]:
        start_us = self.scheduler.start_utc_us
        windows = [
            Window(
                fault.device,
                start_us + fault.begin_us,
                start_us + fault.end_us,
                start_us + fault.end_us < until_utc_us,
            )
            for fault in self.plan.faults
            if start_us + fault.begin_us < until_utc_us
        ]
        return [
            attend(
                device["id"],
                device["model"],
                self.truth.polls[device["id"]],
                self.published.qualities(device, self.gateway),
                windows,
                until_utc_us,
            )
            for device in self.plan.config["device"]
            if self.truth.knows(device["id"])
        ]

    def _heap(self) -> tuple[int, int] | None:
        """The firmware's own peak, and at which uptime it was told; None if it means nothing."""
        diag = self.gateway.diag
        if not diag or not interpreter.find().is_chip_like:
            return None
        own = diag.counters["heap"]["peak"] - self.board.emulation_heap_bytes
        return own, diag.counters["uptime_s"]

    def close(self) -> None:
        """Switch everything off."""
        self.board.stop()
        self.wiring.close()
        self.lan.close()

    def _told_us(self) -> int:
        """UTC as the time servers tell it."""
        return self.scheduler.utc_us() + self.time_error_us(self.scheduler.now_us)

    def _on_arrival(self, arrival: Arrival) -> None:
        self.published.take(arrival)
        self.listeners.on_arrival(arrival)

    def _begin_fault(self, fault: PlannedFault) -> None:
        self.meters[fault.device].faults = dataclasses.replace(fault.faults())
        self.listeners.on_fault(fault, True)

    def _end_fault(self, fault: PlannedFault) -> None:
        self.meters[fault.device].faults.clear()
        self.listeners.on_fault(fault, False)
