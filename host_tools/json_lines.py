"""A file of lines of JSON that a campaign appends to, and goes on with after it was interrupted.

A line that a killed process, a full disk or a hand has left torn is told, and left out; what is
appended behind it begins on a line of its own.
"""

import json
import sys
from pathlib import Path


def read_entries(path: Path, *keys: str) -> list[dict]:
    """The entries that have these keys, of a file that need not be there; of others it is said
    once, on stderr, how many there are, and where the first.
    """
    entries, torn = [], []
    content = path.read_bytes() if path.exists() else b""
    for number, line in enumerate(content.splitlines(), start=1):
        entry = _entry(line)
        if entry is not None and all(key in entry for key in keys):
            entries.append(entry)
        elif line.strip():
            torn.append(number)
    if torn:
        more = f", as are {len(torn) - 1} more" if torn[1:] else ""
        told = f"{path}:{torn[0]}: the line is torn and counts no more{more}; what it told is lost"
        print(told, file=sys.stderr)
    return entries


def _entry(line: bytes) -> dict | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def append_entry(path: Path, entry: dict) -> None:
    """Write an entry behind the others, on a line of its own even if the last one is torn."""
    path.parent.mkdir(exist_ok=True)
    with path.open("a+b") as file:
        begin = b"" if _ends_a_line(file) else b"\n"
        file.write(begin + json.dumps(entry).encode() + b"\n")


def _ends_a_line(file) -> bool:
    """Whether what is appended begins a line."""
    if not file.seek(0, 2):
        return True
    file.seek(-1, 2)
    return file.read() == b"\n"
