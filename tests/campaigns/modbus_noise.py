"""A long run of what a line may bring into the Modbus master, on CPython and on the interpreter.

    .venv/bin/python tests/campaigns/modbus_noise.py [--frames 200000] [--seed 1]

The tests run the same for a moment: tests/core/test_modbus_noise.py. Prints how often each result
came; ends with an error at the first frame that gives anything else, and the seed repeats it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "firmware"), str(PROJECT / "tests/core")]

from fake_noise import Noise, check_bus, check_rtu, check_tcp  # noqa: E402

from host_tools import interpreter  # noqa: E402
from host_tools.image import library_files, write_files  # noqa: E402
from limen.core import modbus  # noqa: E402

_CHECKS = {"line": check_rtu, "connection": check_tcp, "whole master": check_bus}
_SHARES = {"line": 1, "connection": 1, "whole master": 20}
_ON_INTERPRETER = 10
_PROGRAM = """
import json, sys
sys.path[:] = ['.frozen', {library!r}, {tests!r}]
import fake_noise
print(json.dumps(fake_noise.{check}(fake_noise.Noise({seed}), {frames})))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    for name, check in _CHECKS.items():
        frames = args.frames // _SHARES[name]
        show("CPython", name, frames, check(Noise(args.seed), frames))
    found = interpreter.find()
    with tempfile.TemporaryDirectory(prefix="limen-noise-") as folder:
        write_files(library_files(), Path(folder))
        for name, check in _CHECKS.items():
            frames = args.frames // _SHARES[name] // _ON_INTERPRETER
            counts = run_on(found, folder, check.__name__, frames, args.seed)
            show(str(found), name, frames, counts)


def run_on(found, library: str, check: str, frames: int, seed: int) -> list[int]:
    """Run a check on the interpreter."""
    tests = str(PROJECT / "tests/core")
    program = _PROGRAM.format(library=library, tests=tests, check=check, frames=frames, seed=seed)
    done = subprocess.run([*found.command, "-c", program], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def show(python: str, name: str, frames: int, counts: list[int]) -> None:
    assert sum(counts) == frames
    told = ", ".join(f"{what} {n}" for what, n in zip(modbus.RESULTS, counts, strict=True) if n)
    print(f"{python}, {name}, {frames} frames: {told}", flush=True)


if __name__ == "__main__":
    main()
