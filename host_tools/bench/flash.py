"""What somebody with a board at a cable waits for: flashing, an update, the start.

Time at the cable is reckoned, so that no load of this machine counts: what its bytes take at their
baud rate, one after the other, and beside that what the tool computes and sleeps, and, where the
board itself has work, what that computes. The start is measured in virtual time, the board's own.
"""

import asyncio
import contextlib
import io
import resource
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from host_tools import interpreter
from host_tools.bench.section import Extent, Row
from host_tools.board import load_board
from host_tools.chip_writer import write_gateway
from host_tools.emulation.board import Board
from host_tools.emulation.chips import ESP32
from host_tools.emulation.nor_flash import NorFlash
from host_tools.emulation.press import PressModel
from host_tools.emulation.rom_loader import RomLoader
from host_tools.emulation.scheduler import RealScheduler, VirtualScheduler
from host_tools.emulation.serial_carriers import PtyCarrier
from host_tools.emulation.serial_chip import SerialChip
from host_tools.emulation.stand_in_image import BANNER, stand_in_image
from host_tools.flash import BAUD
from host_tools.gateway_image import gateway_files
from host_tools.image import build_image
from host_tools.micropython_image import MicroPythonImage
from host_tools.model_broker import add_model_broker
from host_tools.plan import plan_of_site
from host_tools.plan_arguments import EXAMPLES
from host_tools.prompt import Prompt
from host_tools.site import load_site
from host_tools.subscriber import ALL_TOPICS
from host_tools.update import Cable, update
from host_tools.world import Listeners, World

_SITE = EXAMPLES["sdm630"] / "site.toml"
_GATEWAY = "press-07"
_BOARD = "espressif-esp32-devkitc"
_BITS_OF_A_BYTE = 10
_LOOK_S = 0.05
_MOST_RATIO = 1.15
_MOST_UPDATE_S = 5
_MOST_START_S = 3


def measure(extent: Extent) -> list[Row]:
    return [*_cable_rows(), *start_rows(extent.virtual_s)]


def _cable_rows() -> list[Row]:
    files = gateway_files(load_site(_SITE), _GATEWAY)
    with tempfile.TemporaryDirectory(prefix="limen-bench-") as folder:
        with _plugged_in(Path(folder) / "flash.bin") as (port, wire, board), _quiet():
            with _own_time() as own:
                _flash(port, files)
            # The bytes at the loader's first baud rate are few, and are not asked about.
            flashing_s = wire.bytes_s[BAUD] + own.seconds
            _wait_for_boots(board, 1)  # without reset lines, it is the port's end that lets it go
            largest = max(files, key=lambda path: len(files[path]))
            changed = files | {largest: files[largest][:-1] + b"\0"}
            update_s = _update(port, changed, wire, board)
    return [
        Row(f"flashing at {BAUD} baud", flashing_s, "s"),
        Row(
            "the same ÷ what its bytes take", flashing_s / wire.bytes_s[BAUD], "×", most=_MOST_RATIO
        ),
        Row("update of the largest module by cable", update_s, "s", most=_MOST_UPDATE_S),
    ]


def _flash(port: str, files: dict[str, bytes]) -> None:
    board = load_board(_BOARD)
    image = MicroPythonImage(Path("stand-in.bin"), stand_in_image(ESP32, BANNER), board["chip"])
    write_gateway(port, lambda layout: build_image(files, layout.vfs_bytes), board, BAUD, image)


def _update(port: str, files: dict[str, bytes], wire: "_Wire", board: Board) -> float:
    """How long it takes, from the board at its work to the board that starts anew."""
    with Prompt(port):
        pass  # it has started
    _wait_for_boots(board, 2)
    begun_s, board_s = sum(wire.bytes_s.values()), _ended_boards_s()
    with _own_time() as own, Prompt(port) as prompt:
        update(files, Cable(prompt))
    _wait_for_boots(board, 3)
    on_wire_s = sum(wire.bytes_s.values()) - begun_s
    return on_wire_s + own.seconds + _ended_boards_s() - board_s


