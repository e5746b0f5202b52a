"""What the firmware's attributes are called on the chip: short names, the same in all modules."""

import ast
import itertools

from host_tools.linker.resolve import Program
from host_tools.linker.stock_names import names_of_stock_objects, short_names, stock_names
from host_tools.linker.tree import walk

_NAME_ATTRIBUTES = ("getattr", "hasattr", "setattr")


class AttributeNames:
    """Short names for the attributes that the firmware defines and no stock object has.

    Private ones are numbered anew in each family of modules: modules whose classes inherit from
    one another are one, so that a subclass never takes a name of its base for another thing.
    """

    def __init__(self, program: Program, code: list[list[ast.stmt]], known_outside: set[str]):
        """`code` is the statements of each bundle, those that every gateway loads first."""
        parts = [[node for statement in one for node in walk(statement)] for one in code]
        nodes = [node for part in parts for node in part]
        bound = {(node.origin, name) for node in nodes for name in _bound_by(node)}
        private = {(path, name) for path, name in bound if is_private(name)}
        fixed = known_outside | _of_stock_subclasses(program, nodes)
        kept = stock_names() | fixed
        public = {name for _, name in bound - private if name[0] != "_"} - kept
        renamed = public | {name for _, name in private}
        used = attributes_named(nodes)
        pool = short_names(names_of_stock_objects() | fixed | used - renamed)
        groups = families(program, nodes)
        of_groups = [sorted({name for path, name in private if path in group}) for group in groups]
        numbers = list(itertools.islice(pool, max(map(len, of_groups), default=0)))
        self._public = dict(zip(_by_use(public, parts), pool, strict=False))
        self._private = {
            (path, name): number
            for group, names in zip(groups, of_groups, strict=True)
            for path in group
            for name, number in zip(names, numbers, strict=False)
        }

    def name(self, name: str, path: str) -> str:
        """What an attribute is called that a source file calls `name`."""
        return self._private.get((path, name)) or self._public.get(name, name)


def _by_use(names: set[str], parts: list[list[ast.AST]]) -> list[str]:
    """The names in an order such that the cheapest go where most gateways have them."""
    first, *others = map(attributes_named, parts)
    return sorted(names, key=lambda n: (n not in first, -sum(n in part for part in others), n))


def named_in_text(node: ast.AST) -> ast.Constant | None:
    """The text in a call such as getattr(x, "name") that names an attribute."""
    if getattr(getattr(node, "func", None), "id", "") not in _NAME_ATTRIBUTES:
        return None
    text = node.args[1]
    return text if isinstance(text, ast.Constant) and isinstance(text.value, str) else None


def attributes_named(nodes: list[ast.AST]) -> set[str]:
    """All attributes that some node refers to, in code or in a text."""
    texts = filter(None, map(named_in_text, nodes))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute)} | {
        text.value for text in texts
    }


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _bound_by(node: ast.AST) -> list[str]:
    """The attributes that a node defines: by assignment, or in the body of a class."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        return [node.attr]
    label = getattr(node, "id", None) or getattr(node, "name", None) or ""
    return [label[1:]] if label.startswith(".") else []


def _of_stock_subclasses(program: Program, nodes: list[ast.AST]) -> set[str]:
    """Public attributes in classes with a stock base: they may be the base's."""
    return {
        name
        for node in nodes
        if isinstance(node, ast.ClassDef)
        if any(_module_of(base) not in program.modules for base in node.bases)
        for child in walk(node)
        for name in [*_bound_by(child), *_attribute_of_self(child)]
        if not is_private(name)
    }


def _attribute_of_self(node: ast.AST) -> list[str]:
    is_own = isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "self"
    return [node.attr] if is_own else []


def _module_of(base: ast.expr) -> str:
    return getattr(base, "id", "").partition(":")[0]


def families(program: Program, nodes: list[ast.AST]) -> list[set[str]]:
    """The source files in groups: those whose classes inherit from one another are together."""
    family = {module.path: {module.path} for module in program.modules.values()}
    for node in nodes:
        for base in node.bases if isinstance(node, ast.ClassDef) else []:
            if _module_of(base) in program.modules:
                origin = program.modules[_module_of(base)].path
                merged = family[node.origin] | family[origin]
                family.update(dict.fromkeys(merged, merged))
    return list({id(members): members for members in family.values()}.values())
