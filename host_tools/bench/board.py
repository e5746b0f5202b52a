"""Runs a bench program on an emulated board in real time, in the place of the gateway's main.py.

The program is linked with the firmware as main.py is, so what is measured is what is flashed. It
reads its order from /bench.json and prints one line of JSON. Linking leaves out what binds a global
that nobody uses, so what a program does it does in functions.
"""

import asyncio
import contextlib
import functools
import json
import shutil
import tempfile
from pathlib import Path

from host_tools.emulation.board import Board
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.scheduler import RealScheduler
from host_tools.errors import ToolError
from host_tools.gateway_image import configuration_files
from host_tools.image import build_image, firmware_files
from host_tools.partitions import Layout
from host_tools.paths import FIRMWARE, PROJECT
from host_tools.site import load_site, sealed

HOST = "127.0.0.1"

_PROGRAMS = PROJECT / "host_tools/bench/programs"
_SITE = PROJECT / "examples/press/site.toml"
_GATEWAY = "press-07"
_HEAP_BYTES = 110 * 1024
_PATIENCE_S = 120


def configuration(port: int, outbox_bytes: int | None = None) -> dict:
    """The press gateway for a broker on this machine: without Wi-Fi, time server, diagnostics."""
    compact = load_site(_SITE).compile(_GATEWAY)
    del compact["hash"]
    compact |= {"wifi": False, "ntp": [], "diag_s": 86400}
    compact["mqtt"] |= {"host": HOST, "port": port}
    if outbox_bytes:
        compact["outbox_bytes"] = outbox_bytes
    return sealed(compact)


def in_dialects(config: dict, *names: str) -> dict:
    """The same gateway in other dialects than the plain one."""
    mqtt = config["mqtt"] | {"dialects": list(names)}
    if "sparkplug" in names:
        mqtt["sparkplug"] = {"group": config["site"], "node": config["gateway"], "host": None}
    return sealed({key: config[key] for key in config if key != "hash"} | {"mqtt": mqtt})


async def play(
    program: str,
    order: dict,
    config: dict,
    keys: dict[str, bytes] | None = None,
    layout: Layout | None = None,
) -> dict:
    """Run a program of that name with its order, and `keys` for TLS; return what it says.

    Its heap is the chip's, and room for an outbox larger than the site's. A flash with a layout has
    a journal. Raises ToolError when it ends or takes too long.
    """
    files = program_files(program) | configuration_files(config) | (keys or {})
    files["/bench.json"] = json.dumps(order).encode()
    with tempfile.TemporaryDirectory(prefix="limen-bench-") as folder:
        flash = Path(folder) / "flash.bin"
        file_system = [layout.vfs_bytes] if layout else []
        FlashFile.create(flash, build_image(files, *file_system), layout)
        return await _run(program, flash, _HEAP_BYTES + config["outbox_bytes"])


@functools.cache
def program_files(program: str) -> dict[str, bytes]:
    """The firmware with the program as its main.py."""
    with tempfile.TemporaryDirectory(prefix="limen-bench-") as name:
        folder = Path(name)
        (folder / "limen").symlink_to(FIRMWARE / "limen")
        for script in ("boot.py", "light.py", "last_words.py"):
            shutil.copy(FIRMWARE / script, folder)
        shutil.copy(_PROGRAMS / f"{program}.py", folder / "main.py")
        return firmware_files(folder)


async def _run(program: str, flash: Path, heap: int) -> dict:
    lines: list[str] = []
    said = asyncio.get_running_loop().create_future()

    def on_console(line: str) -> None:
        lines.append(line)
        with contextlib.suppress(ValueError):
            settle(json.loads(line))

    def settle(result: dict | None) -> None:
        if not said.done():
            said.set_result(result)

    board = Board(
        RealScheduler(), flash, heap=heap, on_console=on_console, on_exit=lambda text: settle(None)
    )
    board.start()
    try:
        result = await asyncio.wait_for(said, _PATIENCE_S)
    except TimeoutError:
        result = None
    finally:
        board.stop()
    if result is None:
        raise ToolError("\n".join([f"The bench program {program} has not ended well:", *lines]))
    return result
