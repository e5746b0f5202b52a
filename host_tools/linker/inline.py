"""Puts functions that are called once in the place of their call.

On the chip a function costs some 63 bytes before its first statement and its call a few more, so
sources made of short functions would pay for being readable. What has one call in the whole
firmware, and is not taken as a value anywhere, is therefore moved there; lines keep their places in
the sources. A method is taken for the one that is called where no other class could be meant: by
`self` in its own family of classes, or, on other objects, if no other class has that name.

Only what plainly does the same is moved (see `inline_body`, which refuses the rest).
"""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from host_tools.linker.attribute_names import families, is_private, named_in_text
from host_tools.linker.code import Code
from host_tools.linker.inline_body import put_in_place
from host_tools.linker.inline_site import Refused, Site, own_expressions
from host_tools.linker.resolve import Program
from host_tools.linker.stock_names import stock_names
from host_tools.linker.tree import FUNCTIONS, blocks, walk


@dataclass
class _Candidate:
    """A function of a bundle, with its class if it is a method, and its only call."""

    code: Code
    owner: ast.ClassDef | None
    function: ast.stmt
    call: ast.Call


def inline_calls(program: Program, code: list[Code], kept: Collection[str]) -> None:
    """Move all that can be moved, but for `kept`; a candidate's call moves before what it is in."""
    refused: set[ast.stmt] = set()
    is_changed = True
    while is_changed:
        is_changed = False
        uses = _Uses(program, code)
        found = [one for one in uses.candidates() if one.function not in refused]
        found = [one for one in found if one.function.name not in kept]
        calls = {one.call for one in found}
        for one in found:
            if not calls.isdisjoint(walk(one.function)):
                continue
            try:
                put_in_place(one.function, uses.site(one))
                _remove(one)
                is_changed = True
            except Refused:
                refused.add(one.function)
                is_changed = True


def _remove(one: _Candidate) -> None:
    if one.owner:
        one.owner.body.remove(one.function)
        one.owner.body = one.owner.body or [ast.Pass()]
    else:
        one.code.statements.remove(one.function)


class _Uses:
    """Where every name of the code is used; a moment's picture."""

    def __init__(self, program: Program, code: list[Code]):
        self._code = code
        self._stock = stock_names()
        statements = [statement for one in code for statement in one.statements]
        nodes = [node for statement in statements for node in walk(statement)]
        self._family = {
            path: number
            for number, family in enumerate(families(program, nodes))
            for path in family
        }
        self._classes = {s.name: s for s in statements if isinstance(s, ast.ClassDef)}
        self._calls = {node.func: node for node in nodes if isinstance(node, ast.Call)}
        self._labels: dict[str, list[ast.AST]] = defaultdict(list)
        self._attributes: dict[tuple, list[tuple[ast.AST, str | None]]] = defaultdict(list)
        self._defined: dict[tuple, list[str]] = defaultdict(list)
        for statement in statements:
            self._note(statement)
        self._sites: dict[ast.Call, Site] = {}
        for one in code:
            for site in _sites(one):
                self._sites.setdefault(site.call, site)

    def _key(self, name: str, node: ast.AST) -> tuple:
        """Private names of different families are different names."""
        return (self._family[node.origin], name) if is_private(name) else (name,)

    def _hierarchy(self, label: str) -> str:
        """The base of all bases of a class, where they are ours."""
        bases = self._classes[label].bases if label in self._classes else []
        own = [base.id for base in bases if getattr(base, "id", "") in self._classes]
        return self._hierarchy(own[0]) if own else label

    def _note(self, statement: ast.stmt) -> None:
        owner = self._hierarchy(statement.name) if isinstance(statement, ast.ClassDef) else None
        for node in walk(statement):
            if isinstance(node, ast.Name) and node.id.startswith("."):
                self._defined[self._key(node.id[1:], node)].append(owner)
            elif isinstance(node, FUNCTIONS) and node.name.startswith("."):
                self._defined[self._key(node.name[1:], node)].append(owner)
            elif isinstance(node, ast.Name):
                self._labels[node.id].append(node)
            elif isinstance(node, ast.alias):
                self._labels[node.name].append(node)
            elif isinstance(node, ast.Attribute):
                is_self = isinstance(node.value, ast.Name) and node.value.id == "self"
                use = node, owner if is_self else None
                self._attributes[self._key(node.attr, node)].append(use)
            elif text := named_in_text(node):
                self._attributes[self._key(text.value, text)].append((text, None))

    def candidates(self) -> Iterator[_Candidate]:
        for one in self._code:
            for statement in one.statements:
                if isinstance(statement, FUNCTIONS) and not one.is_public(statement.name):
                    uses = self._labels[statement.name]
                    yield from self._candidate(one, None, statement, uses)
                elif isinstance(statement, ast.ClassDef):
                    for method in statement.body:
                        if isinstance(method, FUNCTIONS) and self._is_free(statement, method):
                            uses = self._method_uses(statement, method)
                            yield from self._candidate(one, statement, method, uses)

    def _candidate(self, one, owner, function, uses) -> Iterator[_Candidate]:
        call = self._calls.get(uses[0]) if len(uses) == 1 else None
        site = self._sites.get(call)
        if site and site.code is one and site.function is not function:
            yield _Candidate(one, owner, function, call)

    def _is_free(self, owner: ast.ClassDef, method: ast.stmt) -> bool:
        """Whether nobody but the firmware calls a method."""
        name = method.name[1:]
        is_ours = all(getattr(base, "id", "") in self._classes for base in owner.bases)
        return not name.startswith("__") and (
            is_private(name) or (is_ours and name not in self._stock)
        )

    def _method_uses(self, owner: ast.ClassDef, method: ast.stmt) -> list[ast.AST]:
        """The uses that may mean this method; none if one of them may mean another."""
        key, own = self._key(method.name[1:], method), self._hierarchy(owner.name)
        uses = [(node, place) for node, place in self._attributes[key] if place in (own, None)]
        defined = self._defined[key]
        is_clear = len(defined) == 1 or all(place for _, place in uses)
        return [node for node, _ in uses] if is_clear and defined.count(own) == 1 else []

    def site(self, one: _Candidate) -> Site:
        return self._sites[one.call]


def _sites(one: Code) -> Iterator[Site]:
    """The calls in the statements of functions and methods."""
    for statement in one.statements:
        nodes = statement.body if isinstance(statement, ast.ClassDef) else [statement]
        owner = statement if isinstance(statement, ast.ClassDef) else None
        for function in nodes:
            if isinstance(function, FUNCTIONS):
                yield from _sites_in(one, owner, function, function.body)


def _sites_in(one: Code, owner, function, block: list[ast.stmt]) -> Iterator[Site]:
    for statement in block:
        for expression in own_expressions(statement):
            for node in walk(expression):
                if isinstance(node, ast.Call):
                    yield Site(one, owner, function, block, statement, node)
        if not isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            for inner in blocks(statement):
                yield from _sites_in(one, owner, function, inner)
