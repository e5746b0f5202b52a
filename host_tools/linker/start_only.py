"""Finds what only the start of the gateway needs, so that the chip can forget it.

Constructors, readers of the configuration and what they call run once and would stay on the heap
for ever. `limen.app.main` calls functions that mark how far the start has come: whatever the code
behind such a call cannot reach is *start-only*, and the linker lets the call delete it.

To reach is meant widely. A method is reached where its name is named, whatever object is meant;
where stock code may call it; and everywhere it is taken as a value and not called, as it may then
be called later. Coroutines, lambdas and functions in functions run when they like. What may be
loaded after the start is left whole, and so is what it needs. Only of a class that the start gets
from a module loaded by name it is taken for granted that objects are made of it at once. Where a
name is made at run time (`getattr(x, name)`), every public name is reached.
"""

import ast
import builtins
from collections.abc import Iterator

from host_tools.linker.attribute_names import families, is_private, named_in_text
from host_tools.linker.code import Code, bound, is_own
from host_tools.linker.resolve import Program
from host_tools.linker.stock_names import stock_names
from host_tools.linker.tree import FUNCTIONS, walk

MARKS = ("limen.app:forget_devices", "limen.app:forget_start")
"""The functions that mark it. Each loads a module that deletes, once, and then itself."""

Definition = tuple[ast.ClassDef | None, ast.stmt]
"""What defines something, and the class that it is a method of."""

_INIT = ".__init__"


def find_start_only(program: Program, code: list[Code]) -> dict[str, dict[Code, list[Definition]]]:
    """{module that is to delete it: what of each bundle is not needed any longer}.

    The functions that mark the way load these modules from now on.
    """
    marks = {label: s for one in code for s in one.statements for label in bound(s)}
    found: dict[str, dict[Code, list[Definition]]] = {}
    gone: set[ast.stmt] = set()
    for label in filter(marks.__contains__, MARKS):
        reached = _Reached(program, code, label)
        dead = {one: [d for d in reached.rest(one) if d[1] not in gone] for one in code}
        gone |= {definition for parts in dead.values() for _, definition in parts}
        name = label.partition(":")[2]
        found[name] = {one: parts for one, parts in dead.items() if parts}
    for name in found:
        _load_from(marks[f"limen.app:{name}"], name)
    return found


def _load_from(function: ast.stmt, name: str) -> None:
    """Let a function load a module, which does not stay."""
    body = ast.parse(f"import {name}").body
    function.body = [ast.copy_location(statement, function.body[0]) for statement in body]
    for statement in function.body:
        for node in walk(statement):
            node.origin = function.origin


def forgetting(places: dict[str, list[str]]) -> ast.Module:
    """The module that deletes {bundle: ["name" or "class.name"]} where the bundle is loaded.

    A slot that is deleted in a class still holds its value; one that is overwritten does not.
    """
    lines = ["import sys"]
    for bundle, names in places.items():
        lines.append("def _0(_1):")  # in pieces, as a full heap has no room for a large one
        lines += [f"    _1.{n} = None" if "." in n else f"    del _1.{n}" for n in names]
        lines += [f"_2 = sys.modules.get({bundle!r})", "if _2:", "    _0(_2)"]
    return ast.parse("\n".join([*lines, "del sys.modules[__name__]"]))


