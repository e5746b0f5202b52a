"""Writes what makes a gateway of the chip at a serial port, with esptool, and verifies it: file
system, partition table, and MicroPython itself.

The chip is asked what it is before anything is written. Writing goes through the loader in the
chip's ROM, compressed, without esptool's own loader in RAM: the same path that the emulated chip
answers. What is there already is left. The partition table goes first and comes last: a board that
was cut off does not start at all, so nothing half-written ever looks fine, and the next run
finishes it. The journal and the chip's own settings (NVS) are left as they are.
"""

import contextlib
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from esptool.cmds import attach_flash, detect_chip, detect_flash_size, reset_chip, write_flash
from esptool.loader import DEFAULT_TIMEOUT
from esptool.logger import EsptoolLogger, TemplateLogger
from esptool.util import FatalError, flash_size_bytes, strip_chip_name

from host_tools.board import UNKNOWN, boards_like
from host_tools.errors import Kind, ToolError
from host_tools.image import FLASH_BYTES
from host_tools.micropython_image import (
    APPLICATION_OFFSET,
    HEADER_BYTES,
    MicroPythonImage,
    layout_mb,
)
from host_tools.partitions import MB, TABLE_OFFSET, Layout, layout_of
from host_tools.serial_port import LOST, open_port

_FIRST_BAUD = 115200
# esptool has four timings of the reset lines; each is tried once.
_CONNECT_ATTEMPTS = 4
# No entry begins so, and the chip's bootloader takes it for no table at all.
_NO_TABLE = b"\xff" * 32


def write_gateway(
    port: str,
    file_system: Callable[[Layout], bytes],
    board: dict,
    baud: int,
    micropython: MicroPythonImage | None,
) -> None:
    """Write to the chip at the port, which must be that of a board of these facts, verify, and
    reset the chip. Without an image the MicroPython that is on the chip stays.

    `file_system` gives the image for the layout that the chip's flash allows. Prints what it finds
    and does. Raises ToolError with a sentence for whoever holds the cable.
    """
    with _loader(port) as esp:
        flash_bytes = _require_board(esp, board, port)
        header = micropython.content if micropython else _header_on_chip(esp)
        layout = layout_of(layout_mb(header, flash_bytes))
        parts = micropython.parts(layout) if micropython else []
        _write(esp, [*parts, (layout.vfs, file_system(layout))], layout.table(), baud)
        reset_chip(esp)


class Found(NamedTuple):
    """A chip at a port: its family, such as "esp32", and its MAC address."""

    chip: str
    mac: str


def identify(port: str) -> Found:
    """The chip at a port; it starts anew afterwards."""
    with _loader(port) as esp:
        found = Found(strip_chip_name(esp.CHIP_NAME), _mac(esp))
        reset_chip(esp)
        return found


@contextlib.contextmanager
def _loader(port: str):
    """The loader of the chip at a port, as esptool speaks to it."""
    EsptoolLogger().set_logger(_Progress())
    # With the timeout that esptool wants for its commands, it need not set it at each of them:
    # over RFC 2217 every setting costs several round trips.
    line = open_port(port, baudrate=_FIRST_BAUD, timeout=DEFAULT_TIMEOUT)
    with line, _explained(port):
        yield _connect(line, port)


@contextlib.contextmanager
def _explained(port: str):
    """Turns what esptool and the port raise into a sentence."""
    try:
        yield
    except FatalError as error:
        first_line = str(error).splitlines()[0].rstrip(".")
        raise ToolError(
            f"The chip at {port} did not take what was written ({first_line}). Run it again; if it "
            f"fails again, try another cable or --baud {_FIRST_BAUD}.",
            Kind.BOARD,
        ) from error
    except LOST as error:
        raise ToolError(
            f"The connection to {port} was lost ({error}). Plug the board in and run it again: it "
            "does not start before that, and what is missing is then written.",
            Kind.PORT,
        ) from error


def _connect(line, port: str):
    try:
        return detect_chip(line, connect_attempts=_CONNECT_ATTEMPTS)
    except FatalError as error:
        raise ToolError(
            f"No answer from a chip at {port}. Check that the cable carries data and that this is "
            "the board's port; then hold BOOT, press RESET once, let go of BOOT, and try again.",
            Kind.BOARD,
        ) from error


