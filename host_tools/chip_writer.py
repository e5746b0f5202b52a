"""Writes what makes a gateway of the chip at a serial port, with esptool, and verifies it: file
system, partition table, and MicroPython itself where its image is given.

The chip is asked what it is before anything is written. Writing goes through the loader in the
chip's ROM, compressed, without esptool's own loader in RAM: the same path that the emulated chip
answers. A run that was cut off leaves a file system that is not whole; the next run writes it all.
The journal and the chip's own settings (NVS) are left as they are.
"""

import contextlib
import sys
import time
from collections.abc import Callable

import serial
from esptool.cmds import attach_flash, detect_chip, detect_flash_size, reset_chip, write_flash
from esptool.loader import DEFAULT_TIMEOUT
from esptool.logger import EsptoolLogger, TemplateLogger
from esptool.util import FatalError, flash_size_bytes, strip_chip_name

from host_tools.errors import ToolError
from host_tools.image import FLASH_BYTES
from host_tools.micropython_image import (
    APPLICATION_OFFSET,
    HEADER_BYTES,
    MicroPythonImage,
    layout_mb,
)
from host_tools.partitions import TABLE_OFFSET, Layout, layout_of
from host_tools.serial_port import open_port

_FIRST_BAUD = 115200
# esptool has four timings of the reset lines; each is tried once.
_CONNECT_ATTEMPTS = 4


def write_gateway(
    port: str,
    file_system: Callable[[Layout], bytes],
    chip: str,
    baud: int,
    micropython: MicroPythonImage | None = None,
) -> None:
    """Write to the chip ("esp32", "esp32s3"...) at the port, verify, and reset the chip.

    `file_system` gives the image for the layout that the chip's flash allows. Prints what it finds
    and does. Raises ToolError with a sentence for whoever holds the cable.
    """
    EsptoolLogger().set_logger(_Progress())
    # With the timeout that esptool wants for its commands, it need not set it at each of them:
    # over RFC 2217 every setting costs several round trips.
    line = open_port(port, baudrate=_FIRST_BAUD, timeout=DEFAULT_TIMEOUT)
    with line, _explained(port):
        esp = _connect(line, port)
        print(_describe(esp, port))
        _require_chip(esp, chip, port)
        attach_flash(esp)
        layout = _layout(esp, micropython)
        parts = [(layout.vfs, file_system(layout))]
        if micropython:
            _write(esp, parts + micropython.parts(esp, layout), baud)
        else:
            _write(esp, [*parts, (TABLE_OFFSET, layout.table())], baud)
            _report_micropython(esp)
        reset_chip(esp)


def identify(port: str) -> tuple[str, str]:
    """The chip at a port, such as "esp32", and its MAC address; it starts anew afterwards."""
    EsptoolLogger().set_logger(_Progress())
    line = open_port(port, baudrate=_FIRST_BAUD, timeout=DEFAULT_TIMEOUT)
    with line, _explained(port):
        esp = _connect(line, port)
        found = strip_chip_name(esp.CHIP_NAME), _mac(esp)
        reset_chip(esp)
        return found


@contextlib.contextmanager
def _explained(port: str):
    """Turns what esptool and the port raise into a sentence."""
    try:
        yield
    except FatalError as error:
        first_line = str(error).splitlines()[0].rstrip(".")
        raise ToolError(
            f"The chip at {port} did not take the file system ({first_line}). Run it again; if it "
            f"fails again, try another cable or --baud {_FIRST_BAUD}."
        ) from error
    except (serial.SerialException, OSError) as error:
        raise ToolError(
            f"The connection to {port} was lost ({error}). Plug the board in and run it again: the "
            "file system is then written anew."
        ) from error


def _connect(line, port: str):
    try:
        return detect_chip(line, connect_attempts=_CONNECT_ATTEMPTS)
    except FatalError as error:
        raise ToolError(
            f"No answer from a chip at {port}. Check that the cable carries data and that this is "
            "the board's port; then hold BOOT, press RESET once, let go of BOOT, and try again."
        ) from error


def _describe(esp, port: str) -> str:
    return f"Chip at {port}: {esp.get_chip_description()}, MAC {_mac(esp)}."


def _mac(esp) -> str:
    return ":".join(f"{byte:02x}" for byte in esp.read_mac())


def _require_chip(esp, chip: str, port: str) -> None:
    if strip_chip_name(esp.CHIP_NAME) != chip:
        raise ToolError(
            f"The board of this gateway has the chip {chip}, but at {port} is an {esp.CHIP_NAME}; "
            "nothing was written. Plug in the right board, or correct the board in the site file."
        )


def _layout(esp, micropython: MicroPythonImage | None) -> Layout:
    """How the chip's flash is to be divided: as its bootloader, or the new one, can have it."""
    size = _flash_bytes(esp)
    if micropython:
        micropython.check(esp)
        header = micropython.content
    else:
        header = esp.read_flash(esp.BOOTLOADER_FLASH_OFFSET, HEADER_BYTES)
    return layout_of(layout_mb(header, size))


def _write(esp, parts: list[tuple[int, bytes]], baud: int) -> None:
    if baud != _FIRST_BAUD:
        esp.change_baud(baud)
    began_s = time.monotonic()
    write_flash(esp, parts, compress=True)
    took_s = time.monotonic() - began_s
    told = ", ".join(f"{len(content)} bytes at {address:#x}" for address, content in parts)
    print(f"Wrote {told} in {took_s:.1f} s at {baud} baud; MD5 verified.")


def _flash_bytes(esp) -> int:
    size = detect_flash_size(esp)
    if size is None or flash_size_bytes(size) < FLASH_BYTES:
        raise ToolError(
            f"The chip's flash has {size or 'an unknown size'}; a gateway needs "
            f"{FLASH_BYTES >> 20}MB. Nothing was written."
        )
    return flash_size_bytes(size)


def _report_micropython(esp) -> None:
    if esp.read_flash(APPLICATION_OFFSET, HEADER_BYTES)[0] != esp.ESP_IMAGE_MAGIC:
        print(
            f"MicroPython is not on this chip yet (no application at {APPLICATION_OFFSET:#x}). "
            "Run it again with --image FILE, the board's image from micropython.org."
        )


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
