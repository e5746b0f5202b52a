"""Work that is done once: what comes out is kept in `build` under a hash of all that decides it.

Whoever asks names all of that, the text of what does the work included, so nothing is out of date.
"""

import hashlib
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from host_tools.paths import BUILD

Result = TypeVar("Result")

_LINKER = Path(__file__).parent / "linker"


def kept(kind: str, decides: object, work: Callable[[], Result]) -> Result:
    """What `work` returns, or returned before when the same decided it: `repr(decides)`."""
    key = hashlib.sha256(repr((sys.version, decides)).encode()).hexdigest()
    path = BUILD / kind / f"{key}.pickle"
    if path.exists():
        return pickle.loads(path.read_bytes())
    result = work()
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_bytes(pickle.dumps(result))
    beside.replace(path)
    return result


def linker_text() -> list[bytes]:
    """The linker's own text, which decides what comes out of it."""
    return [path.read_bytes() for path in sorted(_LINKER.glob("*.py"))]
