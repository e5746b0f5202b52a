"""The rows of a recording's file; those of an export of TwinCAT Scope in the long form.

Such an export has lines about itself, lines about its channels, each with a key before the cells of
a group, and then for each group a column of milliseconds since the start and one for each channel.
A row is therefore no moment: each group has a clock of its own, and one that is slower ends earlier
or repeats itself.
"""

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from host_tools.table_file import OnOddity, Rows, ignore_oddity, open_rows

_KEYS = ["Name", "File"]
_START = "Starttime of export"
_STEP = "SampleTime[ms]"
_HEADING = ["time [ms]", "name", "value"]
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d\d?)?", re.ASCII)
_UNIX_TICKS = 116_444_736_000_000_000
_TICKS_IN_MS = 10_000
_NEARLY = Decimal("0.9")
MOST_ABOVE = 100
_NO_UNITS = ("", "None", "(None)", "-")

Head = dict[str, tuple[int, list[str]]]
"""The first cell of each line above the numbers → (line, cells)."""


@contextmanager
def open_recording(
    path: Path, delimiter: str, encoding: str | None = None, on_oddity: OnOddity = ignore_oddity
) -> Iterator[Rows]:
    """The same as `open_rows`, with a heading and rows in the long form where it is an export."""
    with open_rows(path, delimiter, encoding, on_oddity) as rows:
        begin = list(itertools.islice(rows, len(_KEYS)))
        is_export = [_first(cells) for _, cells in begin] == _KEYS
        yield _long_rows(rows, on_oddity) if is_export else itertools.chain(begin, rows)


def _first(cells: list[str]) -> str:
    return cells[0].strip() if cells else ""


def _long_rows(rows: Rows, on_oddity: OnOddity) -> Rows:
    head: Head = {}
    data: list = []
    for line, cells in itertools.islice(rows, MOST_ABOVE):
        if _NUMBER.fullmatch(_first(cells)):
            data = [(line, cells)]
            break
        head[_first(cells)] = line, cells
    line, names = head.get("Name", (1, []))
    yield line, _HEADING
    _tell_scaled(head, on_oddity)
    units, steps = (head.get(key, (0, []))[1] for key in ("Unit", _STEP))
    groups = list(_groups(names, units, steps, _start_ms(head)))
    for line, cells in itertools.chain(data, rows):
        for group in groups:
            yield from group.rows(line, cells, on_oddity)


def _start_ms(head: Head) -> Decimal:
    """Since 1970; 0 where the export does not tell."""
    cells = head.get(_START, (0, []))[1]
    if len(cells) < 2 or not cells[1].strip().isdecimal():
        return Decimal(0)
    return Decimal(int(cells[1]) - _UNIX_TICKS) / _TICKS_IN_MS


def _tell_scaled(head: Head, on_oddity: OnOddity) -> None:
    """A factor that may be in the numbers already is told, as the export does not say."""
    for key in ("ScaleFactor", "Unit ScaleFactor"):
        line, cells = head.get(key, (0, []))
        odd = next((cell for cell in cells if cell.strip() not in (key, "1", "")), None)
        if odd is not None:
            told = f"a channel has {key} {odd}; numbers are read as they stand, a map scales them"
            on_oddity(line, "scaled", told)


class _Group:
    """A column of times, and the channels of which it tells."""

    def __init__(self, time_at: int, start_ms: Decimal, step: str):
        self.channels: list[tuple[int, str]] = []
        self._time_at = time_at
        self._start_ms = start_ms
        self._step_ms = _number(step) if _NUMBER.fullmatch(step) else Decimal(0)
        self._last = ""

    def rows(self, line: int, cells: list[str], on_oddity: OnOddity) -> Rows:
        """Of each channel that a row has; none where it repeats the time before."""
        text = cells[self._time_at].strip() if self._time_at < len(cells) else ""
        if text in ("", "EOF", self._last):
            return
        if not _NUMBER.fullmatch(text):
            on_oddity(line, "broken row", f"{text!r} is no time in milliseconds")
            return
        self._tell_too_close(line, text, on_oddity)
        self._last = text
        time = f"{self._start_ms + _number(text):f}"
        for at, name in self.channels:
            if at < len(cells):
                yield line, [time, name, cells[at]]

    def _tell_too_close(self, line: int, text: str, on_oddity: OnOddity) -> None:
        if self._last and _number(text) - _number(self._last) < self._step_ms * _NEARLY:
            told = (
                f"times are closer than {_STEP} {self._step_ms:f}; they are read as milliseconds:"
                " if they count samples, write them as milliseconds"
            )
            on_oddity(line, "too close", told)


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def _groups(
    names: list[str], units: list[str], steps: list[str], start_ms: Decimal
) -> Iterator[_Group]:
    """The groups that begin with each "Name"; a name that comes again has its number."""
    group = None
    seen: dict[str, int] = {}
    for at, name in enumerate(names):
        name = name.strip()
        if name == "Name":
            step = steps[at + 1].strip() if at + 1 < len(steps) else ""
            group = _Group(at, start_ms, step)
            yield group
        elif name and group:
            unit = units[at].strip() if at < len(units) else ""
            name = name if unit in _NO_UNITS else f"{name} [{unit}]"
            seen[name] = seen.get(name, 0) + 1
            name = name if seen[name] == 1 else f"{name} #{seen[name]}"
            group.channels.append((at, name))
