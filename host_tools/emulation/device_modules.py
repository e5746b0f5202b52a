"""The emulated modules as bytecode, shortened, in a folder that is made when they change."""

import functools
import hashlib
import os
import shutil
from pathlib import Path

from host_tools.bytecode import compile_module
from host_tools.image import write_files
from host_tools.kept_work import kept, linker_text
from host_tools.linker.shorten import shorten
from host_tools.linker.stock_names import stock_names
from host_tools.paths import BUILD

_DEVICE_SOURCES = Path(__file__).parent / "device"


@functools.cache
def compile_device_modules() -> Path:
    """Return the folder with the compiled modules that replace the stock ones on the board."""
    sources = {path.name: path.read_text() for path in sorted(_DEVICE_SOURCES.glob("*.py"))}
    all_that_decides = (sources, linker_text(), sorted(stock_names()))
    shortened = kept("shortened", all_that_decides, lambda: shorten(sources, parameters=False))
    files = {
        name.replace(".py", ".mpy"): compile_module(text.encode(), name)
        for name, text in shortened.items()
    }
    contents = hashlib.sha256(repr(files).encode()).hexdigest()[:16]
    folder = BUILD / "device" / contents
    if not folder.exists():
        beside = folder.with_suffix(f".{os.getpid()}")
        write_files(files, beside)
        try:
            beside.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(beside)
    return folder
