"""The verdicts of campaigns before, so that one that was interrupted goes on where it was.

They are lines of JSON in `build/soak.jsonl`; those of several machines may be put into one file.
A verdict holds for what was played: what lies on the board's flash, the firmware and the site above
all, and the simulation itself. What has another *version* stays in the file, and counts no more.
"""

import hashlib
from pathlib import Path

from host_tools.json_lines import append_entry, read_entries
from host_tools.paths import PROJECT
from host_tools.soak.schedule import Schedule

KEPT = PROJECT / "build/soak.jsonl"
_SIMULATION = "host_tools/soak", "host_tools/emulation"


def version_of(files: dict[str, bytes]) -> str:
    """The version of what is played, by the files on the board's flash."""
    digest = hashlib.sha256(repr(sorted(files.items())).encode())
    for folder in _SIMULATION:
        for path in sorted((PROJECT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Kept:
    """The verdicts on schedules of one version, in the file `path`."""

    def __init__(self, path: Path, version: str):
        self._path = path
        self._version = version
        self._broken: dict[tuple[int, int], list[str]] = {}
        for entry in read_entries(path, "version", "seed", "hours", "broken"):
            if entry["version"] == version:
                self._broken[entry["seed"], entry["hours"]] = entry["broken"]

    def get(self, schedule: Schedule) -> list[str] | None:
        """The sentences of what it breaks; None if it was not played yet."""
        return self._broken.get((schedule.seed, schedule.hours))

    def put(self, schedule: Schedule, broken: list[str]) -> None:
        """Keep the verdict on a whole schedule."""
        entry = {"seed": schedule.seed, "hours": schedule.hours, "version": self._version}
        append_entry(self._path, entry | {"broken": broken})
