"""A gateway and what surrounds it, described once and built on either clock.

`Plan` says what there is: a gateway's configuration, the flash it boots from, and what its meters
measure. `World` builds the lines, meters, time server, network, board and subscriber of a plan on
a scheduler, real or virtual. Only the broker differs: real time has a process behind a tap,
virtual time the broker model, and both keep the same ledger of records.
"""

import argparse
import copy
import dataclasses
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from littlefs import LittleFS, LittleFSError

from host_tools import interpreter
from host_tools.board import load_board
from host_tools.bus_trace import Exchange
from host_tools.contract import Diag
from host_tools.emulation.board import HEAP_BYTES, PSRAM_HEAP_BYTES, Board
from host_tools.emulation.broker_model import BrokerModel
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.lan import Connection, Lan
from host_tools.emulation.model import Pace
from host_tools.emulation.outputs import Outputs
from host_tools.emulation.recording import Recording
from host_tools.emulation.scheduler import Scheduler
from host_tools.emulation.secure import Keys, RunAuthority, SecuredConnection, site_keys
from host_tools.emulation.signals import PHASES, Constant, Signals
from host_tools.emulation.tap import Ledger, Listener
from host_tools.errors import ToolError
from host_tools.example_world import ExampleWorld
from host_tools.fault_plan import PlannedFault
from host_tools.gateway_image import (
    BIRTH,
    CONFIGURATION,
    configuration_files,
    gateway_files,
    stored_configuration,
)
from host_tools.image import BLOCK_BYTES, FILE_SYSTEM_BYTES, FILE_SYSTEM_OFFSET, build_image
from host_tools.partitions import FILE_SYSTEM, layout_of, partition_of
from host_tools.paths import PROJECT
from host_tools.rates import Attendance, Window, attend
from host_tools.shop_plan import Shop, Sight
from host_tools.site import brokers_of, load_site, sealed
from host_tools.subscriber import ALL_TOPICS, Arrival, Gateway, Subscriber
from host_tools.summary import Summary, settle
from host_tools.truth import Published, Truth, judge
from host_tools.wiring import METERS, Wiring, require_one_line, unasked_us

EXAMPLES = {"sdm630": PROJECT / "examples/press", "sdm120": PROJECT / "examples/household"}
"""The example site for each emulated meter."""

_FLASH_MB = 4
_NTP_UNIX_S = 2_208_988_800
_UNSEEN = Gateway("the gateway")
_ENDED = "limen: the program has ended"


@dataclass
class Plan:
    """What is to be emulated; `files` is what lies on the board's flash when it is new, `site` the
    file that it was made from, `faults` what will happen to the meters, `authority` what vouches
    for brokers and gateway where they use TLS, `trace` what its Modbus line plays in place of
    meters, `outputs` what models of loads know of the outputs, `heap` what the board has for
    the firmware.
    """

    config: dict
    files: dict[str, bytes]
    signals: Signals
    seed: int = 0
    site: Path | None = None
    faults: list[PlannedFault] = field(default_factory=list)
    shop: Shop = field(default_factory=Shop)
    authority: Keys | None = None
    trace: list[Exchange] | None = None
    outputs: Outputs = field(default_factory=Outputs)
    heap: int = HEAP_BYTES

    @property
    def gateway(self) -> str:
        return f"{self.config['site']}/{self.config['gateway']}"

    def write_flash(self, path: Path) -> None:
        """Make the flash of a new board."""
        layout = layout_of(_FLASH_MB)
        FlashFile.create(path, build_image(self.files, layout.vfs_bytes), layout)

    def override(self, every_ms: int | None = None, diag_s: int | None = None) -> None:
        """Give all channels another period, and diagnostics one, than the site says."""
        config = copy.deepcopy({key: part for key, part in self.config.items() if key != "hash"})
        if every_ms:
            for device in config["device"]:
                for channel in device["channel"]:
                    channel["every_ms"] = every_ms
        if diag_s:
            config["diag_s"] = diag_s
        self.config = sealed(config)
        self.files = self.files | configuration_files(self.config)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what every emulation of a site is told."""
    add_shared_arguments(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--site", type=Path, metavar="FILE", help="site file, or its folder")
    what.add_argument("--meter", choices=EXAMPLES, help="the example site with this meter")


def add_shared_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is told beside the site itself."""
    add_recording_arguments(parser)
    parser.add_argument("--gateway", metavar="NAME", help="a gateway of the site")
    parser.add_argument("--seed", type=int, default=0, help="of all that is random")


