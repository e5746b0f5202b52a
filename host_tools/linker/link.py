"""Links the firmware for the chip: what every gateway loads becomes one module with short names.

On the chip code is heap. A module of its own costs some 350 bytes, a name that the interpreter
does not know about 20, a constant of another module a look-up at each use. So on their way into
the image modules that are always loaded together become one (see `bundles`), constants are put
where they are used, what nobody uses is left out, and names that only the firmware knows become
short. Sources, layers and tests stay as they are, and so does the order in which modules run.

Tracebacks of linked code name lines of the linked text; `Linked.places` tells the source's.
"""

import ast
import builtins
import itertools
from collections import Counter
from dataclasses import dataclass

from host_tools.linker.attribute_names import AttributeNames, named_in_text
from host_tools.linker.bundles import LOADED_BY_NAME, MAIN, Bundle, bundles, linked_name
from host_tools.linker.code import Code, bound, leave_out_unused
from host_tools.linker.inline import inline_calls
from host_tools.linker.linked_lines import Place, text_and_places
from host_tools.linker.resolve import Program, name_of
from host_tools.linker.start_only import MARKS, Definition, find_start_only, forgetting
from host_tools.linker.stock_names import short_names
from host_tools.linker.tree import walk

_MOST_PARAMETERS = 16
_SHORT_INDEX = 128


@dataclass(frozen=True)
class Linked:
    """`modules` {name: text}, scripts included; `places` {name: {line: place}};
    `forgotten` {module that deletes: {module: what of it}}."""

    modules: dict[str, str]
    places: dict[str, dict[int, Place]]
    forgotten: dict[str, dict[str, list[str]]]

    def only(self, names: set[str]) -> dict[str, str]:
        """{name: text} of these modules. What deletes names nothing of others: names are heap."""
        texts = {name: text for name, text in self.modules.items() if name in names}
        for name, parts in self.forgotten.items():
            there = {module: what for module, what in parts.items() if module in names}
            texts[name], _ = text_and_places(forgetting(there))
        return texts


def link(sources: dict[str, str], scripts: dict[str, str]) -> Linked:
    """Link the firmware {"limen/core/text.py": text} and the scripts that start it.

    Raises ToolError where a module is used as a value, or a name is imported that is nowhere.
    """
    program = Program(sources | scripts)
    names = [name_of(path) for path in scripts]
    scripted = [Bundle(name, [name], whole={name}) for name in names]
    code = [Code(program, bundle) for bundle in [*bundles(program), *scripted]]
    leave_out_unused(code)
    inline_calls(program, code, kept=MARKS)
    dead = find_start_only(program, code)
    _shorten_modules(code, kept={MAIN, *names})
    namer = _Namer(program, code)
    forgotten = {
        name: {one.bundle.name: namer.places(one, parts[one]) for one in parts}
        for name, parts in dead.items()
    }
    linked = {one.bundle.name: namer.linked(one) for one in code if one.statements}
    linked |= {name: forgetting(parts) for name, parts in forgotten.items()}
    written = {name: text_and_places(tree) for name, tree in linked.items()}
    return Linked(
        {name: text for name, (text, _) in written.items()},
        {name: places for name, (_, places) in written.items()},
        forgotten,
    )


def _shorten_modules(code: list[Code], kept: set[str]) -> None:
    """Call modules as the interpreter calls something: what imports one names it, and so does its
    path. Not those that are known by their names."""
    short = short_names(kept)
    for one in code:
        is_named = any(member.startswith(LOADED_BY_NAME) for member in one.bundle.whole)
        if one.bundle.name not in kept and not is_named:
            one.bundle.name = next(short)


