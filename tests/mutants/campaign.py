"""Do the tests notice when the firmware is wrong? Mutants of the modules that must not fail.

    make mutants [SEED=1] [COUNT=300] [ARGS=--again]

Each mutant is tried by what `trial` knows of its module. One that survives all is printed. Those
that cannot matter are listed with the reason in `explained.toml`. Verdicts are kept in
`build/mutants.jsonl`, so that a campaign that was interrupted goes on where it was; `--again` tries
those that survived once more. A short run is one of the tests.
"""

import argparse
import hashlib
import multiprocessing.pool
import os
import queue
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from hand_made import HAND_MADE
from mutate import Mutant, mutants_of
from trial import LIMEN, PROJECT, CampaignError, Workshop

from host_tools.json_lines import append_entry, read_entries

MUTATED = (
    "delivery/outbox.py",
    "delivery/ring.py",
    "delivery/journal.py",
    "delivery/segments.py",
    "delivery/backlog.py",
    "delivery/gaps.py",
    "delivery/session.py",
    "delivery/uplink.py",
    "delivery/link.py",
    "core/ledger.py",
    "service/store.py",
    "service/clock.py",
    "service/poll.py",
    "core/breaker.py",
)
"""The modules whose mutants are made mechanically: outbox, journal, session, ledger, clock, and
the poll, which is the scheduler."""

KEPT = PROJECT / "build/mutants.jsonl"


@dataclass(frozen=True)
class Verdict:
    """What found a mutant, "" where it survived."""

    mutant: Mutant
    found_by: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300, help="of the mutants made mechanically")
    parser.add_argument("--module", help="only of this one, such as core/ledger.py")
    parser.add_argument("--by-hand", action="store_true", help="only the bugs made by hand")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--again", action="store_true", help="try those that survived once more")
    parser.add_argument("--units-only", action="store_true", help="only the quick tests")
    args = parser.parse_args()
    modules = [args.module] if args.module else list(MUTATED)
    made = [] if args.by_hand else choose(modules, args.count, args.seed)
    by_hand = [one for one in hand_made() if args.module in (None, one.file)]
    kept = Kept(KEPT, args.again)
    try:
        verdicts = try_all([*by_hand, *made], args.jobs, kept, not args.units_only)
    except CampaignError as error:
        sys.exit(str(error))
    found = report("made by hand", verdicts[: len(by_hand)], needed=28 / 30)
    return 0 if report("made mechanically", verdicts[len(by_hand) :], needed=0.85) and found else 1


def choose(modules: list[str], count: int, seed: int) -> list[Mutant]:
    """So many mutants over the modules, without those that cannot matter.

    Lots are drawn by the words of the change, so that a change of the firmware alters few of
    them; mutants of a module that have the same words come together.
    """
    cannot_matter = explained()
    made = [
        mutant
        for module in modules
        for mutant in mutants_of(module, (PROJECT / LIMEN / module).read_text())
        if mutant.change not in cannot_matter
    ]
    return sorted(made, key=lambda mutant: _digest(f"{seed} {mutant.file} {mutant.what}"))[:count]


def explained() -> set[tuple[str, str, str]]:
    """The changes, as `Mutant.change` has them, that leave the code right."""
    table = tomllib.loads((Path(__file__).parent / "explained.toml").read_text())
    return {(entry["module"], entry["line"], entry["becomes"]) for entry in table["same"]}


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


class Kept:
    """The verdicts of campaigns before, in a file."""

    def __init__(self, path: Path, only_found: bool = False):
        self._path = path
        self._found_by = {
            entry["digest"]: entry["found_by"]
            for entry in read_entries(path, "digest", "found_by")
            if entry["found_by"] or not only_found
        }

    def get(self, mutant: Mutant) -> str | None:
        """What found a mutant; None if that is not known."""
        return self._found_by.get(_digest(mutant.file + mutant.text))

    def put(self, verdict: Verdict) -> None:
        mutant = verdict.mutant
        entry = {"digest": _digest(mutant.file + mutant.text), "found_by": verdict.found_by}
        append_entry(self._path, entry | {"name": mutant.name})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def try_all(mutants: list[Mutant], jobs: int, kept: Kept, thorough: bool = True) -> list[Verdict]:
    """Try each mutant whose verdict is not known yet, in one of `jobs` copies of the project."""
    modules = {mutant.file for mutant in mutants}
    with _workshops(jobs, modules) as workshops, multiprocessing.pool.ThreadPool(jobs) as pool:

        def verdict_on(mutant: Mutant) -> Verdict:
            found_by = kept.get(mutant)
            if found_by is None:
                workshop = workshops.get()
                try:
                    found_by = workshop.found_by(mutant, thorough)
                finally:
                    workshops.put(workshop)
                if found_by or thorough:
                    kept.put(Verdict(mutant, found_by))
            return Verdict(mutant, found_by)

        verdicts = []
        for verdict in pool.imap_unordered(verdict_on, mutants):
            print(f"{verdict.found_by or 'SURVIVED':11} {verdict.mutant.name}", flush=True)
            verdicts.append(verdict)
        return sorted(verdicts, key=lambda verdict: mutants.index(verdict.mutant))


@contextmanager
def _workshops(count: int, modules: set[str]) -> Iterator["queue.Queue[Workshop]"]:
    with tempfile.TemporaryDirectory(prefix="limen-mutants-") as folder:
        made = [Workshop(Path(folder, str(number)), modules) for number in range(count)]
        free = queue.Queue()
        for workshop in made:
            free.put(workshop)
        try:
            yield free
        finally:
            for workshop in made:
                workshop.close()


def report(kind: str, verdicts: list[Verdict], needed: float) -> bool:
    """Print the score; return whether it is enough."""
    if not verdicts:
        return True
    found = [verdict for verdict in verdicts if verdict.found_by]
    by = {name: sum(v.found_by == name for v in found) for name in (v.found_by for v in found)}
    share = len(found) / len(verdicts)
    means = ", ".join(f"{name} {count}" for name, count in sorted(by.items()))
    print(
        f"Mutants {kind}: {len(found)} of {len(verdicts)} found ({share:.1%}; {means}); "
        f"at least {needed:.0%} is asked for."
    )
    return share >= needed


if __name__ == "__main__":
    sys.exit(main())
