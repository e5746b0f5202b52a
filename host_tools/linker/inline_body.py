"""The body of a function in the place of its call.

The call must be what its statement does first, but for reading locals: then the body can run before
it, and what it returns takes the place of the call. A function that is one expression may stand
anywhere, if its arguments are evaluated in the same order as before.
"""

import ast
import copy

from host_tools.linker.evaluation import comes_first
from host_tools.linker.inline_names import Names
from host_tools.linker.inline_returns import results
from host_tools.linker.inline_site import Refused, Site, own_expressions, replace
from host_tools.linker.tree import FUNCTIONS, like, walk

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_NEVER = (*FUNCTIONS, ast.Lambda, ast.ClassDef, ast.Yield, ast.YieldFrom, ast.Global)
_NEVER += (ast.Nonlocal, ast.Starred, *_COMPREHENSIONS)
"""What a comprehension uses of the function around it costs a cell at each call of that function,
even where it does not run: a function on the way of every sample would allocate.
"""


def put_in_place(function: ast.stmt, site: Site) -> None:
    """Change the site so that it does what the call of the function did. Raises Refused."""
    _check(function, site)
    place = _place_of(site, isinstance(function, ast.AsyncFunctionDef))
    names = Names(function, site)
    body = function.body
    if len(body) == 1 and isinstance(body[0], ast.Return) and place is site.call:
        if body[0].value and names.bind_in_order(body[0].value):
            value = names.put(copy.deepcopy(body[0].value))
            replace(site.statement, place, value)
            return
    if comes_first(site.statement, place) is not True:
        raise Refused
    before = names.bind()
    body = [names.put(copy.deepcopy(statement)) for statement in body]
    after = results(body, site, place, names)
    at = next(index for index, one in enumerate(site.block) if one is site.statement)
    site.block[at : at + 1] = (before + after) or [like(ast.Pass(), site.statement)]


def _check(function: ast.stmt, site: Site) -> None:
    """Refuse what cannot be moved whatever surrounds its call."""
    arguments = function.args
    nodes = [node for statement in function.body for node in walk(statement)]
    is_plain = not (arguments.vararg or arguments.kwarg or arguments.kwonlyargs)
    uses_super = any(getattr(node, "id", "") == "super" for node in nodes)
    inner = [node for node in walk(site.function) if isinstance(node, (ast.Global, ast.Nonlocal))]
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
        for node in walk(expression):
            if isinstance(node, ast.Await) and node.value is site.call:
                return node
    raise Refused