def _wait_for_boots(board: Board, count: int) -> None:
    while board.boots < count:
        time.sleep(_LOOK_S)


def _ended_boards_s() -> float:
    """What programs of boards that have ended have computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass
class _Own:
    seconds: float = 0


@contextlib.contextmanager
def _own_time() -> Iterator[_Own]:
    """What this thread computes and sleeps meanwhile; what it waits for is not its own."""
    own, thread, sleep = _Own(), threading.get_ident(), time.sleep

    def counted(seconds: float) -> None:
        if threading.get_ident() == thread:
            own.seconds += seconds
        sleep(seconds)

    began_s = time.thread_time()
    time.sleep = counted
    try:
        yield own
    finally:
        time.sleep = sleep
        own.seconds += time.thread_time() - began_s


def _quiet():
    return contextlib.redirect_stdout(io.StringIO())


class _Wire:
    """The cable of a chip; `bytes_s` has for each baud rate what its bytes take, both ways."""

    def __init__(self, chip: SerialChip):
        self._chip = chip
        self._baud = 0
        self.bytes_s: Counter[int] = Counter()
        self.on_output = lambda data: None
        self.let_go = chip.let_go
        chip.on_output = self._say

    def receive(self, data: bytes, baud: int) -> bytes:
        """What the tool sends; what is answered comes by `on_output`."""
        self._baud = baud
        self._count(data)
        self._say(self._chip.receive(data, baud))
        return b""

    def _say(self, data: bytes) -> None:
        self._count(data)
        self.on_output(data)

    def _count(self, data: bytes) -> None:
        if self._baud:
            self.bytes_s[self._baud] += len(data) * _BITS_OF_A_BYTE / self._baud


@contextlib.contextmanager
def _plugged_in(path: Path) -> Iterator[tuple[str, _Wire, Board]]:
    """A board with blank flash at a port, which is served in a thread of its own."""
    flash = NorFlash(path)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def open_port():
        board = Board(RealScheduler(), path)
        wire = _Wire(SerialChip(flash, RomLoader(flash), board, has_reset_lines=False))
        carrier = PtyCarrier(wire)
        await carrier.open()
        return board, wire, carrier

    async def close_port():
        board.stop()
        carrier.close()

    board, wire, carrier = asyncio.run_coroutine_threadsafe(open_port(), loop).result()
    try:
        yield carrier.url, wire, board
    finally:
        asyncio.run_coroutine_threadsafe(close_port(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        flash.close()


def start_rows(virtual_s: int) -> list[Row]:
    """From power to the birth, in the board's own time."""
    seen_us: dict[str, int] = {}
    heaps: list[int] = []
    plan = plan_of_site(_SITE, _GATEWAY, PressModel(1), 1)
    with tempfile.TemporaryDirectory(prefix="limen-bench-") as folder:
        flash = Path(folder) / "flash.bin"
        plan.write_flash(flash)
        listeners = Listeners(on_diag=lambda diag: heaps.append(diag.counters["heap"]["used"]))
        world = World(VirtualScheduler(), plan, flash, listeners)
        broker = add_model_broker(world)
        broker.subscribe(
            ALL_TOPICS,
            lambda topic, payload, retain: seen_us.setdefault(
                topic.rpartition("/")[2], world.scheduler.now_us
            ),
        )
        world.board.start()
        try:
            world.scheduler.run_until(virtual_s * 1_000_000)
        finally:
            world.close()
    emulation = world.board.emulation_heap_bytes
    rows = [
        Row("from power to the birth", seen_us["birth"] / 1e6, "s", most=_MOST_START_S),
        Row("from power to the first values", seen_us["data"] / 1e6, "s"),
    ]
    if interpreter.find().is_chip_like:
        rows += [
            Row("heap in use when it is online", heaps[0] - emulation, "bytes"),
            Row("heap in use later", heaps[-1] - emulation, "bytes"),
        ]
    return rows
