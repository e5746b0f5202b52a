"""An emulated board with a program of a few lines, for tests of the emulation itself."""

import asyncio

from host_tools.emulation.board import Board
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.scheduler import RealScheduler, VirtualScheduler
from host_tools.image import build_image

JOIN = """
import network, time
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("hall", "secret")
while not wlan.isconnected():
    time.sleep_ms(50)
"""
"""How a program begins that wants the network."""

_PATIENCE_S = 20


def flash_with(folder, program: str, boot: str = "", files: dict[str, bytes] | None = None):
    """Return the path of a new flash: the program is main.py, and `files` lie beside it."""
    path = folder / "flash.bin"
    programs = {"/boot.py": boot.encode(), "/main.py": program.encode()}
    FlashFile.create(path, build_image(programs | (files or {})))
    return path


class VirtualRun:
    """A board in virtual time; `lines` is what it printed, `exits` what `on_exit` was told."""

    def __init__(self, folder, program: str, scheduler=None, files=None, **options):
        self.scheduler = scheduler or VirtualScheduler()
        self.lines: list[str] = []
        self.exits: list[str] = []
        self.board = Board(
            self.scheduler,
            flash_with(folder, program, files=files),
            on_console=self.lines.append,
            on_exit=self.exits.append,
            **options,
        )

    def __enter__(self) -> "VirtualRun":
        self.board.start()
        return self

    def __exit__(self, *exception) -> None:
        self.board.stop()

    def run_for(self, seconds: int) -> list[str]:
        """Let so many virtual seconds pass; returns all lines printed so far."""
        self.scheduler.run_until(self.scheduler.now_us + seconds * 1_000_000)
        return self.lines


def run_real(folder, program: str, until: str, prepare=None, world=None) -> list[str]:
    """Run a program in real time until it prints the line `until`; returns the lines printed.

    `prepare(scheduler)` returns options of the board; `world(board)` is a coroutine beside it.
    """
    return asyncio.run(_run_real(folder, program, until, prepare, world))


async def _run_real(folder, program, until, prepare, world) -> list[str]:
    lines: list[str] = []
    done = asyncio.Event()

    def on_console(line: str) -> None:
        lines.append(line)
        if line == until:
            done.set()

    scheduler = RealScheduler()
    options = prepare(scheduler) if prepare else {}
    board = Board(scheduler, flash_with(folder, program), on_console=on_console, **options)
    board.start()
    beside = asyncio.ensure_future(world(board)) if world else None
    try:
        await asyncio.wait_for(done.wait(), _PATIENCE_S)
    except TimeoutError:
        raise AssertionError("\n".join(lines)) from None
    else:
        if beside:
            await beside
    finally:
        board.stop()
    return lines
