"""Makes wrong versions of a module, mechanically: each differs from the right one in one place.

Kinds: a statement dropped, a condition negated, a comparison moved by one, a number one more, a
sign turned, two statements swapped. Nothing is made where the change could not matter: docstrings,
imports, `const` names' declarations of text.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_TURNED = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
_SIGNS = {ast.Add: "-", ast.Sub: "+"}
_DROPPED = (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise)
_SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign)


@dataclass(frozen=True)
class Mutant:
    """A module's text with one change, which `what` names, at `line` of the right text; this line
    reads `code` there, and `becomes` another."""

    file: str
    line: int
    what: str
    text: str
    code: str = ""
    becomes: str = ""

    @property
    def change(self) -> tuple[str, str, str]:
        return self.file, self.code, self.becomes

    @property
    def name(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


def mutants_of(file: str, text: str) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    source = _Source(text)
    found = []
    for function in _functions(ast.parse(text)):
        for node in ast.walk(function):
            found += [
                Mutant(file, line, what, changed, _line(text, line), _line(changed, line))
                for line, what, changed in _changes(source, node)
            ]
    return sorted(set(found), key=lambda mutant: (mutant.line, mutant.what, mutant.text))


def _line(text: str, number: int) -> str:
    return text.splitlines()[number - 1].strip()


def _functions(tree: ast.Module) -> Iterator[ast.AST]:
    return (n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))


class _Source:
    """A text whose parts are known by the nodes of its tree."""

    def __init__(self, text: str):
        self._text = text.encode()
        self._starts = [0]
        for line in self._text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: ast.AST) -> tuple[int, int]:
        begin = self._starts[node.lineno - 1] + node.col_offset
        return begin, self._starts[node.end_lineno - 1] + node.end_col_offset

    def of(self, node: ast.AST) -> str:
        begin, end = self.span(node)
        return self._text[begin:end].decode()

    def between(self, left: ast.AST, right: ast.AST) -> tuple[int, int]:
        return self.span(left)[1], self.span(right)[0]

    def with_part(self, begin: int, end: int, part: str) -> str:
        return (self._text[:begin] + part.encode() + self._text[end:]).decode()

    def put(self, node: ast.AST, part: str) -> str:
        return self.with_part(*self.span(node), part)


def _changes(source: _Source, node: ast.AST) -> Iterator[tuple[int, str, str]]:
    yield from _dropped_and_swapped(source, node)
    if isinstance(node, (ast.If, ast.While, ast.IfExp)):
        test = node.test
        yield (
            test.lineno,
            f"not ({source.of(test)})",
            source.put(test, f"(not ({source.of(test)}))"),
        )
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        sign = _TURNED[type(node.ops[0])]
        begin, end = source.between(node.left, node.comparators[0])
        yield node.lineno, f"{sign} in {source.of(node)}", source.with_part(begin, end, f" {sign} ")
    if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
        sign = _SIGNS[type(node.op)]
        begin, end = source.between(node.left, node.right)
        changed = source.with_part(begin, end, f" {sign} ")
        yield node.lineno, f"{sign} in {source.of(node)}", changed
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield node.lineno, f"{node.value} + 1", source.put(node, str(node.value + 1))


def _dropped_and_swapped(source: _Source, node: ast.AST) -> Iterator[tuple[int, str, str]]:
    for body in (getattr(node, "body", None), getattr(node, "orelse", None)):
        if not isinstance(body, list):
            continue
        for statement in body:
            if isinstance(statement, _DROPPED) and not _is_text(statement):
                yield (
                    statement.lineno,
                    f"without {source.of(statement)}",
                    source.put(statement, "pass"),
                )
        for one, other in zip(body, body[1:], strict=False):
            if isinstance(one, _SIMPLE) and isinstance(other, _SIMPLE) and _depend(one, other):
                what = f"{source.of(other)} before {source.of(one)}"
                yield one.lineno, what, _swapped(source, one, other)


def _depend(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether the order of two statements can matter: one changes what the other looks at."""
    if _is_text(one):
        return False
    (reads, writes, calls), (other_reads, other_writes, other_calls) = map(_effects, (one, other))
    meets = writes & (other_reads | other_writes) or other_writes & reads
    return bool(meets or calls and other_calls or calls and other_writes or other_calls and writes)


def _effects(statement: ast.stmt) -> tuple[set[str], set[str], bool]:
    """The names and attributes read, those written, and whether calls are made."""
    reads, writes, calls = set(), set(), False
    for node in ast.walk(statement):
        calls |= isinstance(node, ast.Call)
        if isinstance(node, (ast.Name, ast.Attribute)):
            name = node.id if isinstance(node, ast.Name) else f".{node.attr}"
            (writes if isinstance(node.ctx, ast.Store) else reads).add(name)
    return reads - {"self"}, writes, calls


def _swapped(source: _Source, one: ast.stmt, other: ast.stmt) -> str:
    begin, end = source.span(one)[0], source.span(other)[1]
    gap = source.with_part(0, 0, "").encode()[slice(*source.between(one, other))].decode()
    return source.with_part(begin, end, source.of(other) + gap + source.of(one))


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
