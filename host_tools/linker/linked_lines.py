"""The text of a linked module, and where its lines are in the sources.

Bytecode has a table of the lines of each function, a byte or two for each line that begins: heap.
So two simple statements that follow one another in the source share a line, and a body of one
stands behind its condition. A line of linked code is still of one function, and names two
statements of it at the most. What runs once, the top of modules and classes, is left as it is.
"""

import ast
from collections.abc import Iterator

from host_tools.linker.tree import FUNCTIONS, blocks, walk

Place = tuple[str, int, int]
"""A source, and the first and the last of its lines that one line of a linked module stands for."""

_MOST = 2
_NEAR = 2  # lines; the next function begins further on
_HEADED = (ast.If, ast.For, ast.While, ast.With)
_COMPOUND = (*_HEADED, *FUNCTIONS, ast.ClassDef, ast.Try, ast.AsyncFor, ast.AsyncWith)


def text_and_places(tree: ast.Module) -> tuple[str, dict[int, Place]]:
    """The text; and {line: place}, as far as the statements have an origin."""
    lines = [line for line in ast.unparse(tree).splitlines() if line]
    parsed = ast.parse("\n".join(lines))
    for node in walk(parsed):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            _take_parentheses_off(lines, node.value)
    pairs = list(zip(_statements(tree), _statements(parsed), strict=True))
    new = dict(pairs)
    joined = {new[one].lineno: sep for one, sep in _joined(tree).items()}
    return _write(lines, joined, pairs)


def _write(
    lines: list[str], joined: dict[int, str], pairs: list[tuple[ast.stmt, ast.stmt]]
) -> tuple[str, dict[int, Place]]:
    """Put each line that is `joined` behind the one before, with its separator."""
    texts: list[str] = []
    now: dict[int, int] = {}
    for number, line in enumerate(lines, 1):
        if number in joined:
            texts[-1] += joined[number] + line.strip()
        else:
            texts.append(line)
        now[number] = len(texts)
    places: dict[int, Place] = {}
    for old, new in pairs:
        if hasattr(old, "origin"):
            line = now[new.lineno]
            _, first, last = places.get(line, (old.origin, old.lineno, old.lineno))
            places[line] = old.origin, min(first, old.lineno), max(last, old.lineno)
    return "".join(text + "\n" for text in texts), places


def _joined(tree: ast.Module) -> dict[ast.stmt, str]:
    """The statements that go behind what is before them, and what stands between."""
    joined: dict[ast.stmt, str] = {}
    for function in walk(tree):
        if isinstance(function, FUNCTIONS):
            for node in walk(function):
                for block in blocks(node):
                    _join_block(node, block, joined)
    return joined


def _join_block(owner: ast.AST, block: list[ast.stmt], joined: dict[ast.stmt, str]) -> None:
    count = 1
    for before, statement in zip(block, block[1:], strict=False):
        count += 1
        if count > _MOST or not (_is_simple(before) and _follows(before, statement)):
            count = 1
        else:
            joined[statement] = "; "
    is_short = len(block) < _MOST and all(one in joined for one in block[1:])
    is_body = isinstance(owner, _HEADED) and block is owner.body
    if is_short and is_body and _follows(owner, block[0]):
        joined[block[0]] = " "


def _is_simple(statement: ast.stmt) -> bool:
    return not isinstance(statement, _COMPOUND)


def _follows(before: ast.stmt, statement: ast.stmt) -> bool:
    """Whether a simple statement comes soon behind another one in the same function's source."""
    origin = getattr(statement, "origin", None)
    if not _is_simple(statement) or not origin or origin != getattr(before, "origin", None):
        return False
    return 0 <= statement.lineno - before.lineno <= _NEAR


def _take_parentheses_off(lines: list[str], value: ast.expr) -> None:
    """`a, b = (c, d)` makes a tuple on the chip, and `a, b = c, d` does not."""
    at = value.lineno - 1
    if isinstance(value, ast.Tuple) and value.end_lineno == value.lineno:
        line, begin, end = lines[at].encode(), value.col_offset, value.end_col_offset
        if line[begin : begin + 1] == b"(" and line[end - 1 : end] == b")":
            lines[at] = (line[:begin] + line[begin + 1 : end - 1] + line[end:]).decode()


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements below a node, in the order of the text."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        yield from _statements(child)
