"""The body of a function in the place of its call.

The call must be what its statement does first, but for reading locals: then the body can run before
it, and what it returns takes the place of the call. A function that is one expression may stand
anywhere, if its arguments are evaluated in the same order as before. Locals get names that are
free where they come to; arguments that are no names or constants are kept in such.
"""

import ast
import builtins
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_NEVER = (*_FUNCTIONS, ast.Lambda, ast.ClassDef, ast.Yield, ast.YieldFrom, ast.Global)
_NEVER += (ast.Nonlocal, ast.Starred, *_COMPREHENSIONS)
"""What a comprehension uses of the function around it costs a cell at each call of that function,
even where it does not run: a function on the way of every sample would allocate.
"""
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
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


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
    if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
        return []
    nodes = list(ast.iter_child_nodes(statement))
    for node in [n for n in nodes if isinstance(n, ast.withitem)]:
        nodes += list(ast.iter_child_nodes(node))
    return [node for node in nodes if isinstance(node, ast.expr)]


def put_in_place(function: ast.stmt, site: Site) -> None:
    """Change the site so that it does what the call of the function did. Raises Refused."""
    _check(function, site)
    place = _place_of(site, isinstance(function, ast.AsyncFunctionDef))
    names = _Names(function, site)
    body = function.body
    if len(body) == 1 and isinstance(body[0], ast.Return) and place is site.call:
        if body[0].value and names.bind_in_order(body[0].value):
            value = names.put(copy.deepcopy(body[0].value))
            _replace(site.statement, place, value)
            return
    if _comes_first(site.statement, place) is not True:
        raise Refused
    before = names.bind()
    body = [names.put(copy.deepcopy(statement)) for statement in body]
    after = _results(body, site, place, names)
    at = next(index for index, one in enumerate(site.block) if one is site.statement)
    site.block[at : at + 1] = (before + after) or [_like(ast.Pass(), site.statement)]


def _check(function: ast.stmt, site: Site) -> None:
    """Refuse what cannot be moved whatever surrounds its call."""
    arguments = function.args
    nodes = [node for statement in function.body for node in ast.walk(statement)]
    is_plain = not (arguments.vararg or arguments.kwarg or arguments.kwonlyargs)
    uses_super = any(getattr(node, "id", "") == "super" for node in nodes)
    inner = [
        node for node in ast.walk(site.function) if isinstance(node, (ast.Global, ast.Nonlocal))
    ]
    if function.decorator_list or not is_plain or uses_super or inner:
        raise Refused
    if any(isinstance(node, _NEVER) or _is_unbound(node) for node in nodes):
        raise Refused


def _is_unbound(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del)


def _place_of(site: Site, is_async: bool) -> ast.expr:
    """The expression that is to be replaced: the call, or its await."""
    if not is_async:
        return site.call
    for expression in own_expressions(site.statement):
        for node in ast.walk(expression):
            if isinstance(node, ast.Await) and node.value is site.call:
                return node
    raise Refused


class _Names:
    """What the names of a function become at the site."""

    def __init__(self, function: ast.stmt, site: Site):
        self._site = site
        self._body = function.body
        self._taken = _bound(site.function)
        self._became: dict[str, ast.expr | str] = {}
        self._arguments = self._match(function.args)
        nodes = [node for statement in function.body for node in ast.walk(statement)]
        self._stored = {name for node in nodes for name in _stores(node)}
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
        order = list(_order(expression))
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
                target = _like(ast.Name(local, ast.Store()), value)
                statements.append(_like(ast.Assign([target], value), self._site.statement))
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


def _results(body: list[ast.stmt], site: Site, place: ast.expr, names: _Names) -> list[ast.stmt]:
    """The body and the statement of the call, with what is returned in the place of the call."""
    statement = site.statement
    returns = [n for s in body for n in ast.walk(s) if isinstance(n, ast.Return)]
    if isinstance(statement, ast.Return) and statement.value is place:
        return body if _ends(body) else [*body, _like(ast.Return(None), statement)]
    if isinstance(statement, ast.Expr) and statement.value is place:
        return _without_returns(body, _effect)
    if returns and returns == body[-1:] and returns[0].value:
        _replace(statement, place, returns[0].value)
        return [*body[:-1], statement]
    if isinstance(statement, ast.Assign) and statement.value is place:
        if len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
            return _without_returns(body, _setter(statement.targets[0].id, statement))
    local = names.fresh("result")
    body = _without_returns(body, _setter(local, statement))
    _replace(statement, place, _like(ast.Name(local, ast.Load()), place))
    return [*body, statement]


def _setter(name: str, place: ast.stmt) -> Callable[[ast.expr | None, ast.AST | None], list]:
    """Makes statements that keep what is returned in a local."""

    def set_local(value, at):
        at = at or place
        value = value or _like(ast.Constant(None), at)
        return [_like(ast.Assign([_like(ast.Name(name, ast.Store()), at)], value), at)]

    return set_local


def _effect(value: ast.expr | None, at: ast.AST | None) -> list[ast.stmt]:
    """What is left of `return value` where nobody takes the value."""
    if value is None or isinstance(value, (ast.Constant, ast.Name)):
        return []
    return [_like(ast.Expr(value), at)]