class _Namer(ast.NodeTransformer):
    """Puts names in the place of labels, for all bundles alike."""

    def __init__(self, program: Program, code: list[Code]):
        statements = [statement for one in code for statement in one.statements]
        taken = _identifiers(statements) | set(dir(builtins))
        self._parameters = list(itertools.islice(short_names(taken), _MOST_PARAMETERS))
        self._taken = taken | set(self._parameters)
        self._homes = {label: one for one in code for label in one.defined()}
        public = {label for label, one in self._homes.items() if one.is_public(label)}
        parts = [one.statements for one in code]
        self._attributes = AttributeNames(program, parts, set(map(_plain, public)))
        self._modules = {m: one.bundle.name for one in code for m in one.bundle.members}
        self._here: dict[str, str] = {}
        for one in code:
            one.names = {label: _plain(label) for label in one.defined() if label in public}
            for label in one.defined():
                self._give(one, label)

    def _give(self, code: Code, label: str, wish: str = "") -> str:
        """Name a global of a bundle, as wished if that is free."""
        if label not in code.names:
            taken = self._taken | set(code.names.values())
            free = wish and wish not in code.names.values()
            code.names[label] = wish if free else next(short_names(taken))
        return code.names[label]

    def places(self, code: Code, definitions: list[Definition]) -> list[str]:
        """What definitions of a bundle will be called: "name", or "class.name" for a method."""
        return [
            f"{code.names[owner.name]}.{self._attributes.name(one.name[1:], one.origin)}"
            if owner
            else code.names[label]
            for owner, one in definitions
            for label in sorted(bound(one))
        ]

    def linked(self, code: Code) -> ast.Module:
        """The one module: its statements with all names as they shall be, and each import before
        the first statement that uses it, so that a script loads nothing before its time."""
        ready = []
        for statement in code.statements:
            names = {node.id for node in walk(statement) if isinstance(node, ast.Name)}
            labels = {name for name in names if ":" in name} - code.names.keys()
            ready += [self._import(code, label) for label in sorted(labels)]
            ready.append(statement)
        self._here = code.names
        body = [self.visit(statement) for statement in ready]
        return ast.Module(_frequent_names(body, set(code.names.values())) + body, [])

    def _import(self, code: Code, label: str) -> ast.stmt:
        module, _, name = label.partition(":")
        if label in self._homes:
            home = self._homes[label]
            module, name = home.bundle.name, home.names[label]
        local = self._give(code, label, name or module)
        alias = ast.alias(name or module, None if local == (name or module) else local)
        return ast.ImportFrom(module, [alias], 0) if name else ast.Import([alias])

    def _called(self, label: str, node: ast.AST) -> str:
        if label.startswith("$"):
            return self._parameters[int(label[1:])]
        if label.startswith("."):
            return self._attributes.name(label[1:], node.origin)
        return self._here[label] if ":" in label else label

    def visit_Name(self, node):
        node.id = self._called(node.id, node)
        return node

    def visit_arg(self, node):
        node.arg = self._called(node.arg, node)
        return node

    def visit_Attribute(self, node):
        node.attr = self._attributes.name(node.attr, node.origin)
        return self.generic_visit(node)

    def visit_Call(self, node):
        text = named_in_text(node)
        if text:
            text.value = self._attributes.name(text.value, text.origin)
        return self.generic_visit(node)

    def visit_ClassDef(self, node):
        node.name = self._called(node.name, node)
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef = visit_ClassDef

    def visit_Import(self, node):
        for alias in node.names:
            if alias.name.startswith("@"):
                alias.name = self._modules[alias.name[1:]]
        return node

    def visit_ImportFrom(self, node):
        if node.module.startswith("@"):
            (alias,) = node.names
            home = self._homes[alias.name]
            node.module = home.bundle.name
            alias.name = home.names[alias.name]
        return node

    def visit_Constant(self, node):
        if node.value in LOADED_BY_NAME:
            node.value = linked_name(node.value)
        return node


def _plain(label: str) -> str:
    """The name in the label of a global."""
    return label.partition(":")[2]


def _identifiers(statements: list[ast.stmt]) -> set[str]:
    """What is a name without being labelled: of locals, built-in functions, some parameters."""
    nodes = [node for statement in statements for node in walk(statement)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.arg for node in nodes if isinstance(node, ast.arg)}


def _frequent_names(body: list[ast.stmt], global_names: set[str]) -> list[ast.stmt]:
    """A statement that does nothing but name the names that are used most.

    Bytecode counts a module's names in the order in which they come, and the first take one byte
    where the others take two.
    """
    nodes = [node for statement in body for node in walk(statement)]
    names = [node.attr for node in nodes if isinstance(node, ast.Attribute)]
    names += [node.id for node in nodes if isinstance(node, ast.Name) and node.id in global_names]
    if len(set(names)) < _SHORT_INDEX:
        return []
    first = [name for name, _ in Counter(names).most_common(_SHORT_INDEX)]
    return [ast.parse(f"__name__ or ({', '.join(f'None.{name}' for name in first)})").body[0]]
