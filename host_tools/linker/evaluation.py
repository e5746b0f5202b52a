"""In which order expressions are evaluated, as far as that is plain."""

import ast
from collections.abc import Iterator

from host_tools.linker.tree import walk

_EVALUATED = {
    ast.IfExp: ("test",),
    ast.BinOp: ("left", "right"),
    ast.UnaryOp: ("operand",),
    ast.Attribute: ("value",),
    ast.Subscript: ("value", "slice"),
    ast.Call: ("func",),
    ast.Await: ("value",),
}
"""What expressions of a kind evaluate first, and in any case."""


def comes_first(statement: ast.stmt, place: ast.expr) -> bool | None:
    """Whether a statement evaluates an expression before it does anything else."""
    if isinstance(statement, (ast.Expr, ast.Assign, ast.Return)):
        return _leads(statement.value, place)
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        return _leads(statement.value, place)
    if isinstance(statement, ast.If):
        return _leads(statement.test, place)
    if isinstance(statement, ast.For):
        return _leads(statement.iter, place)
    if isinstance(statement, ast.Raise):
        return _leads(statement.exc, place)
    return False


def _leads(expression: ast.expr | None, place: ast.expr) -> bool | None:
    """True: the expression evaluates the place first; None: it does nothing but read locals."""
    if expression is place:
        return True
    if expression is None or isinstance(expression, (ast.Constant, ast.Name)):
        return None
    if isinstance(expression, (ast.Tuple, ast.List)):
        return _first_of(expression.elts, place)
    led = _first_of(_parts(expression), place)
    return False if led is None else led


def _first_of(parts: list[ast.expr], place: ast.expr) -> bool | None:
    for part in parts:
        led = _leads(part, place)
        if led is not None:
            return led
    return None


def order_of(expression: ast.AST) -> Iterator[str | None]:
    """The names that an expression reads, in order; None where it does something else."""
    if isinstance(expression, ast.Name):
        yield expression.id
    elif not isinstance(expression, ast.Constant):
        parts = _parts(expression)
        for part in parts:
            yield from order_of(part)
        yield None
        sure = {node for part in parts for node in walk(part)}
        others = [node for node in walk(expression) if node not in sure]
        yield from (node.id for node in others if isinstance(node, ast.Name))


def _parts(expression: ast.expr) -> list[ast.expr]:
    """What an expression evaluates in any case, in its order, before it does its own work."""
    if isinstance(expression, ast.Compare):
        return [expression.left, expression.comparators[0]]
    if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name):
        return [*expression.args, *(keyword.value for keyword in expression.keywords)]
    if isinstance(expression, ast.BoolOp):
        return expression.values[:1]
    if isinstance(expression, (ast.Tuple, ast.List)):
        return expression.elts
    fields = _EVALUATED.get(type(expression), ())
    return [getattr(expression, name) for name in fields]
