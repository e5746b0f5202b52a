"""How much of the time a Modbus line is used, beside micropython-modbus on the same line.

The emulated board runs in virtual time, every byte takes its time on the line, and the event loop
wakes on the grid of the chip's tick as it does there. The device answers as soon as the standard
allows. Line use is the time that the standard requires for the frames and the silences after them,
divided by the time taken; it is read from the line, not from the firmware. Who cuts silences
short gets more than 100 %.

Source of the silences: MODBUS over Serial Line V1.02, 2.5.1.1.
"""

import json
import tempfile
from pathlib import Path

from host_tools.bench.board import program_files
from host_tools.bench.section import Extent, Row
from host_tools.bytecode import compile_module
from host_tools.device_packages import SOURCES
from host_tools.emulation.board import Board
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.line import Framing, Line
from host_tools.emulation.meter import request_length, silence_us, with_crc
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.errors import ToolError
from host_tools.image import build_image
from host_tools.paths import PROJECT

BAUDS = (9600, 19200, 115200)
REGISTERS = 80
"""As many as an Eastron meter gives at a time."""

_LEAST = 97
_DRIVER_ENABLE = 17
_WARM_UP_REQUESTS = 50
_PATIENCE_US = 600_000_000
_MOST_STALL_MS = 3


class PromptDevice:
    """Answers each request for registers after the shortest silence; knows when each began."""

    def __init__(self, scheduler: VirtualScheduler, line: Line, framing: Framing):
        self.began_us: list[int] = []
        self._scheduler = scheduler
        self._framing = framing
        self._port = line.port(framing, self._receive)
        self._frame = bytearray()

    def _receive(self, data: bytes) -> None:
        if not self._frame:
            began_us = self._scheduler.now_us - self._framing.duration_us(len(data))
            self.began_us.append(began_us)
        self._frame += data
        if len(self._frame) == request_length(self._frame):
            count = self._frame[5]
            reply = with_crc(bytes(self._frame[:2]) + bytes([2 * count]) + bytes(2 * count))
            self._frame.clear()
            self._port.send(reply, silence_us(self._framing))


def line_use(baud: int, registers: int = REGISTERS, requests: int = 200, peer: bool = False):
    """The part of the time for which the standard needs the line: 1 is the most it allows."""
    framing = Framing(baud)
    began_us, _ = _play(baud, registers, _WARM_UP_REQUESTS + requests, peer)
    needed_us = framing.duration_us(8 + 5 + 2 * registers) + 2 * silence_us(framing)
    return needed_us * (requests - 1) / (began_us[-1] - began_us[-requests])


def longest_stall_us(baud: int, registers: int = REGISTERS, peer: bool = False) -> int:
    """For how long at most no other task gets its turn."""
    return _play(baud, registers, _WARM_UP_REQUESTS, peer, looks=True)[1]["longest_us"]


def _play(baud, registers, requests, peer, looks=False) -> tuple[list[int], dict]:
    """When each request began on the line, and what the program says at its end."""
    order = {"registers": registers, "requests": requests, "looks": looks, "bus": _bus(baud)}
    files = _peer_files() if peer else program_files("line_use")
    return _run(files | {"/bench.json": json.dumps(order).encode()}, Framing(baud))


def _bus(baud: int) -> dict:
    pins = {"uart": 1, "tx": 22, "rx": 21, "de": _DRIVER_ENABLE, "high": []}
    framing = {"baud": baud, "bits": 8, "parity": None, "stop": 1}
    return {"id": "line", "kind": "modbus-rtu", "timeout_ms": 300} | pins | framing


def _peer_files() -> dict[str, bytes]:
    sources = sorted((SOURCES / "umodbus").glob("*.py"))
    names = {source: f"/lib/umodbus/{source.stem}.mpy" for source in sources}
    files = {name: compile_module(path.read_bytes(), path.name) for path, name in names.items()}
    program = PROJECT / "host_tools/bench/programs/umodbus_line.py"
    return files | {"/main.py": program.read_bytes()}


def _run(files: dict[str, bytes], framing: Framing) -> tuple[list[int], dict]:
    scheduler = VirtualScheduler()
    line = Line(scheduler, grain_us=1)
    device = PromptDevice(scheduler, line, framing)
    said: list[str] = []
    with tempfile.TemporaryDirectory(prefix="limen-bench-") as folder:
        flash = Path(folder) / "flash.bin"
        FlashFile.create(flash, build_image(files))
        wires = {_DRIVER_ENABLE: 1}
        board = Board(
            scheduler, flash, {1: line}, on_console=said.append, driver_enable=wires, ticks=True
        )
        board.start()
        try:
            while not said and scheduler.now_us < _PATIENCE_US:
                scheduler.run_until(scheduler.now_us + 1_000_000)
        finally:
            board.stop()
    result = json.loads(said[0]) if said and said[0].startswith("{") else {}
    if "longest_us" not in result:
        raise ToolError("\n".join(["The bench program on the line has not ended well:", *said]))
    return device.began_us, result


def measure(extent: Extent) -> list[Row]:
    """Line use in percent at each baud, and for how long others wait, beside the peer's."""
    rows = []
    for baud in BAUDS:
        ours, theirs = (100 * line_use(baud, peer=peer) for peer in (False, True))
        rows.append(Row(f"line use at {baud} baud", ours, "%", least=_LEAST))
        rows.append(Row("  of micropython-modbus", theirs, "%"))
        ours, theirs = (longest_stall_us(baud, peer=peer) / 1000 for peer in (False, True))
        rows.append(Row("  longest wait of other tasks", ours, "ms", most=_MOST_STALL_MS))
        rows.append(Row("  on micropython-modbus", theirs, "ms"))
    return rows
