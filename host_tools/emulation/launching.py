"""Starts the interpreter that is to become a board; `device/launch.py` is what it does then.

The emulation has a share of the heap beside the firmware's, equal in every run. No argument depends
on where the project or the flash lies, as what they are called would take of the heap, too.
"""

import os
from pathlib import Path

from host_tools import interpreter
from host_tools.emulation.backplane import Process
from host_tools.emulation.device_modules import compile_device_modules
from host_tools.paths import TOOLS

_REAL_SHARE = 56 * 1024
_VIRTUAL_SHARE = 88 * 1024


def launch(flash: Path, heap: int, is_real: bool) -> Process:
    """Start one with so many bytes of heap for the firmware; in real time it has a terminal."""
    folder = compile_device_modules()
    found = interpreter.find()
    share = _REAL_SHARE if is_real else _VIRTUAL_SHARE
    command = [
        *found.command,
        *found.heap_option(heap + share + share * 3 // 128),  # what the collector notes
        *("-m", "launch", "{from_world}", "{to_world}", "real" if is_real else "virtual"),
        *("{flash}", os.path.relpath(TOOLS / "frozen", folder)),
        str(share * found.heap_factor),
    ]
    return Process(command, folder, flash, has_terminal=is_real)
