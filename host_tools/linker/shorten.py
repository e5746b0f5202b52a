"""Gives private names and parameters short names that they share, before the firmware is compiled.

On the chip every distinct name costs about 20 bytes of heap, wherever it is used. Parameters are
therefore numbered by their position, and names that only one file knows (`_x`) get names that
MicroPython has in its ROM, anew in each file.
Nothing else changes: lines and columns of code stay where they were, so a traceback names the
right line of the source.

Always holds: a name is renamed only if a firmware file defines it; parameters that some call
names (`f(x=1)`) keep their names; classes that inherit from one another across files share one
numbering, so a subclass never takes its base's name for another thing.
"""

import ast
import builtins

from host_tools.linker.stock_names import names_of_stock_objects, short_names
from host_tools.linker.tree import walk

Place = tuple[int, int]


def shorten(sources: dict[str, str], parameters: bool = True) -> dict[str, str]:
    """Return the sources {"limen/core/text.py": text} with shorter private names (`_x`).

    With `parameters` the parameters change too; not so where others call the functions.
    """
    trees = {path: ast.parse(text) for path, text in sources.items()}
    kept = _named_in_calls(trees) if parameters else None
    taken = _identifiers(trees) | names_of_stock_objects() | set(dir(builtins))
    shortened = {}
    for family in _families(trees):
        private = sorted(set().union(*(_private_names(trees[path]) for path in family)))
        names = dict(zip(private, short_names(taken), strict=False))
        for path in family:
            shortened[path] = _rename(sources[path], trees[path], names, kept)
    return shortened


def _named_in_calls(trees: dict[str, ast.Module]) -> set[str]:
    return {
        keyword.arg
        for tree in trees.values()
        for node in walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
    }


def _families(trees: dict[str, ast.Module]) -> list[list[str]]:
    """Group the files: those whose classes inherit from one another are together."""
    family = {path: {path} for path in trees}
    for path, tree in trees.items():
        for origin in _origins_of_bases(tree) & trees.keys():
            merged = family[path] | family[origin]
            family.update(dict.fromkeys(merged, merged))
    return [sorted(members) for members in {id(f): f for f in family.values()}.values()]


def _origins_of_bases(tree: ast.Module) -> set[str]:
    """The files from which a module has the bases of its classes."""
    origins = _imported_from(tree)
    return {
        origins[base.id]
        for node in walk(tree)
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if isinstance(base, ast.Name) and base.id in origins
    }


def _imported_from(tree: ast.Module) -> dict[str, str]:
    return {
        alias.asname or alias.name: node.module.replace(".", "/") + ".py"
        for node in walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and len(name) > 2


def _private_names(tree: ast.Module) -> set[str]:
    """The private names that a module defines: functions, attributes of self, globals."""
    names = set()
    constants = _constants(tree)
    for node in walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Store):
            names.add(node.attr if isinstance(node, ast.Attribute) else node.id)
    return {name for name in names if _is_private(name)} - constants


def _constants(tree: ast.Module) -> set[str]:
    """Names of `_X = const(…)`: the compiler puts their values in place, so they cost nothing."""
    return {
        node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and getattr(node.value.func, "id", "") == "const"
        and isinstance(node.targets[0], ast.Name)
    }


def _identifiers(trees: dict[str, ast.Module]) -> set[str]:
    """Whatever is a name in some file."""
    nodes = [node for tree in trees.values() for node in walk(tree)]
    return {
        getattr(node, field)
        for node in nodes
        for field in ("id", "attr", "arg", "name", "asname")
        if isinstance(getattr(node, field, None), str)
    }


class _Places(ast.NodeVisitor):
    """Finds every place of a name that is to be replaced: {(line, column): (old, new)}."""

    def __init__(self, lines: list[str], names: dict[str, str], fixed: set[str] | None):
        self.places: dict[Place, tuple[str, str]] = {}
        self._lines = lines
        self._names = names
        self._fixed = fixed
        self._scopes: list[dict[str, str]] = []

    def visit_ClassDef(self, node):
        self._visit_definition(node)
        self.generic_visit(node)

    def visit_FunctionDef(self, node):
        self._visit_definition(node)
        self._visit_function(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        self._visit_function(node, [node.body])

    def visit_Name(self, node):
        scopes = [*reversed(self._scopes), self._names]
        new = next((scope[node.id] for scope in scopes if node.id in scope), None)
        if new:
            self.places[node.lineno, node.col_offset] = node.id, new

    def visit_Attribute(self, node):
        self.visit(node.value)
        if node.attr in self._names:
            column = node.end_col_offset - len(node.attr)
            self.places[node.end_lineno, column] = node.attr, self._names[node.attr]

    def _visit_definition(self, node):
        if node.name in self._names:
            column = self._lines[node.lineno - 1].index(node.name, node.col_offset)
            self.places[node.lineno, column] = node.name, self._names[node.name]

    def _visit_function(self, node, body):
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(default)
        taken = sum(map(len, self._scopes))
        free = [arg for arg in node.args.args if self._may_change(arg.arg)]
        scope = {arg.arg: f"_p{taken + position}" for position, arg in enumerate(free)}
        for arg in free:
            self.places[arg.lineno, arg.col_offset] = arg.arg, scope[arg.arg]
        self._scopes.append(scope)
        for child in body:
            self.visit(child)
        self._scopes.pop()

    def _may_change(self, parameter):
        return self._fixed is not None and len(parameter) > 1 and parameter not in self._fixed


def _fixed_names(tree: ast.Module) -> set[str]:
    """Names that a parameter must not share with something that is not an expression."""
    names = {"self"}
    for node in walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            names.update(node.names)
    return names


def _rename(source: str, tree: ast.Module, names: dict[str, str], kept: set[str] | None) -> str:
    lines = source.splitlines(keepends=True)
    visitor = _Places(lines, names, None if kept is None else kept | _fixed_names(tree))
    visitor.visit(tree)
    for (line, column), (old, new) in sorted(visitor.places.items(), reverse=True):
        text = lines[line - 1]
        column = len(text.encode()[:column].decode())  # ast counts bytes
        lines[line - 1] = text[:column] + new + text[column + len(old) :]
    return "".join(lines)
