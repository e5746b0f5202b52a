"""Finds what every name of the firmware stands for, over all its modules.

In a resolved module a name tells by its label what it is: `limen.core.text:Text` is a global of
that module, `time:ticks_ms` one of a stock module and `asyncio:` the module itself, `$0` the first
parameter of the function, `.feed` an attribute that a class body binds. Modules can then be put
together in one namespace. Constants are in place, and with the imports at the top they are gone;
an import inside a function names the module that it loads with an `@` before it. Other attributes
and locals are as they were, and so are parameters that some call names.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from host_tools.errors import ToolError
from host_tools.linker.tree import FUNCTIONS, like, walk

_SCOPES = (*FUNCTIONS, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True)
class Origin:
    """Where a global is defined: a name of a module, or the module itself (name empty)."""

    module: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.module}:{self.name}"


@dataclass
class Module:
    """A module of the firmware, `bindings` has where each of its globals comes from."""

    name: str
    path: str
    tree: ast.Module
    bindings: dict[str, Origin] = field(default_factory=dict)
    imported: dict[bool, list[Origin]] = field(default_factory=lambda: {False: [], True: []})
    """{late: what it imports at its top, or late, in its functions}."""
    constants: dict[str, ast.expr] = field(default_factory=dict)
    """Expressions of `X = const(…)`; each is replaced by its value when that is first asked for."""


_CONST = Origin("micropython", "const")

_BORROWED = """
known = set(sys.modules)
try:
    pass
finally:
    forget_since(known)
"""
_BORROWED_NAMES = {"sys": "sys:", "forget_since": "limen.core.late:forget_since"}
"""What `with Borrowed():` does around its block: an import that fails leaves nothing, either."""


def name_of(path: str) -> str:
    """limen/core/text.py is the module limen.core.text."""
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


class Program:
    """All modules {name: Module} of the firmware."""

    def __init__(self, sources: dict[str, str]):
        self.modules: dict[str, Module] = {}
        for path, text in sources.items():
            self.modules[name_of(path)] = Module(name_of(path), path, _parsed(path, text))
        nodes = [node for m in self.modules.values() for node in walk(m.tree)]
        self.named_in_calls = {node.arg for node in nodes if isinstance(node, ast.keyword)}
        for module in self.modules.values():
            top = set(_in_scope(module.tree.body))
            for node in walk(module.tree):
                module.imported[node not in top] += self._imported_by(node).values()
            for node in _in_scope(module.tree.body):
                own = {name: Origin(module.name, name) for name in _bound_by(node)}
                module.bindings |= own | self._imported_by(node)
            for statement in filter(_is_constant, module.tree.body):
                module.constants[statement.targets[0].id] = statement.value

    def _imported_by(self, node: ast.AST) -> dict[str, Origin]:
        """{name: origin} of what an import statement binds."""
        if isinstance(node, ast.Import):
            return {a.asname or a.name: Origin(a.name) for a in node.names}
        if isinstance(node, ast.ImportFrom):
            return {a.asname or a.name: self._origin(node.module, a.name) for a in node.names}
        return {}

    def _origin(self, module: str, name: str) -> Origin:
        whole = f"{module}.{name}"
        return Origin(whole) if whole in self.modules else Origin(module, name)

    def imports(self, name: str, late: bool = False) -> list[str]:
        """The firmware's modules that a module imports: at its top, or late, in its functions."""
        origins = [o.module for o in self.modules[name].imported[late]]
        return [module for module in dict.fromkeys(origins) if module in self.modules]

    def late_modules(self, name: str) -> list[str]:
        """Modules that a module imports late and as a whole: `from limen.hal import pins`."""
        origins = self.modules[name].imported[True]
        return [o.module for o in origins if not o.name and o.module in self.modules]

    def meaning(self, module: str, name: str) -> Origin | ast.expr | None:
        """Where a global of a module is defined, or or its value, if it is a constant."""
        if module not in self.modules:
            return Origin(module, name)
        here = self.modules[module]
        if name in here.constants:
            return self._constant(here, name)
        found = here.bindings.get(name)
        if found is None or found.module == module or not found.name:
            return found
        meaning = self.meaning(found.module, found.name)
        if meaning is None:
            raise ToolError(f"{here.path}: {found.module} has no {found.name} at the top.")
        return meaning

    def _constant(self, module: Module, name: str) -> ast.expr:
        expression = module.constants[name]
        if isinstance(expression, ast.Call):
            source = ast.unparse(_Resolver(self, module).visit(expression.args[0]))
            value = eval(source, {"__builtins__": {}})
            module.constants[name] = ast.parse(repr(value), mode="eval").body
        return module.constants[name]

    def resolve(self, name: str) -> list[ast.stmt]:
        """The statements of a module, resolved. To be called once for each module."""
        module = self.modules[name]
        statements = [node for node in module.tree.body if not _is_constant(node)]
        return _Resolver(self, module).visited(statements)