def add_recording_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how a recording is to be read."""
    meaning = parser.add_mutually_exclusive_group()
    meaning.add_argument("--map", type=Path, metavar="FILE", help="what the columns mean (TOML)")
    meaning.add_argument(
        "--column", action="append", default=[], metavar="HEADING=NAME",
        help='what one is, such as "Leistung=power_active_total [kW]"; may come several times',
    )  # fmt: skip
    parser.add_argument(
        "--strict", action="store_true", help="stop where anything in the recording is odd"
    )
    parser.add_argument("--device", metavar="NAME", help="whose columns of a recording of several")


def load_recording(args: argparse.Namespace, say: Callable[[str], None]) -> Recording | None:
    """The recording that the arguments name; says what is odd in it, or stops with --strict."""
    if args.recording is None:
        return None
    recording = Recording(args.recording, args.map, args.device, _called(args.column))
    if args.strict:
        recording.require_no_problem()
    for sentence in recording.summary():
        say(sentence)
    return recording


def _called(texts: list[str]) -> dict[str, str]:
    """What headings mean that are told as "heading=name"."""
    called = {}
    for text in texts:
        heading, sign, name = text.rpartition("=")
        if not (sign and name.strip()):
            raise ToolError(f'--column {text!r}: write "heading=power_active_total [kW]".', 2)
        called[heading.strip()] = name.strip()
    return called


def make_plan(args: argparse.Namespace, recording: Recording | None, signals: Signals) -> Plan:
    """The plan that the arguments ask for, by default of the example that suits the recording."""
    plan = plan_of_site(site_file(args, recording), args.gateway, signals, args.seed)
    if recording and recording.devices and not _matches(plan, recording):
        here, there = recording.devices, [device["id"] for device in plan.config["device"]]
        raise ToolError(
            f"The recording has the devices {', '.join(here)}, the gateway has {', '.join(there)}: "
            "name them alike, or choose one of the recording with --device.",
            2,
        )
    return plan


def _matches(plan: Plan, recording: Recording) -> set[str]:
    return {device["id"] for device in plan.config["device"]} & set(recording.devices)


def unmatched(plan: Plan, recording: Recording) -> list[str]:
    """What of a recording of several devices does not fit the gateway, a sentence each."""
    if not recording.devices:
        return []
    both = _matches(plan, recording)
    extra = [name for name in recording.devices if name not in both]
    still = [one["id"] for one in plan.config["device"] if one["id"] not in both]
    told = [f"Not played, as the gateway has no such device: {', '.join(extra)}."] * bool(extra)
    return told + [f"Not in the recording, so it stands still: {', '.join(still)}."] * bool(still)


def plan_of_site(
    path: Path,
    gateway: str | None,
    signals: Signals,
    seed: int,
    trace: list[Exchange] | None = None,
) -> Plan:
    """The plan for a gateway of a site file, its only one where none is named."""
    site = load_site(path)
    names = site.gateways
    if gateway is None and len(names) > 1:
        raise ToolError(f"The site has several gateways: --gateway {' or '.join(names)}.", 2)
    name = gateway or (names[0] if names else "")
    config = site.compile(name)
    if trace is not None:
        require_one_line(config)
    authority = RunAuthority(config) if "tls" in config["mqtt"] else None
    files = gateway_files(site, name, authority.gateway_files() if authority else {})
    board = load_board(site.file.data["gateway"][name]["board"])
    heap = PSRAM_HEAP_BYTES if board["psram_mb"] else HEAP_BYTES
    return Plan(config, files, signals, seed, path, authority=authority, trace=trace, heap=heap)


def plan_of_world(world: ExampleWorld, args: argparse.Namespace, pace: Pace) -> Plan:
    """The plan for an example world, whose loads its outputs switch."""
    plan = plan_of_site(world.site, args.gateway, Constant(), args.seed)
    pins = {
        one["id"]: one["pin"] for one in plan.config["device"] if one.get("driver") == "digital_out"
    }
    plan.outputs = Outputs(pins)
    plan.signals = world.signals(args.seed, plan.outputs, pace)
    return plan


def plan_of_flash(flash: Path, signals: Signals, seed: int, site: Path | None = None) -> Plan:
    """The plan for a board that boots a flash file as it is: its configuration is in the file.

    Where that asks for TLS, the broker's key is found beside the site file.
    """
    try:
        files = [read_flash(flash.read_bytes(), name) for name in (CONFIGURATION, BIRTH)]
        config = stored_configuration(*files)
    except OSError as error:
        raise ToolError(f"The flash file cannot be read: {error}.", 2) from None
    except (LittleFSError, ValueError, LookupError) as error:
        raise ToolError(
            f"{flash} holds no gateway ({error}): write one into it with `limen flash`.", 2
        ) from None
    if "tls" not in config["mqtt"]:
        return Plan(config, {}, signals, seed)
    if site is None:
        raise ToolError("This gateway asks for TLS: name its site with --site, for the keys.", 2)
    return Plan(config, {}, signals, seed, authority=site_keys(_file_of(site), config))


def read_flash(content: bytes, path: str) -> bytes:
    """A file of the file system in a flash chip's content; LittleFSError if it is not there."""
    start, size = partition_of(content, FILE_SYSTEM) or (FILE_SYSTEM_OFFSET, FILE_SYSTEM_BYTES)
    image = content[start : start + size]
    file_system = LittleFS(
        block_size=BLOCK_BYTES, block_count=len(image) // BLOCK_BYTES, mount=False
    )
    file_system.context.buffer = bytearray(image)
    file_system.mount()
    with file_system.open(path, "rb") as file:
        return file.read()


