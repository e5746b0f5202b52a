"""What the names of a function become in the place of its call.

Locals get names that are free where they come to; arguments that are no names or constants are kept
in such.
"""

import ast
import builtins
import copy

from host_tools.linker.evaluation import order_of
from host_tools.linker.inline_site import Refused, Site
from host_tools.linker.tree import like, stores, walk


class Names:
    """What the names of a function become at the site."""

    def __init__(self, function: ast.stmt, site: Site):
        self._site = site
        self._body = function.body
        self._taken = locals_of(site.function)
        self._became: dict[str, ast.expr | str] = {}
        self._arguments = self._match(function.args)
        nodes = [node for statement in function.body for node in walk(statement)]
        self._stored = {name for node in nodes for name in stores(node)}
        parameters = {name for name, _ in self._arguments}
        free = {n.id for n in nodes if isinstance(n, ast.Name)} - self._stored - parameters
        if free & self._taken:
            raise Refused  # what is a built-in there is a local here
        for name in sorted(self._stored - parameters):
            self._became[name] = self.fresh(name)

    def fresh(self, wish: str) -> str:
        """A local that the caller does not have."""
        wish = wish.replace("$", "argument_")
        name, number = wish, 1
        while name in self._taken or hasattr(builtins, name):
            name, number = f"{wish}_{number}", number + 1
        self._taken.add(name)
        return name

    def _match(self, arguments: ast.arguments) -> list[tuple[str, ast.expr]]:
        """(parameter, argument) in the order of evaluation; defaults come last."""
        call, names = self._site.call, [argument.arg for argument in arguments.args]
        given = list(call.args)
        if isinstance(call.func, ast.Attribute):
            given.insert(0, call.func.value)
        if len(given) > len(names) or any(keyword.arg not in names for keyword in call.keywords):
            raise Refused
        pairs = list(zip(names, given, strict=False))
        pairs += [(keyword.arg, keyword.value) for keyword in call.keywords]
        defaults = dict(zip(reversed(names), reversed(arguments.defaults), strict=False))
        for name in names:
            if name not in dict(pairs):
                if not isinstance(defaults.get(name), ast.Constant):
                    raise Refused
                pairs.append((name, defaults[name]))
        if len(pairs) != len(names):
            raise Refused
        return pairs

    def _is_simple(self, name: str, value: ast.expr) -> bool:
        """Whether an argument may be evaluated anywhere in the body, and as often as it likes."""
        is_local = isinstance(value, ast.Name) and ":" not in value.id and value.id in self._taken
        return name not in self._stored and (isinstance(value, ast.Constant) or is_local)

    def bind_in_order(self, expression: ast.expr) -> bool:
        """Put all arguments into an expression, if they are evaluated there as in the call."""
        others = [name for name, value in self._arguments if not self._is_simple(name, value)]
        parameters = {name for name, _ in self._arguments}
        if any(name in self._stored for name in parameters):
            return False
        order = list(order_of(expression))
        first = order.index(None) if None in order else len(order)
        used = [name for name in order[:first] if name in others]
        if used != others or any(name in others for name in order[first:]):
            return False
        self._became |= dict(self._arguments)
        return True

    def bind(self) -> list[ast.stmt]:
        """Statements that keep arguments in locals where that is needed."""
        statements = []
        for name, value in self._arguments:
            if self._is_simple(name, value):
                self._became[name] = value
            else:
                local = self._became[name] = self.fresh("this" if name == "self" else name)
                target = like(ast.Name(local, ast.Store()), value)
                statements.append(like(ast.Assign([target], value), self._site.statement))
        return statements

    def put(self, node: ast.AST) -> ast.AST:
        """The node with the names of the site."""
        return _Renamer(self._became).visit(node)


class _Renamer(ast.NodeTransformer):
    def __init__(self, became: dict[str, ast.expr | str]):
        self._became = became

    def visit_Name(self, node):
        new = self._became.get(node.id)
        if isinstance(new, str):
            node.id = new
        elif new is not None:
            return copy.deepcopy(new)
        return node

    def visit_ExceptHandler(self, node):
        node.name = self._became.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_alias(self, node):
        node.asname = self._became.get(node.asname or node.name, node.asname)
        return node


def locals_of(function: ast.stmt) -> set[str]:
    """The names of a function's locals and of those of functions in it."""
    nodes = list(walk(function))
    names = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return names | {name for node in nodes for name in stores(node)}
