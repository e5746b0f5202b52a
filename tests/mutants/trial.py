"""Tries wrong versions of the firmware, each in a copy of the project, until something finds it.

In this order, which is that of their cost: the tests of the module under CPython, the same under
MicroPython, its system tests, and some hours of simulation with faults.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mutate import Mutant

PROJECT = Path(__file__).parents[2]
LIMEN = "firmware/limen"

_CORE, _PROPERTIES, _SYSTEM = "tests/core/test_", "tests/properties/test_", "tests/system/test_"
_HOST = "tests/host/test_"
_OUTBOX = (_CORE + "path.py", _CORE + "journal.py", _PROPERTIES + "outbox.py")
_JOURNAL = (
    _CORE + "journal.py",
    _CORE + "journal_flash.py",
    _CORE + "journal_task.py",
    _PROPERTIES + "journal.py",
)
TESTS = {
    "delivery/outbox.py": _OUTBOX,
    "delivery/ring.py": _OUTBOX,
    "delivery/journal.py": _JOURNAL,
    "delivery/segments.py": _JOURNAL,
    "core/frame_reader.py": (_HOST + "frame.py", *_JOURNAL),
    "delivery/backlog.py": _JOURNAL,
    "delivery/gaps.py": _JOURNAL,
    "delivery/session.py": (
        _CORE + "session.py",
        _CORE + "session_pieces.py",
        _CORE + "session_keepalive.py",
        _SYSTEM + "session.py",
    ),
    "delivery/uplink.py": (_CORE + "uplink.py", _CORE + "uplink_facts.py"),
    "delivery/link.py": (_CORE + "link.py",),
    "core/ledger.py": (
        _CORE + "ledger.py",
        _CORE + "ledger_limits.py",
        _CORE + "counters.py",
        _PROPERTIES + "ledger.py",
    ),
    "service/counters.py": (_CORE + "counters.py",),
    "service/store.py": (_CORE + "store.py",),
    "service/clock.py": (_CORE + "clock.py", _CORE + "path.py"),
    "service/poll.py": (_CORE + "poll.py", _CORE + "uplink.py", _CORE + "uplink_facts.py"),
    "../swap.py": (_HOST + "swap.py",),
    "core/breaker.py": (_CORE + "breaker.py", _CORE + "poll.py"),
}
"""module → the tests that are about it, the quickest first"""

_UNITS_CPU_S, _CPU_S = 20, 120
_SOAK = ("host_tools", "soak", "--seed", "3", "--hours", "4", "--jobs", "1")
_SHARED = (".venv", ".tools")
_LOG = "forks.log"


class CampaignError(Exception):
    """The campaign would say nothing of the tests."""


class Workshop:
    """A copy of the project, and a process in it that has loaded the tests of some modules."""

    def __init__(self, folder: Path, modules: set[str]):
        self.folder = _copy(folder)
        self._right = set()  # the stages that the right firmware has passed
        tests = sorted({test for module in modules for test in TESTS[module]})
        paths = {"PYTHONPATH": f"{folder}:{folder / 'firmware'}"}
        self._forks = subprocess.Popen(
            [PROJECT / ".venv/bin/python", Path(__file__).with_name("forks.py"), *tests],
            cwd=folder,
            env=os.environ | paths,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / _LOG).open("w"),
            text=True,
        )

    def close(self) -> None:
        self._forks.communicate()

    def found_by(self, mutant: Mutant, thorough: bool) -> str:
        """What finds a mutant, "" if nothing does."""
        path = self.folder / LIMEN / mutant.file
        right = path.read_text()
        for stage in _stages(mutant.file, thorough):
            self._check(stage)
            path.write_text(mutant.text)
            try:
                if self._run(stage):
                    return stage.name
            finally:
                path.write_text(right)
        return ""

    def _check(self, stage: "Stage") -> None:
        """A test that fails without a mutant, too, finds nothing: end here."""
        if stage not in self._right and self._run(stage):
            raise CampaignError(f"The right firmware fails, too: {' '.join(stage.words)}")
        self._right.add(stage)

    def _run(self, stage: "Stage") -> int:
        self._forks.stdin.write(json.dumps([stage.cpu_s, *stage.words]) + "\n")
        self._forks.stdin.flush()
        answer = self._forks.stdout.readline()
        if not answer:
            raise CampaignError((self.folder / _LOG).read_text())
        return int(answer)


class Stage(NamedTuple):
    """An attempt to find a mutant: a module, its arguments, and how long it may take."""

    name: str
    cpu_s: int
    words: tuple[str, ...]


def _stages(module: str, thorough: bool) -> Iterator[Stage]:
    pytest = ("pytest", "-x", "-p", "no:cacheprovider", "-k")
    system = tuple(test for test in TESTS[module] if test.startswith(_SYSTEM))
    units = tuple(test for test in TESTS[module] if test not in system)
    if units:
        yield Stage("cpython", _UNITS_CPU_S, (*pytest, "not micropython", *units))
        yield Stage("micropython", _UNITS_CPU_S, (*pytest, "micropython", *units))
    if thorough and system:
        yield Stage("system", _CPU_S, (*pytest, "test", *system))
    if thorough:
        yield Stage("soak", _CPU_S, _SOAK)


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
