"""Another version of this project: a folder of it, or a revision that git has.

It replays with all its own parts, tools and validator included, as a configuration of one version
may mean nothing to another. Only the interpreter and the Python environment are those of here.
"""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from host_tools.errors import ToolError
from host_tools.paths import PROJECT, TOOLS

_COULD_REPLAY = (0, 1)


def replayed(version: str, options: list[str]) -> str:
    """The CSV of what that version's `limen replay` with such options publishes."""
    with _folder_of(version) as folder, tempfile.TemporaryDirectory(prefix="limen-") as out:
        published = Path(out) / "published.csv"
        path = os.pathsep.join(map(str, (folder, folder / "firmware")))
        done = subprocess.run(
            [sys.executable, "-m", "host_tools", "replay", *options, "--out", str(published)],
            cwd=folder, env=os.environ | {"PYTHONPATH": path}, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
        if done.returncode not in _COULD_REPLAY or not published.exists():
            raise ToolError(f"{version} cannot replay this: {done.stderr.strip()}", 2)
        return published.read_text(encoding="utf-8")


@contextlib.contextmanager
def _folder_of(version: str) -> Iterator[Path]:
    folder = Path(version)
    if folder.is_dir():
        if not (folder / "host_tools" / "replay.py").exists():
            raise ToolError(f"{version} is no folder of this project: it has no host_tools.", 2)
        yield folder.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="limen-version-") as made:
        _unpack(version, Path(made))
        yield Path(made)


def _unpack(revision: str, folder: Path) -> None:
    """Put the files of a revision into a folder."""
    git = ["git", "-C", str(PROJECT), "archive", "--format=zip", f"{revision}^{{commit}}"]
    try:
        archive = subprocess.run(git, capture_output=True, check=True)
    except FileNotFoundError:
        raise ToolError("There is no git here: name a folder in place of a revision.", 2) from None
    except subprocess.CalledProcessError:
        raise ToolError(f"{revision!r} is no folder, and no revision that git has.", 2) from None
    with zipfile.ZipFile(io.BytesIO(archive.stdout)) as files:
        files.extractall(folder)
    (folder / TOOLS.name).symlink_to(TOOLS)
