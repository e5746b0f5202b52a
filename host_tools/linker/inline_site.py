"""A call that may be replaced by what it calls, and where it stands."""

import ast
from dataclasses import dataclass

from host_tools.linker.tree import FUNCTIONS, walk


class Refused(Exception):
    """This call is left as it is."""


@dataclass
class Site:
    """A `call` in a `statement` of a `block` of a `function`, which may be a method of `owner`."""

    code: object
    owner: ast.ClassDef | None
    function: ast.stmt
    block: list[ast.stmt]
    statement: ast.stmt
    call: ast.Call


def own_expressions(statement: ast.stmt) -> list[ast.expr]:
    """The expressions of a statement, without those of statements in it."""
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        return []
    nodes = list(ast.iter_child_nodes(statement))
    for node in [n for n in nodes if isinstance(n, ast.withitem)]:
        nodes += list(ast.iter_child_nodes(node))
    return [node for node in nodes if isinstance(node, ast.expr)]


def replace(statement: ast.stmt, place: ast.expr, value: ast.expr) -> None:
    """Put an expression in the place of another one."""
    for node in walk(statement):
        for name, old in ast.iter_fields(node):
            if old is place:
                setattr(node, name, value)
                return
            if isinstance(old, list) and any(item is place for item in old):
                old[[item is place for item in old].index(True)] = value
                return
    raise Refused
