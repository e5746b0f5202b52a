"""TOML files that people write: their data, and the line of every part of it for error messages."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import spanned_toml

from host_tools.errors import ToolError

Keys = tuple[str | int, ...]

_PLACE = re.compile(r"\(at line (\d+), column \d+\)$")
_PLAINER = [
    ("Cannot overwrite a value", "the same key is written twice"),
    ("Cannot declare", "the same table is written twice"),
    (
        "Cannot mutate immutable namespace",
        "a table in { } cannot grow in another line",
    ),
]
"""The parser's words, where a technician needs others."""


class TomlError(ToolError):
    """Everything that is wrong in one file, a line "file:line: where: what" for each problem."""

    def __init__(self, problems: list[str]):
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__("\n".join([f"{count}; nothing was written", *problems]), status=2)
        self.problems = problems


@dataclass
class TomlFile:
    """A TOML file; fractions stay text ("2.5"), so that no float comes between."""

    path: Path
    data: dict
    lines: dict[Keys, int]

    def line(self, keys: Keys) -> int:
        """The line of a part, or of the nearest part around it that has one; 1 for the file."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    def describe(self, problems: list[tuple[Keys, str]]) -> list[str]:
        """The problems as people read them, in the order of the file, each once."""
        found = sorted({(self.line(keys), path_text(keys), text) for keys, text in problems})
        return [
            f"{self.path}:{line}: {where}: {text}" if where else f"{self.path}:{line}: {text}"
            for line, where, text in found
        ]


def path_text(keys: Keys) -> str:
    """Keys as one writes them: ("bus", 0, "id") is "bus[0].id"."""
    parts = [f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys]
    return "".join(parts).removeprefix(".")


def read_toml(path: Path | str) -> TomlFile:
    """Read a file; TomlError says where its syntax ends, ToolError that it cannot be read."""
    path = Path(path)
    try:
        # Editors on Windows begin a file with a byte order mark and end lines with CR LF.
        source = path.read_text("utf-8-sig")
    except OSError as error:
        raise ToolError(f"{path} cannot be read: {error.strerror}", status=2) from None
    except UnicodeDecodeError as error:
        line = 1 + error.object.count(b"\n", 0, error.start)
        raise TomlError([f"{path}:{line}: is not text in UTF-8"]) from None
    try:
        tomllib.loads(source)  # for its errors; the other names its own types in them
        document = spanned_toml.loads(source, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise TomlError([_syntax_problem(path, source, str(error))]) from None
    lines: dict[Keys, int] = {}
    _collect_lines(document, (), source, lines)
    return TomlFile(path, document.unspan(), lines)


def _syntax_problem(path: Path, source: str, text: str) -> str:
    """The parser's words with the line in front, where an editor looks for it."""
    place = _PLACE.search(text)
    line = int(place[1]) if place else source.count("\n") + 1
    what = next((words for start, words in _PLAINER if text.startswith(start)), None)
    return f"{path}:{line}: is not TOML: {what or text.partition(' (at ')[0]}"


def _collect_lines(part, keys: Keys, source: str, lines: dict[Keys, int]) -> None:
    inner = part.inner()
    if isinstance(inner, dict):
        for key, value in inner.items():
            here = (*keys, key.inner())
            lines[here] = _line(source, key)
            _collect_lines(value, here, source, lines)
    elif isinstance(inner, list):
        for index, value in enumerate(inner):
            here = (*keys, index)
            _collect_lines(value, here, source, lines)
            lines[here] = (
                _line(source, value) if value.span().stop else _header(here, source, lines)
            )


def _line(source: str, part) -> int:
    return source.count("\n", 0, part.span().start) + 1


def _header(keys: Keys, source: str, lines: dict[Keys, int]) -> int:
    """The line of the [[header]] above an entry; the parser notes the first header only."""
    inside = [line for path, line in lines.items() if path[: len(keys)] == keys]
    if not inside:
        return lines[keys[:-1]]
    above = source.split("\n")[: min(inside)]
    while above and not above[-1].lstrip().startswith("[["):
        above.pop()
    return len(above) or min(inside)
