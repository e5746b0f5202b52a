"""`limen trace`: a traceback from a gateway, with the files, lines and names of the sources.

On the gateway the firmware is linked: a frame names a linked module, a line of its text and a
short name. The sources here must be those that the gateway's firmware was built from.
"""

import argparse
import ast
import re
import sys
from pathlib import Path

from host_tools.image import linked_firmware
from host_tools.linker.link import Linked
from host_tools.paths import FIRMWARE

_FRAME = re.compile(r'File "(?P<module>[^"]+)", line (?P<line>\d+)(, in \S+)?')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", type=argparse.FileType(), default=sys.stdin, help="default: stdin"
    )


def run(args: argparse.Namespace) -> int:
    """Print the text with every frame of linked code as it is in the sources."""
    print(in_sources(args.file.read(), linked_firmware()), end="")
    return 0


def in_sources(text: str, linked: Linked, firmware: Path = FIRMWARE) -> str:
    """Replace the frames of linked code in a text by those of the sources."""

    def frame(match: re.Match) -> str:
        place = linked.places.get(match["module"], {}).get(int(match["line"]))
        if not place:
            return match[0]
        path, first, last = place
        name = function_at((firmware / path).read_text(), first)
        lines = f"line {first}" if first == last else f"lines {first}-{last}"
        return f'File "{path}", {lines}, in {name}'

    return _FRAME.sub(frame, text)


def function_at(source: str, line: int) -> str:
    """The name of the innermost function that has a line of a source."""
    found = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        if node.lineno <= line <= node.end_lineno
    ]
    return max(found, key=lambda node: node.lineno).name if found else "<module>"