def _mac(esp) -> str:
    return ":".join(f"{byte:02x}" for byte in esp.read_mac())


def _require_board(esp, board: dict, port: str) -> int:
    """Say what is there; return the size of its flash. ToolError if that board cannot be it."""
    description = esp.get_chip_description()
    print(f"Chip at {port}: {description}, MAC {_mac(esp)}.")
    chip = strip_chip_name(esp.CHIP_NAME)
    if chip != board["chip"]:
        size = 0
        with contextlib.suppress(FatalError):  # only to name the boards that it looks like
            size = _flash_bytes(esp)
        raise _mismatch(board, f"the chip {board['chip']}", f"an {esp.CHIP_NAME}", chip, size)
    size = _flash_bytes(esp)
    if size < FLASH_BYTES:
        raise ToolError(
            f"The chip's flash has {_megabytes(size)}; a gateway needs "
            f"{_megabytes(FLASH_BYTES)}. Nothing was written.",
            Kind.BOARD,
        )
    if board["flash_mb"] != UNKNOWN and size < board["flash_mb"] * MB:
        wanted, found = f"{board['flash_mb']}MB of flash", f"one with {_megabytes(size)}"
        raise _mismatch(board, wanted, found, chip, size)
    return size


def _flash_bytes(esp) -> int:
    """The size of its flash; 0 where that is unknown."""
    attach_flash(esp)
    size = detect_flash_size(esp)
    return flash_size_bytes(size) if size else 0


def _megabytes(size: int) -> str:
    return f"{size // MB}MB" if size else "an unknown size"


def _mismatch(board: dict, wanted: str, found: str, chip: str, size: int) -> ToolError:
    names = boards_like(chip, size // MB or None)
    looks = f"It looks like {' or '.join(names)}" if names else "No board here has that"
    return ToolError(
        f"The board of this gateway, {board['name']}, has {wanted}, but plugged in is {found}; "
        f"nothing was written. {looks}: plug in the right board, or correct the board in the site "
        "file.",
        Kind.BOARD,
    )


def _header_on_chip(esp) -> bytes:
    """How the bootloader on the chip begins; ToolError where no MicroPython follows it."""
    if esp.read_flash(APPLICATION_OFFSET, HEADER_BYTES)[0] != esp.ESP_IMAGE_MAGIC:
        raise ToolError(
            f"MicroPython is not on this chip (no application at {APPLICATION_OFFSET:#x}), so "
            "there is nothing to keep; nothing was written.",
            Kind.BOARD,
        )
    return esp.read_flash(esp.BOOTLOADER_FLASH_OFFSET, HEADER_BYTES)


def _write(esp, parts: list[tuple[int, bytes]], table: bytes, baud: int) -> None:
    if baud != _FIRST_BAUD:
        esp.change_baud(baud)
    began_s = time.monotonic()
    write_flash(esp, [(TABLE_OFFSET, _NO_TABLE)], compress=True)
    write_flash(esp, parts, compress=True, skip_flashed=True)
    write_flash(esp, [(TABLE_OFFSET, table)], compress=True)
    took_s = time.monotonic() - began_s
    told = ", ".join(
        f"{len(content)} bytes at {address:#x}"
        for address, content in [*parts, (TABLE_OFFSET, table)]
    )
    print(f"Wrote {told} in {took_s:.1f} s at {baud} baud; MD5 verified.")


class _Progress(TemplateLogger):
    """Keeps esptool quiet but for a line that counts, where somebody watches."""

    def print(self, *args, **kwargs):
        """Said in this module's own words."""

    note = warning = error = stage = set_verbosity = print

    def progress_bar(self, cur_iter, total_iters, prefix="", suffix="", bar_length=30):
        if sys.stderr.isatty():
            end = "\n" if cur_iter == total_iters else ""
            percent = 100 * cur_iter // total_iters
            print(f"\r{prefix}{percent} %", end=end, file=sys.stderr, flush=True)
