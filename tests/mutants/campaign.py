"""Do the tests notice when the firmware is wrong? Mutants of the modules that must not fail.

    make mutants [SEED=1] [COUNT=300]

Each mutant is tried in a copy of the project: the tests of its module under CPython, then, if
those find nothing, a simulated day with faults. A mutant that survives both is printed. Those that
cannot matter are listed with the reason in `explained.toml`. A short run is one of the tests.
"""

import argparse
import multiprocessing
import multiprocessing.pool
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))

from hand_made import HAND_MADE  # noqa: E402
from mutate import Mutant, mutants_of  # noqa: E402

LIMEN = "firmware/limen"
CORE, PROPERTIES = "tests/core/test_", "tests/properties/test_"
TESTS = {
    "delivery/outbox.py": [PROPERTIES + "outbox.py", CORE + "path.py"],
    "delivery/ring.py": [PROPERTIES + "outbox.py", CORE + "path.py"],
    "delivery/journal.py": [CORE + "journal.py"],
    "delivery/segments.py": [CORE + "journal.py"],
    "delivery/session.py": ["tests/system/test_session.py"],
    "delivery/uplink.py": [],
    "core/ledger.py": [PROPERTIES + "ledger.py", CORE + "ledger.py", CORE + "counters.py"],
    "service/store.py": [CORE + "store.py"],
    "service/clock.py": [CORE + "clock.py", CORE + "path.py"],
    "service/poll.py": [CORE + "poll.py"],
    "core/breaker.py": [CORE + "breaker.py", CORE + "poll.py"],
}
"""module → the tests that are about it"""

_SOAK = ("-m", "host_tools", "soak", "--seed", "3", "--hours", "8", "--jobs", "1")
_CPU_S = 240
_WALL_S = 3600
_SHARED = (".venv", ".tools", "build")


@dataclass(frozen=True)
class Verdict:
    """What found a mutant: "tests", "soak", or "" where it survived."""

    mutant: Mutant
    found_by: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300, help="of the mutants made mechanically")
    parser.add_argument("--module", help="only of this one, such as core/ledger.py")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    modules = [args.module] if args.module else list(TESTS)
    made = choose(modules, args.count, args.seed)
    by_hand = [] if args.module else hand_made()
    verdicts = try_all([*by_hand, *made], args.jobs)
    found = report("made by hand", verdicts[: len(by_hand)], needed=28 / 30)
    return 0 if report("made mechanically", verdicts[len(by_hand) :], needed=0.85) and found else 1


def choose(modules: list[str], count: int, seed: int) -> list[Mutant]:
    """So many mutants over the modules, without those that cannot matter."""
    cannot_matter = explained()
    made = [
        mutant
        for module in modules
        for mutant in mutants_of(module, (PROJECT / LIMEN / module).read_text())
        if (module, mutant.what) not in cannot_matter
    ]
    return random.Random(seed).sample(made, min(count, len(made)))


def explained() -> set[tuple[str, str]]:
    """(module, change) of the mutants that do what the right code does."""
    table = tomllib.loads((Path(__file__).parent / "explained.toml").read_text())
    return {(entry["module"], entry["change"]) for entry in table.get("same", ())}


def hand_made() -> list[Mutant]:
    """The bugs that people make; each must still fit the source."""
    mutants = []
    for what, module, right, wrong in HAND_MADE:
        text = (PROJECT / LIMEN / module).read_text()
        if text.count(right) != 1:
            sys.exit(f"{what}: {module} does not have this once:\n{right}")
        line = text[: text.index(right)].count("\n") + 1
        mutants.append(Mutant(module, line, what, text.replace(right, wrong)))
    return mutants


def try_all(mutants: list[Mutant], jobs: int) -> list[Verdict]:
    """Try each mutant in one of `jobs` copies of the project."""
    with tempfile.TemporaryDirectory(prefix="limen-mutants-") as folder:
        copies: queue.Queue[Path] = multiprocessing.Manager().Queue()
        for number in range(jobs):
            copies.put(_copy(Path(folder, str(number))))
        with multiprocessing.pool.ThreadPool(jobs) as pool:
            verdicts = []
            for verdict in pool.imap(lambda mutant: _try_in(copies, mutant), mutants):
                print(f"{verdict.found_by or 'SURVIVED':8} {verdict.mutant.name}", flush=True)
                verdicts.append(verdict)
    return verdicts


def _copy(folder: Path) -> Path:
    """A copy of what git knows; what only tools make is shared."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, folder / name)
    for name in _SHARED:
        (folder / name).symlink_to(PROJECT / name)
    return folder


def _try_in(copies: "queue.Queue[Path]", mutant: Mutant) -> Verdict:
    copy = copies.get()
    try:
        return Verdict(mutant, _found_by(copy, mutant))
    finally:
        copies.put(copy)


def _found_by(copy: Path, mutant: Mutant) -> str:
    path = copy / LIMEN / mutant.file
    right = path.read_text()
    path.write_text(mutant.text)
    try:
        tests = TESTS.get(mutant.file, [])
        words = ("-m", "pytest", "-x", "-p", "no:cacheprovider", "-k", "not micropython", *tests)
        if tests and _fails(copy, words):
            return "tests"
        return "soak" if _fails(copy, _SOAK) else ""
    finally:
        path.write_text(right)


def _fails(copy: Path, words: tuple[str, ...]) -> bool:
    """Whether a command ends with an error, or does not end.

    A loop without end is known by the processor's time that it takes: on a machine that has other
    work, too, that of a clock would make a slow test a mutant that was found.
    """
    paths = {"PYTHONPATH": f"{copy}:{copy / 'firmware'}", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            ["prlimit", f"--cpu={_CPU_S}", PROJECT / ".venv/bin/python", *words],
            cwd=copy,
            env=os.environ | paths,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_WALL_S,
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def report(kind: str, verdicts: list[Verdict], needed: float) -> bool:
    """Print the score; return whether it is enough."""
    if not verdicts:
        return True
    found = [verdict for verdict in verdicts if verdict.found_by]
    by_soak = sum(verdict.found_by == "soak" for verdict in found)
    share = len(found) / len(verdicts)
    print(
        f"Mutants {kind}: {len(found)} of {len(verdicts)} found ({share:.0%}; {by_soak} of them "
        f"only by the simulation); at least {needed:.0%} is asked for."
    )
    return share >= needed


if __name__ == "__main__":
    sys.exit(main())
