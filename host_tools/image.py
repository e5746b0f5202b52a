"""Builds what is on a gateway's flash: the firmware's files in a LittleFS image.

The same input gives the same bytes, and the same image is flashed to chips and booted by the
emulated board. Its geometry is the one MicroPython mounts on the ESP32; its disk version is 2.0,
since MicroPython before 1.21 refuses littlefs-python's default of 2.1.
"""

import functools
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from littlefs import LittleFS, LittleFSError

from host_tools.bytecode import compile_module
from host_tools.errors import Kind, ToolError
from host_tools.kept_work import kept, linker_text
from host_tools.linker.bundles import MAIN
from host_tools.linker.link import Linked, link
from host_tools.linker.needed import needed_modules
from host_tools.linker.stock_names import stock_names
from host_tools.partitions import FILE_SYSTEM, MB, TABLE_OFFSET, Layout, partition_of
from host_tools.paths import FIRMWARE

FLASH_BYTES = 0x400000
FILE_SYSTEM_OFFSET = 0x200000
FILE_SYSTEM_BYTES = FLASH_BYTES - FILE_SYSTEM_OFFSET
BLOCK_BYTES = 4096

_SOURCE = {"boot", "main", "swap"}
"""Scripts that stay as they are: the first two by MicroPython's rule, `swap` as it is to be found
under one name whatever the version is."""
_GEOMETRY = {
    "block_size": BLOCK_BYTES,
    "read_size": 32,
    "prog_size": 32,
    "cache_size": 128,
    "lookahead_size": 32,
    "block_cycles": 100,
    "disk_version": 0x00020000,
}


def firmware_files(
    firmware: Path = FIRMWARE, gateways: Iterable[dict] | None = None
) -> dict[str, bytes]:
    """Return the firmware as it lies on the gateway, {path: content}; with the compact
    configurations of a site's gateways only what these need.

    All is linked; the package is compiled, to /lib, and so are the scripts beside it but
    `boot.py`, `main.py` and `swap.py`. Texts that are not worth their heap come as files.
    """
    linked = linked_firmware(firmware)
    modules = linked.modules
    if gateways is not None:
        modules = linked.only(needed_modules(modules, gateways))
    scripts = {path.stem for path in firmware.glob("*.py")}
    texts = {
        f"/{path.name}": path.read_bytes()
        for pattern in ("*.txt", "*.html")
        for path in firmware.glob(pattern)
    }
    return texts | {
        _place(name, name in scripts): text.encode()
        if name in _SOURCE
        else compile_module(text.encode(), name)
        for name, text in modules.items()
    }


def linked_firmware(firmware: Path = FIRMWARE) -> Linked:
    """Return the firmware's modules as they are compiled for the gateway."""
    scripts = {path.name: path.read_text() for path in sorted(firmware.glob("*.py"))}
    return _linked(tuple(_sources(firmware).items()), tuple(scripts.items()))


@functools.lru_cache(maxsize=4)
def _linked(sources: tuple, scripts: tuple) -> Linked:
    """Linking takes seconds, and the same firmware is asked for again and again."""
    all_that_decides = (sources, scripts, linker_text(), sorted(stock_names()))
    return kept("linked", all_that_decides, lambda: link(dict(sources), dict(scripts)))


def library_files(firmware: Path = FIRMWARE) -> dict[str, bytes]:
    """Return the package compiled as it is written, {"limen/core/modbus.mpy": bytecode}."""
    return {
        name.removesuffix(".py") + ".mpy": compile_module(source.encode(), name)
        for name, source in _sources(firmware).items()
    }


def _sources(firmware: Path) -> dict[str, str]:
    paths = sorted((firmware / "limen").rglob("*.py"))
    return {path.relative_to(firmware).as_posix(): path.read_text() for path in paths}


def _place(module: str, is_script: bool) -> str:
    if is_script:
        return f"/{module}.{'py' if module in _SOURCE else 'mpy'}"
    return f"/lib/{module.replace('.', '/')}{'/__init__' if module == MAIN else ''}.mpy"


def write_files(files: dict[str, bytes], folder: Path) -> None:
    """Write {path: content} below a folder of the host."""
    for name, content in files.items():
        path = folder / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def build_image(files: dict[str, bytes], size: int = FILE_SYSTEM_BYTES) -> bytes:
    """Return a LittleFS image of `size` bytes that holds the files, {"/lib/x.mpy": content}.

    Raises ToolError where they do not fit.
    """
    file_system = LittleFS(block_count=size // BLOCK_BYTES, **_GEOMETRY)
    try:
        for path in sorted(files):
            _write(file_system, path, files[path])
    except LittleFSError as error:
        total = sum(map(len, files.values()))
        raise ToolError(
            f"The files do not fit into the gateway's file system: {path} failed ({error}); "
            f"they have {total} bytes together, the file system {size}.",
            Kind.INPUT,
        ) from error
    return bytes(file_system.context.buffer)


def _write(file_system: LittleFS, path: str, content: bytes) -> None:
    file_system.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
    with file_system.open(path, "wb") as file:
        file.write(content)


def flash_file(image: bytes, layout: Layout | None = None) -> bytes:
    """Return the content of a new flash chip, all ones, with the image where it is mounted.

    With a layout the flash has its partition table, without one it is a stock chip's.
    """
    flash = bytearray(b"\xff" * (layout.flash_mb * MB if layout else FLASH_BYTES))
    start = FILE_SYSTEM_OFFSET
    if layout:
        start = layout.vfs
        flash[TABLE_OFFSET : TABLE_OFFSET + len(layout.table())] = layout.table()
    flash[start : start + len(image)] = image
    return bytes(flash)


def read_file(flash: bytes, path: str) -> bytes:
    """A file of the file system in a flash chip's content; LittleFSError if it is not there."""
    start, size = partition_of(flash, FILE_SYSTEM) or (FILE_SYSTEM_OFFSET, FILE_SYSTEM_BYTES)
    file_system = mounted(flash[start : start + size])  # an open file does not keep it
    with file_system.open(path, "rb") as file:
        return file.read()


def mounted(image: bytes) -> LittleFS:
    """The file system that an image holds; LittleFSError where it holds none."""
    file_system = LittleFS(
        block_size=BLOCK_BYTES, block_count=len(image) // BLOCK_BYTES, mount=False
    )
    file_system.context.buffer = bytearray(image)
    file_system.mount()
    return file_system
