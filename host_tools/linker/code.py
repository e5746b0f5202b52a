"""Resolved code of a bundle, and which of it is used at all.

On the chip code is heap, so definitions that nothing needs are left out: globals that nothing
refers to, and methods whose name nothing names. A method that a stock object has too is kept, as
stock code may call it, and so are all methods of classes with a stock base.
"""

import ast

from host_tools.linker.attribute_names import attributes_named
from host_tools.linker.bundles import Bundle
from host_tools.linker.resolve import Program
from host_tools.linker.stock_names import stock_names
from host_tools.linker.tree import FUNCTIONS, walk


class Code:
    """What a bundle has become so far; `names` {label: name in the one module}."""

    def __init__(self, program: Program, bundle: Bundle):
        self.bundle = bundle
        self.statements = [s for member in bundle.members for s in program.resolve(member)]
        self.names: dict[str, str] = {}

    def is_public(self, label: str) -> bool:
        """Whether others may know a global by its name."""
        module, _, name = label.partition(":")
        return module in self.bundle.whole and not name.startswith("_")

    def defined(self) -> list[str]:
        """The labels of the globals defined here, the public ones first."""
        labels = {label for statement in self.statements for label in bound(statement)}
        return sorted(labels, key=lambda label: (not self.is_public(label), label))


def bound(statement: ast.stmt) -> set[str]:
    """The labels of the globals that a statement at the top of a module defines."""
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        return {statement.name}
    return {
        node.id
        for node in walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and ":" in node.id
    }


def _used(statement: ast.stmt) -> list[str]:
    """The labels of globals that are used in a statement, those of late imports included."""
    nodes = list(walk(statement))
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    names += [node.name for node in nodes if isinstance(node, ast.alias)]
    return [name for name in names if ":" in name]


def leave_out_unused(code: list[Code]) -> None:
    """Leave out what is not used, and what only that used."""
    size = None
    while size != (size := sum(1 for one in code for s in one.statements for _ in walk(s))):
        _leave_out_definitions(code)
        _leave_out_methods([statement for one in code for statement in one.statements])


def _leave_out_definitions(code: list[Code]) -> None:
    """Keep the statements that do something, and the definitions that they need."""
    statements = [statement for one in code for statement in one.statements]
    definitions = {label: s for s in statements for label in bound(s)}
    needed = [label for one in code for label in filter(one.is_public, one.defined())]
    needed += [label for s in statements if not bound(s) for label in _used(s)]
    used: set[str] = set()
    while needed:
        label = needed.pop()
        if label in definitions and label not in used:
            used.add(label)
            needed += _used(definitions[label])
    for one in code:
        one.statements = [s for s in one.statements if not bound(s) or used & bound(s)]


def _leave_out_methods(statements: list[ast.stmt]) -> None:
    nodes = [node for statement in statements for node in walk(statement)]
    named = attributes_named(nodes) | stock_names()
    for node in nodes:
        if isinstance(node, ast.ClassDef) and all(map(is_own, node.bases)):
            node.body = [s for s in node.body if _may_be_called(s, named)]
            node.body = node.body or [ast.Pass()]


def is_own(base: ast.expr) -> bool:
    return getattr(base, "id", "").startswith("limen.")


def _may_be_called(statement: ast.stmt, named: set[str]) -> bool:
    name = statement.name[1:] if isinstance(statement, FUNCTIONS) else "__"
    return name in named or name.startswith("__")
