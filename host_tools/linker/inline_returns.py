"""What becomes of a function's returns in the place of its call.

Its body must not leave the caller: what it returns is kept in a local or takes the place of the
call, and the branches that would have ended there are put so that nothing follows. Where branches
are not enough for that, the body becomes a loop that is left at a return.
"""

import ast
import copy
from collections.abc import Callable

from host_tools.linker.inline_names import Names
from host_tools.linker.inline_site import Refused, Site, replace
from host_tools.linker.tree import like, walk

_LOOPS = (ast.For, ast.AsyncFor, ast.While)


def results(body: list[ast.stmt], site: Site, place: ast.expr, names: Names) -> list[ast.stmt]:
    """The body and the statement of the call, with what is returned in the place of the call."""
    statement = site.statement
    returns = [n for s in body for n in walk(s) if isinstance(n, ast.Return)]
    if isinstance(statement, ast.Return) and statement.value is place:
        return body if _ends(body) else [*body, like(ast.Return(None), statement)]
    if isinstance(statement, ast.Expr) and statement.value is place:
        return _without_returns(body, _effect)
    if returns and returns == body[-1:] and returns[0].value:
        replace(statement, place, returns[0].value)
        return [*body[:-1], statement]
    if isinstance(statement, ast.Assign) and statement.value is place:
        if len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
            return _without_returns(body, _setter(statement.targets[0].id, statement))
    local = names.fresh("result")
    body = _without_returns(body, _setter(local, statement))
    replace(statement, place, like(ast.Name(local, ast.Load()), place))
    return [*body, statement]


def _setter(name: str, place: ast.stmt) -> Callable[[ast.expr | None, ast.AST | None], list]:
    """Makes statements that keep what is returned in a local."""

    def set_local(value, at):
        at = at or place
        value = value or like(ast.Constant(None), at)
        return [like(ast.Assign([like(ast.Name(name, ast.Store()), at)], value), at)]

    return set_local


def _effect(value: ast.expr | None, at: ast.AST | None) -> list[ast.stmt]:
    """What is left of `return value` where nobody takes the value."""
    if value is None or isinstance(value, (ast.Constant, ast.Name)):
        return []
    return [like(ast.Expr(value), at)]


def _without_returns(body: list[ast.stmt], emit) -> list[ast.stmt]:
    """The body with `emit(value, where)` in the place of its returns.

    Where branches are not enough for that, the body becomes a loop that is left at a return.
    """
    try:
        return _tail(copy.deepcopy(body), emit)
    except Refused:
        if any(isinstance(node, ast.Try) and node.finalbody for s in body for node in walk(s)):
            raise
    ending = [] if _ends(body) else [*emit(None, None), ast.Break()]
    loop = ast.While(ast.Constant(True), _left_by_break(body, emit) + ending, [])
    return [like(loop, body[0])]


def _left_by_break(body: list[ast.stmt], emit) -> list[ast.stmt]:
    """The body with a break behind what `emit` makes of each return."""
    changed: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.Return):
            return [*changed, *emit(statement.value, statement), like(ast.Break(), statement)]
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
        statement.body = _tail(body, emit) or [like(ast.Pass(), statement)]
        statement.orelse = _tail(orelse, emit)
        return statement
    if isinstance(statement, _LOOPS):
        return _searched(statement, rest, emit)
    if rest and not _ends([statement]):
        raise Refused
    if isinstance(statement, ast.Try) and not statement.orelse and not statement.finalbody:
        for part in [statement, *statement.handlers]:
            part.body = _tail(part.body, emit) or [like(ast.Pass(), statement)]
        return statement
    if isinstance(statement, ast.With):
        statement.body = _tail(statement.body, emit) or [like(ast.Pass(), statement)]
        return statement
    raise Refused


def _searched(loop: ast.stmt, rest: list[ast.stmt], emit) -> ast.stmt:
    """A loop that is left by return, or else runs to its end and into the rest."""
    nodes = [node for statement in loop.body for node in walk(statement)]
    if loop.orelse or any(isinstance(node, (ast.Break, ast.Try, *_LOOPS)) for node in nodes):
        raise Refused
    loop.body = _left_by_break(loop.body, emit)
    loop.orelse = _tail(rest, emit)
    return loop


def _has_return(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Return) for node in walk(statement))


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
