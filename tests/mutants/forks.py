"""Runs modules as `python -m` does, in forks of this process, which has loaded what tests need.

It stands in a copy of the project. A line on standard input is a JSON list: how many seconds of
the processor may be taken, the module and its arguments. The answer is the exit status. What the
copy holds is read anew by each fork. Nothing that a fork has started outlives it.
"""

import contextlib
import json
import os
import resource
import runpy
import signal
import sys
import time
from pathlib import Path

import pytest
from hypothesis import Phase, settings

_WALL_S = 400
_MEMORY_BYTES = 3 << 30
_LOOK_S = 0.02


def main() -> None:
    """Load what the tests named on the command line need, then serve."""
    settings.register_profile(
        "mutants",
        database=None,
        derandomize=True,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
    )
    settings.load_profile("mutants")
    with contextlib.redirect_stdout(sys.stderr):
        status = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", *sys.argv[1:]])
    if status:
        sys.exit(status)
    _forget(Path.cwd())
    sys.dont_write_bytecode = True
    for line in sys.stdin:
        cpu_s, *words = json.loads(line)
        print(_run(cpu_s, words), flush=True)


def _forget(folder: Path) -> None:
    """Unload the modules of a folder, so that forks load them as they will be then."""
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(folder):
            del sys.modules[name]


def _run(cpu_s: int, words: list[str]) -> int:
    """The exit status of a module; not 0 either where it does not end.

    A loop without end is known by the processor's time that it takes. The limit by the clock is for
    what waits for ever; it is so far off that a busy machine makes no slow test a found mutant.
    """
    child = os.fork()
    if not child:
        _become(cpu_s, words)
    began = time.monotonic()
    ended = 0
    while not ended and time.monotonic() - began < _WALL_S:
        time.sleep(_LOOK_S)
        ended, status = os.waitpid(child, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if not ended:
        _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _become(cpu_s: int, words: list[str]) -> None:
    """Be the module, and silent; does not return."""
    os.setsid()
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    sys.argv = words
    status = 0
    try:
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else ending.code is not None
    except BaseException:
        status = 1
    os._exit(int(status))


if __name__ == "__main__":
    main()