class _Reached:
    """What of the code can be reached behind a mark."""

    def __init__(self, program: Program, code: list[Code], mark: str):
        self._all = code
        self._code = [one for one in code if one.bundle.name.startswith("limen")]
        self._definitions = {label: s for one in code for s in one.statements for label in bound(s)}
        self._labels: set[str] = set()
        self._names: set[str] = set()
        self._taken: set[str] = set()
        self._reaches_any = False
        self._reached: set[ast.AST] = set()
        self._todo: list[ast.AST] = []
        self._stock = stock_names()
        nodes = [node for one in code for s in one.statements for node in walk(s)]
        self._family = {
            path: str(number)
            for number, family in enumerate(families(program, nodes))
            for path in family
        }
        for node in _marked(code, mark):
            self._reach(node)
        self._reach_what_runs_later()
        self._reach_all()

    def _reach_what_runs_later(self) -> None:
        """What the start makes and does not run, and what it takes as a value."""
        for function in self._functions():
            if isinstance(function, ast.AsyncFunctionDef) or _yields(function):
                self._reach(function)
            for node in _inner_code(function):
                self._reach(node)
            for name, node in _taken_names(function):
                if name.startswith("."):
                    self._taken.add(self._attribute(name[1:], node))
                else:
                    self._labels.add(name)

    def _attribute(self, name: str, node: ast.AST) -> str:
        """Private names of different families are different names."""
        return self._family[node.origin] + name if is_private(name) else name

    def _functions(self) -> Iterator[ast.stmt]:
        """Those of the gateway: a script is part of it if the package loads it, by its name."""
        package = [one for one in self._code if one.bundle.name.startswith("limen")]
        nodes = [node for one in package for s in one.statements for node in walk(s)]
        scripts = set(filter(None, map(_script, nodes)))
        for one in self._code:
            if one not in package and one.bundle.name not in scripts:
                continue
            for statement in one.statements:
                nodes = statement.body if isinstance(statement, ast.ClassDef) else [statement]
                yield from (node for node in nodes if isinstance(node, FUNCTIONS))

    def _reach(self, node: ast.AST) -> None:
        if node not in self._reached:
            self._reached.add(node)
            self._todo.append(node)

    def _reach_all(self) -> None:
        """Follow the names until nothing new is reached."""
        size = None
        while size != (size := (len(self._reached), len(self._labels), len(self._names))):
            while self._todo:
                self._take(self._todo.pop())
            for one in self._code:
                for statement in one.statements:
                    self._look_at(one, statement)

    def _take(self, root: ast.AST) -> None:
        """Note all that a piece of reached code names."""
        for node in walk(root):
            if isinstance(node, ast.Name):
                self._labels.add(node.id)
            elif isinstance(node, ast.Attribute):
                self._names.add(self._attribute(node.attr, node))
            elif isinstance(node, ast.alias):
                self._load(node.name)
            elif _is_import(node):
                self._load_any(node)
            if text := named_in_text(node):
                self._names.add(self._attribute(text.value, text))
            elif _names_any(node):
                self._reaches_any = True

    def _load(self, name: str) -> None:
        """A late import is reached: of a label, or of a whole module (`@module`)."""
        self._labels.add(name)
        for one in self._code:
            here = name in one.defined() or name.removeprefix("@") in one.bundle.members
            if here and one.bundle.name != "limen":
                self._keep_whole(one)

    def _load_any(self, call: ast.Call) -> None:
        """A module is imported by a name that is made at run time, or is that of a script."""
        if script := _script(call):
            for one in self._all:
                if one.bundle.name == script:
                    self._keep_whole(one)
            return
        nodes = list(walk(call))
        named = [self._definitions.get(node.id) for node in nodes if isinstance(node, ast.Name)]
        nodes += [node for statement in filter(None, named) for node in walk(statement)]
        texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
        prefixes = tuple(t for t in texts if isinstance(t, str) and t.startswith("limen."))
        for one in self._code[1:]:
            if any(member.startswith(prefixes or "limen.") for member in one.bundle.members):
                self._keep_whole(one)

    def _keep_whole(self, one: Code) -> None:
        for statement in one.statements:
            self._reach(statement)

    def _look_at(self, one: Code, statement: ast.stmt) -> None:
        """Reach a definition, or parts of a class, if something reached names it."""
        is_named = any(self._is_named(one, label) for label in bound(statement))
        if isinstance(statement, ast.ClassDef):
            if is_named:
                self._labels |= {base.id for base in statement.bases if isinstance(base, ast.Name)}
                self._labels.add(statement.name)
            for method in statement.body:
                if not isinstance(method, FUNCTIONS) or self._may_run(statement, method):
                    self._reach(method)
        elif is_named:
            self._reach(statement)

    def _is_named(self, one: Code, label: str) -> bool:
        plain = label.partition(":")[2]
        if label in self._labels or not one.is_public(label):
            return label in self._labels
        is_class = isinstance(self._definitions[label], ast.ClassDef)
        is_taken = plain in self._taken and not is_class
        return self._reaches_any or plain in self._names or is_taken

    def _may_run(self, owner: ast.ClassDef, method: ast.AST) -> bool:
        name = method.name[1:]
        if method.name == _INIT:
            return owner.name in self._labels or not all(map(is_own, owner.bases))
        is_any = self._reaches_any and not is_private(name)
        is_stock = is_any or name in self._stock or name.startswith("__")
        is_named = self._attribute(name, method) in self._names | self._taken
        return is_stock or is_named or bool(method.decorator_list)

    def rest(self, one: Code) -> list[Definition]:
        """What of a bundle is not reached."""
        dead: list[Definition] = []
        if one not in self._code:
            return dead
        for statement in one.statements:
            if isinstance(statement, ast.ClassDef):
                methods = [m for m in statement.body if isinstance(m, FUNCTIONS)]
                dead += [(statement, m) for m in methods if m not in self._reached]
            elif len(bound(statement)) == 1 and statement not in self._reached:
                dead.append((None, statement))
        return dead