def _parsed(path: str, text: str) -> ast.Module:
    tree = ast.parse(text)
    tree.body = [part for statement in tree.body for part in _on_the_chip(statement)]
    for node in walk(tree):
        node.origin = path
    return tree


def _on_the_chip(statement: ast.stmt) -> list[ast.stmt]:
    """What a statement at the top of a module is on the chip, in its simplest form.

    Of two ways to go, with and without an import, MicroPython goes the first; and
    `A, B = const(1), const(2)` are two statements.
    """
    if _tries_an_import(statement):
        return statement.body
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Tuple):
        (names,) = statement.targets
        if isinstance(names, ast.Tuple):
            pairs = zip(names.elts, statement.value.elts, strict=True)
            singles = [ast.Assign([name], value) for name, value in pairs]
            return [ast.copy_location(single, statement) for single in singles]
    return [statement]


def _tries_an_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Try) and all(
        getattr(handler.type, "id", "") == "ImportError" for handler in statement.handlers
    )


def _in_scope(nodes: list[ast.AST]) -> Iterator[ast.AST]:
    """The nodes and all below them, without those inside functions and classes."""
    for node in nodes:
        yield node
        if not isinstance(node, _SCOPES):
            yield from _in_scope(ast.iter_child_nodes(node))


def _bound_by(node: ast.AST) -> list[str]:
    """The names that a node by itself binds in its scope, but for imports."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return [node.id]
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return [node.name]
    return [node.name] if isinstance(node, ast.ExceptHandler) and node.name else []


def _is_constant(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and isinstance(statement.value, ast.Call)
        and getattr(statement.value.func, "id", "") == "const"
    )


class _Resolver(ast.NodeTransformer):
    """Labels the names of one module; `_scopes` has the locals {name: label}, outermost first."""

    def __init__(self, program: Program, module: Module):
        self._program = program
        self._module = module
        self._scopes: list[dict[str, str]] = []

    def visited(self, statements):
        """The statements that are left, without strings that only a reader of source needs."""
        left = []
        for statement in statements:
            if not isinstance(getattr(statement, "value", None), ast.Constant) or not isinstance(
                statement, ast.Expr
            ):
                found = self.visit(statement)
                left += found if isinstance(found, list) else [found] if found else []
        return left

    def _local(self, name: str) -> str | None:
        return next((scope[name] for scope in reversed(self._scopes) if name in scope), None)

    def _meaning(self, name: str) -> Origin | ast.expr | None:
        return None if self._local(name) else self._program.meaning(self._module.name, name)

    def visit_Name(self, node):
        return self._put(self._meaning(node.id), node) or self._named(self._local(node.id), node)

    def visit_Attribute(self, node):
        if isinstance(node.value, ast.Name):
            base = self._meaning(node.value.id)
            if isinstance(base, Origin) and not base.name and base.module in self._program.modules:
                return self._put(self._program.meaning(base.module, node.attr), node)
        return self.generic_visit(node)

    def _put(self, meaning, node):
        if isinstance(meaning, Origin) and not meaning.name:
            if meaning.module in self._program.modules:
                place = f"{self._module.path} line {node.lineno}"
                raise ToolError(f"{place}: {meaning.module} must be imported where it is used.")
        if meaning == _CONST:
            place = f"{self._module.path} line {node.lineno}"
            raise ToolError(f"{place}: a constant must be `NAME = const(value)` at the top.")
        return self._named(str(meaning), node) if isinstance(meaning, Origin) else meaning

    def _named(self, label, node):
        if not label:
            return node
        named = ast.copy_location(ast.Name(label, node.ctx), node)
        named.origin = node.origin
        return named

    def visit_ClassDef(self, node):
        node.bases = [self.visit(base) for base in node.bases]
        outside = self._scopes
        bound = [name for child in _in_scope(node.body) for name in _bound_by(child)]
        body = []
        for statement in node.body:
            # What a class body binds is known in it, but not inside its functions.
            own = {} if isinstance(statement, FUNCTIONS) else {name: f".{name}" for name in bound}
            self._scopes = [*outside, own]
            body += self.visited([statement])
        self._scopes = outside
        for function in node.body:
            if isinstance(function, FUNCTIONS):
                function.name = f".{function.name}"
        return self._defined(node, body)

    def visit_FunctionDef(self, node):
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        body = self._visit_function(node.args, node.body)
        return self._defined(node, body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        (node.body,) = self._visit_function(node.args, [node.body])
        return node

    def _visit_function(self, arguments, body):
        """Return what a function has inside, visited; its defaults belong outside."""
        arguments.defaults = [self.visit(default) for default in arguments.defaults]
        outside = self._scopes
        self._scopes = [*outside, self._locals(arguments, body)]
        for argument in arguments.args:
            argument.arg = self._local(argument.arg)
        body = self.visited(body)
        self._scopes = outside
        return body

    def _locals(self, arguments, body):
        nodes = list(_in_scope(body))
        bound = [name for node in nodes for name in _bound_by(node)]
        bound += [name for node in nodes for name in self._program._imported_by(node)]
        taken = sum(label.startswith("$") for scope in self._scopes for label in scope.values())
        labels = {name: name for name in bound}
        for number, argument in enumerate(arguments.args, taken):
            labels[argument.arg] = self._parameter(argument.arg, number)
        return labels

    def _parameter(self, name, number):
        return name if name == "self" or name in self._program.named_in_calls else f"${number}"

    def _defined(self, node, body):
        """The function or class with its new body, and its own name labelled."""
        node.body = body or [ast.copy_location(ast.Pass(), node)]
        if not self._scopes:
            node.name = str(self._program.meaning(self._module.name, node.name))
        return node

    def visit_With(self, node):
        """`with Borrowed():` is written out, as the class would cost 250 bytes of heap."""
        node = self.generic_visit(node)
        call = node.items[0].context_expr
        if getattr(getattr(call, "func", None), "id", "") != "limen.core.late:Borrowed":
            return node
        if self._local("known"):
            place = f"{self._module.path} line {node.lineno}"
            raise ToolError(f"{place}: a function with Borrowed may have no local `known`.")
        remember, forget = (like(one, node) for one in ast.parse(_BORROWED).body)
        for part in (*walk(remember), *walk(forget)):
            part.origin = node.origin
            if isinstance(part, ast.Name):
                part.id = _BORROWED_NAMES.get(part.id, part.id)
        forget.body = node.body
        return [remember, forget]

    # Imports.

    def visit_Import(self, node):
        return node if self._scopes else None

    def visit_ImportFrom(self, node):
        if not self._scopes:
            return None
        if node.module.split(".")[0] not in self._program.modules:
            return node
        return [self._late(node, alias) for alias in node.names]

    def _late(self, node, alias):
        """An import inside a function: of a whole module, or of what one module defines."""
        local = alias.asname or alias.name
        origin = self._program._origin(node.module, alias.name)
        if not origin.name:
            late = ast.Import([ast.alias(f"@{origin.module}", local)])
        else:
            found = self._program.meaning(origin.module, origin.name)
            if not isinstance(found, Origin):
                return ast.copy_location(ast.Assign([ast.Name(local, ast.Store())], found), node)
            late = ast.ImportFrom(f"@{found.module}", [ast.alias(str(found), local)], 0)
        late.origin = node.origin
        return ast.copy_location(late, node)