def site_file(args: argparse.Namespace, recording: Recording | None) -> Path:
    """The site file that the arguments name, else that of the example that suits."""
    if args.site is None:
        has_one_phase = recording and not any(
            quantity.endswith(PHASES) for quantity in recording.quantities()
        )
        path = EXAMPLES[args.meter or ("sdm120" if has_one_phase else "sdm630")]
    else:
        path = args.site
    return _file_of(path)


def _file_of(site: Path) -> Path:
    return site / "site.toml" if site.is_dir() else site


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
            self.lan.answer(host, port, lambda request: time_reply(request, self._told_us()))
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
        verdicts = [
            judge(device, channel, truth[place], self.published.of(place, gateway), until_utc_us)
            for device, channel in truth.places()
            for place in [(device, channel["name"])]
            if truth.knows(device)
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
            [device for device in truth.polls if not truth.knows(device)],
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
                METERS.get(device["model"], device["model"]),
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


def time_reply(request: bytes, utc_us: int) -> bytes:
    """What an SNTP server of stratum 2 answers to a request (RFC 4330)."""
    seconds, us = divmod(utc_us, 1_000_000)
    now = struct.pack(">II", seconds + _NTP_UNIX_S & 0xFFFFFFFF, (us << 32) // 1_000_000)
    head = struct.pack(">BBbbII4s", 0x24, 2, 6, -20, 0, 0, b"GNSS")
    return head + now + request[40:48] + now + now


def add_model_broker(
    world: World, place: int = 0, through: Callable[[Connection], Connection] = lambda wire: wire
) -> BrokerModel:
    """Virtual time: a broker model on the LAN, seen by the world's subscriber and ledger.

    It is the site's broker at that place. Where the plan has an authority, it is behind TLS. Each
    connection is taken `through` something that may listen to it.
    """
    broker = BrokerModel(world.scheduler)
    broker.subscribe(ALL_TOPICS, world.subscriber.feed)
    host, port = brokers_of(world.plan.config)[place]
    context = world.plan.authority and world.plan.authority.broker_context()

    def accept(connection) -> None:
        connection = through(connection)
        if context:
            connection = SecuredConnection(connection, context)
        broker.accept(_Tapped(connection, world.ledger))

    world.lan.listen(host, port, accept)
    return broker


class _Tapped:
    """A connection of the virtual LAN whose two directions a ledger listens to."""

    def __init__(self, connection: Connection, ledger: Ledger):
        self._connection = connection
        self._listener = Listener(ledger)
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_close: Callable[[], None] = lambda: None
        connection.on_data = self._receive
        connection.on_close = lambda: self.on_close()
        self.close = connection.close

    def send(self, data: bytes) -> None:
        self._listener.to_board(data)
        self._connection.send(data)

    def _receive(self, data: bytes) -> None:
        self._listener.from_board(data)
        self.on_data(data)