def _marked(code: list[Code], mark: str) -> Iterator[ast.stmt]:
    """The statements behind the call of a mark."""
    for one in code:
        for function in one.statements:
            body = function.body if isinstance(function, FUNCTIONS) else []
            marks = [index for index, s in enumerate(body) if _is_call(s, mark)]
            for index in marks:
                yield from body[index:]


def _is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "__import__"


def _script(node: ast.AST) -> str | None:
    """The script that a call loads by its name."""
    name = getattr(node.args[0], "value", None) if _is_import(node) else None
    return name if isinstance(name, str) and not name.startswith("limen.") else None


def _names_any(node: ast.AST) -> bool:
    """Whether a node gets something of ours by a name that is made at run time."""
    if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in ("getattr", "hasattr"):
        return False
    receiver = getattr(node.args[0], "id", "")
    return named_in_text(node) is None and (":" not in receiver or receiver.startswith("limen."))


def _is_call(statement: ast.stmt, label: str) -> bool:
    call = getattr(statement, "value", None)
    return isinstance(call, ast.Call) and getattr(call.func, "id", "") == label


def _inner_code(function: ast.stmt) -> Iterator[ast.AST]:
    """What in a function may run later than the function itself."""
    at_once = {
        argument
        for node in walk(function)
        if isinstance(node, ast.Call) and hasattr(builtins, getattr(node.func, "id", ""))
        for argument in node.args
    }
    for child in function.body:
        for node in walk(child):
            is_inner = isinstance(node, (*FUNCTIONS, ast.Lambda, ast.GeneratorExp))
            if is_inner and node not in at_once:
                yield node


def _yields(function: ast.stmt) -> bool:
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in walk(function))


def _taken_names(function: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    """The labels, and the attributes with a dot before them, that a function takes as values.

    What it calls it does not take; nor a class that it has imported late and returns.
    """
    nodes = [node for child in function.body for node in walk(child)]
    called = {node.func for node in nodes if isinstance(node, ast.Call)}
    returned = {node.value for node in nodes if isinstance(node, ast.Return)}
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    late = {alias.asname: alias.name for node in imports for alias in node.names}
    for node in nodes:
        if node in called or not isinstance(getattr(node, "ctx", None), ast.Load):
            continue
        if isinstance(node, ast.Attribute):
            yield f".{node.attr}", node
        elif isinstance(node, ast.Name) and ":" in node.id:
            yield node.id, node
        elif isinstance(node, ast.Name) and node.id in late and node not in returned:
            yield late[node.id], node
