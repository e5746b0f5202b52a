"""TOML files that people write: their data, and the line of every part of it for error messages."""

import re
import tomllib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass
from pathlib import Path

import spanned_toml

from host_tools.errors import ToolError
from host_tools.toml_words import meant, meant_in_list, written_twice

Keys = tuple[str | int, ...]

_PLACE = re.compile(r"\(at line (\d+), column \d+\)$")
_TWICE = ("Cannot overwrite a value", "Cannot declare")
_GROWS = "Cannot mutate immutable namespace"
_STATEMENT = re.compile(r"\s*(\[|[\w.-]+\s*=)")
"""How a line begins that is no part of a list further up."""


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
    source = _read_text(path)
    try:
        tomllib.loads(source)  # for its errors; the other names its own types in them
        document = spanned_toml.loads(source, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise TomlError([_syntax_problem(path, source, str(error))]) from None
    lines: dict[Keys, int] = {}
    _collect_lines(document, (), source, lines)
    return TomlFile(path, document.unspan(), lines)


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ToolError(f"{path} cannot be read: {error.strerror}", status=2) from None
    if b"\0" in content[:4] or content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise TomlError([f"{path}:1: is text in UTF-16; save it as UTF-8"])
    try:
        # Editors on Windows begin a file with a byte order mark and end lines with CR LF.
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        raise TomlError([f"{path}:{line}: is not text in UTF-8; save it as such"]) from None


def _syntax_problem(path: Path, source: str, text: str) -> str:
    """What is wrong, with the line in front, where an editor looks for it."""
    place = _PLACE.search(text)
    lines = source.split("\n")
    line = int(place[1]) if place else len(lines)
    start = _beginning(lines, line)
    if start < line:
        if place and not _STATEMENT.match(lines[line - 1]):
            what = meant_in_list(lines[line - 1], start)
        else:
            line, what = start, _without_end(lines[start - 1], line)
    elif text.startswith(_TWICE):
        what = written_twice(lines[line - 1])
    elif text.startswith(_GROWS):
        what = "a table in { } cannot grow in another line"
    else:
        what = meant(lines[line - 1]) or text.partition(" (at ")[0]
    return f"{path}:{line}: is not TOML: {what}"


def _beginning(lines: list[str], line: int) -> int:
    """The line in which what cannot be read begins: all that is above it can be."""
    for start in range(line, 1, -1):
        try:
            tomllib.loads("\n".join(lines[: start - 1]))
        except (ValueError, RecursionError):
            continue
        return start
    return 1


def _without_end(first: str, line: int) -> str:
    """The sentence about what begins in a line and has no end."""
    for quotes in ('"""', "'''"):
        if quotes in first:
            return f"the text that begins here has no end; write {quotes}"
    if "[" in first:
        return f"the list that begins here is not closed before line {line}; write ]"
    return meant(first) or "what begins here has no end"


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
