"""Fuzzes one parser, or each in turn, guided by coverage: `make fuzz TARGET=p1 SECONDS=60`.

Runs on Atheris, where there is a wheel of it (Linux on x86-64). What it finds that is new stays in
build/fuzz/<target>; an input that crashes a parser is written there, and belongs into
tests/fuzz/crashes/<target>, where a test takes it from then on.
"""

import argparse
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "firmware"), str(Path(__file__).parent)]

CORPORA = PROJECT / "build" / "fuzz"
_INSTRUMENTED = ["limen", "host_tools"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", help="which parser; all, one after another, by default")
    parser.add_argument("--seconds", type=int, default=60, help="for each parser")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    try:
        import atheris
    except ImportError:
        sys.exit("Fuzzing needs Atheris: `.venv/bin/pip install atheris` (Linux, x86-64).")
    if args.here:
        return _fuzz(atheris, args.target, args.seconds)
    return _each(args)


def _each(args: argparse.Namespace) -> int:
    """Every target in a process of its own, as a fuzzer never returns."""
    from targets import TARGETS

    names = [args.target] if args.target else list(TARGETS)
    if not TARGETS.keys() >= set(names):
        sys.exit(f"There is no target {args.target!r}; there are {', '.join(TARGETS)}.")
    for name in names:
        print(f"fuzz: {name} for {args.seconds} s", flush=True)
        words = [sys.executable, __file__, "--here", "--target", name]
        done = subprocess.run([*words, "--seconds", str(args.seconds)])
        if done.returncode:
            print(f"fuzz: {name} has failed; the input is in {CORPORA / name}")
            return 1
    return 0


def _fuzz(atheris, name: str, seconds: int) -> int:
    with atheris.instrument_imports(include=_INSTRUMENTED):
        from targets import TARGETS
    target = TARGETS[name]
    folder = CORPORA / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (folder / f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048"]
    options += ["-print_final_stats=1", "-verbosity=0", f"-artifact_prefix={folder}/"]
    atheris.Setup([sys.argv[0], *options, str(folder)], target.take)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
