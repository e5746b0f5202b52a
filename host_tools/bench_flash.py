"""What somebody with a board at a cable waits for: flashing, an update, the start.

The cable is paced: every byte takes its time at the baud rate that the tool has set, so that what
is beside the bytes shows. The start is measured in virtual time, which is the board's own.
"""

import asyncio
import contextlib
import io
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from host_tools import interpreter
from host_tools.bench import Extent, Row
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
from host_tools.emulation.stand_in_image import stand_in_image
from host_tools.flash import BAUD
from host_tools.gateway_image import gateway_files
from host_tools.image import build_image
from host_tools.micropython_image import MicroPythonImage
from host_tools.prompt import Prompt
from host_tools.site import load_site
from host_tools.update import Cable, update
from host_tools.world import ALL_TOPICS, EXAMPLES, Listeners, World, add_model_broker, plan_of_site

_SITE = EXAMPLES["sdm630"] / "site.toml"
_GATEWAY = "press-07"
_BOARD = "espressif-esp32-devkitc"
_BANNER = "MicroPython v1.25.0 on 2025-04-15; a stand-in"
_BITS_OF_A_BYTE = 10
_SPIN_S = 0.002
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
            _flash(port, files)
            while not board.is_running:  # without reset lines, it is the port's end that lets it go
                time.sleep(_LOOK_S)
            began_s, ended_s, bytes_s = wire.spans[BAUD]
            largest = max(files, key=lambda path: len(files[path]))
            update_s = _update(port, files | {largest: files[largest][:-1] + b"\0"})
    return [
        Row(f"flashing at {BAUD} baud", ended_s - began_s, "s"),
        Row("the same ÷ what its bytes take", (ended_s - began_s) / bytes_s, "×", most=_MOST_RATIO),
        Row("update of the largest module by cable", update_s, "s", most=_MOST_UPDATE_S),
    ]


def _flash(port: str, files: dict[str, bytes]) -> None:
    board = load_board(_BOARD)
    image = MicroPythonImage(Path("stand-in.bin"), stand_in_image(ESP32, _BANNER), board["chip"])
    write_gateway(port, lambda layout: build_image(files, layout.vfs_bytes), board, BAUD, image)


def _update(port: str, files: dict[str, bytes]) -> float:
    """How long it takes, from the board at its work to the board that starts anew."""
    with Prompt(port):
        pass  # it has started
    began_s = time.monotonic()
    with Prompt(port) as prompt:
        update(files, Cable(prompt))
    return time.monotonic() - began_s


def _quiet():
    return contextlib.redirect_stdout(io.StringIO())


class _Wire:
    """A chip behind a wire on which every byte takes its time.

    `spans` has for each baud rate when its first byte began and its last one ended, and what its
    bytes took.
    """

    def __init__(self, chip: SerialChip):
        self._chip = chip
        self._free_s = 0.0
        self._baud = 0
        self.spans: dict[int, list[float]] = {}
        self.on_output = lambda data: None
        self.let_go = chip.let_go
        chip.on_output = self._say

    def receive(self, data: bytes, baud: int) -> bytes:
        """What the tool sends; what is answered comes by `on_output`, in time."""
        self._baud = baud
        self._carry(data, lambda: self._say(self._chip.receive(data, baud)))
        return b""

    def _say(self, data: bytes) -> None:
        if data and self._baud:
            self._carry(data, lambda: self.on_output(data))

    def _carry(self, data: bytes, then: Callable[[], None]) -> None:
        now_s, takes_s = time.monotonic(), len(data) * _BITS_OF_A_BYTE / self._baud
        begin_s = max(now_s, self._free_s)
        self._free_s = begin_s + takes_s
        span = self.spans.setdefault(self._baud, [begin_s, 0.0, 0.0])
        span[1] = self._free_s
        span[2] += takes_s
        asyncio.get_running_loop().call_later(
            max(0, self._free_s - now_s - _SPIN_S), self._wait, self._free_s, then
        )

    def _wait(self, until_s: float, then: Callable[[], None]) -> None:
        """A timer is not exact enough for a byte."""
        while time.monotonic() < until_s:
            pass
        then()


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