def _without_returns(body: list[ast.stmt], emit) -> list[ast.stmt]:
    """The body with `emit(value, where)` in the place of its returns.

    Where branches are not enough for that, the body becomes a loop that is left at a return.
    """
    try:
        return _tail(copy.deepcopy(body), emit)
    except Refused:
        if any(isinstance(node, ast.Try) and node.finalbody for s in body for node in ast.walk(s)):
            raise
    ending = [] if _ends(body) else [*emit(None, None), ast.Break()]
    loop = ast.While(ast.Constant(True), _left_by_break(body, emit) + ending, [])
    return [_like(loop, body[0])]


def _left_by_break(body: list[ast.stmt], emit) -> list[ast.stmt]:
    """The body with a break behind what `emit` makes of each return."""
    changed: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.Return):
            return [*changed, *emit(statement.value, statement), _like(ast.Break(), statement)]
        if _has_return(statement):
            if isinstance(statement, _LOOPS):
                raise Refused
            for name in ("body", "orelse"):
                if getattr(statement, name, None):
                    setattr(statement, name, _left_by_break(getattr(statement, name), emit))
            for handler in getattr(statement, "handlers", ()):
                handler.body = _left_by_break(handler.body, emit)
        changed.append(statement)
    return changed


def _tail(body: list[ast.stmt], emit) -> list[ast.stmt]:
    """The body with `emit(value, where)` in the place of its returns, after which nothing runs."""
    for index, statement in enumerate(body):
        if isinstance(statement, ast.Return):
            return body[:index] + emit(statement.value, statement)
        if _has_return(statement):
            return body[:index] + [_tail_of(statement, body[index + 1 :], emit)]
        if isinstance(statement, ast.Raise):
            return body[: index + 1]
    return body + emit(None, None)


def _tail_of(statement: ast.stmt, rest: list[ast.stmt], emit) -> ast.stmt:
    """A statement with returns, and what comes behind it."""
    if isinstance(statement, ast.If):
        ends, else_ends = _ends(statement.body), _ends(statement.orelse)
        if rest and not ends and not else_ends:
            raise Refused
        body = statement.body if ends else statement.body + rest
        orelse = statement.orelse if else_ends else statement.orelse + rest
        statement.body = _tail(body, emit) or [_like(ast.Pass(), statement)]
        statement.orelse = _tail(orelse, emit)
        return statement
    if isinstance(statement, _LOOPS):
        return _searched(statement, rest, emit)
    if rest and not _ends([statement]):
        raise Refused
    if isinstance(statement, ast.Try) and not statement.orelse and not statement.finalbody:
        for part in [statement, *statement.handlers]:
            part.body = _tail(part.body, emit) or [_like(ast.Pass(), statement)]
        return statement
    if isinstance(statement, ast.With):
        statement.body = _tail(statement.body, emit) or [_like(ast.Pass(), statement)]
        return statement
    raise Refused


def _searched(loop: ast.stmt, rest: list[ast.stmt], emit) -> ast.stmt:
    """A loop that is left by return, or else runs to its end and into the rest."""
    nodes = [node for statement in loop.body for node in ast.walk(statement)]
    if loop.orelse or any(isinstance(node, (ast.Break, ast.Try, *_LOOPS)) for node in nodes):
        raise Refused
    loop.body = _left_by_break(loop.body, emit)
    loop.orelse = _tail(rest, emit)
    return loop


def _has_return(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Return) for node in ast.walk(statement))


def _ends(body: list[ast.stmt]) -> bool:
    """Whether nothing behind these statements is ever reached."""
    for statement in body:
        if isinstance(statement, (ast.Return, ast.Raise)):
            return True
        if isinstance(statement, ast.If) and _ends(statement.body) and _ends(statement.orelse):
            return True
        if isinstance(statement, ast.With) and _ends(statement.body):
            return True
        if isinstance(statement, ast.Try) and not statement.orelse and _ends(statement.body):
            if all(_ends(handler.body) for handler in statement.handlers):
                return True
    return False


def _comes_first(statement: ast.stmt, place: ast.expr) -> bool | None:
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


def _order(expression: ast.AST) -> Iterator[str | None]:
    """The names that an expression reads, in order; None where it does something else."""
    if isinstance(expression, ast.Name):
        yield expression.id
    elif not isinstance(expression, ast.Constant):
        parts = _parts(expression)
        for part in parts:
            yield from _order(part)
        yield None
        sure = {node for part in parts for node in ast.walk(part)}
        others = [node for node in ast.walk(expression) if node not in sure]
        yield from (node.id for node in others if isinstance(node, ast.Name))


def _replace(statement: ast.stmt, place: ast.expr, value: ast.expr) -> None:
    """Put an expression in the place of another one."""
    for node in ast.walk(statement):
        for name, old in ast.iter_fields(node):
            if old is place:
                setattr(node, name, value)
                return
            if isinstance(old, list) and any(item is place for item in old):
                old[[item is place for item in old].index(True)] = value
                return
    raise Refused


def _bound(function: ast.stmt) -> set[str]:
    """The names of a function's locals and of those of functions in it."""
    nodes = list(ast.walk(function))
    names = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return names | {name for node in nodes for name in _stores(node)}


def _stores(node: ast.AST) -> list[str]:
    """The locals that a node binds."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
        return [node.id]
    if isinstance(node, ast.ExceptHandler) and node.name:
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name for alias in node.names]
    return []


def _like(node: ast.AST, old: ast.AST) -> ast.AST:
    """A new node, with the place of another one in the sources."""
    node = ast.copy_location(node, old)
    if hasattr(old, "origin"):
        node.origin = old.origin
    return node
