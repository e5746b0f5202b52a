"""Small things about syntax trees that several parts of the linker need."""

import ast
from collections.abc import Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it in the order of `ast.walk`, which takes three times as long; the
    linker does little else. Without those that say whether a name is loaded or stored."""
    nodes = [node]
    for one in nodes:
        for field in one._fields:
            value = getattr(one, field, None)
            if isinstance(value, list):
                nodes += [part for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                nodes.append(value)
        yield one


def blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements in a statement, none of them empty; expressions have none."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if block and isinstance(block, list):
            yield block
    for handler in getattr(node, "handlers", ()):
        yield handler.body


def stores(node: ast.AST) -> list[str]:
    """The locals that a node binds."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
        return [node.id]
    if isinstance(node, ast.ExceptHandler) and node.name:
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name for alias in node.names]
    return []


def like(node: ast.AST, old: ast.AST) -> ast.AST:
    """A new node, with the place of another one in the sources."""
    node = ast.copy_location(node, old)
    if hasattr(old, "origin"):
        node.origin = old.origin
    return node
