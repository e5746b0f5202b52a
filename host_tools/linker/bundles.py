"""Which modules of the firmware are linked into one: those that are always loaded together.

What `limen.app` imports at the top, and what that imports, is loaded by every gateway. The rest is
loaded late, by an import inside a function: an *entry*, with all that it needs beyond what whoever
imports it has loaded before. Late modules that are needed by the same entries go together.
"""

from dataclasses import dataclass, field

from host_tools.linker.resolve import Program

MAIN = "limen"
LOADED_BY_NAME = ("limen.drivers.", "limen.functions.", "limen.commands.")
"""Modules below are entries whose names the configuration gives."""

_APP = "limen.app"


@dataclass
class Bundle:
    """Modules in the order in which they run, to become one module of the given name.

    `whole` are members that others have as a value: their public globals keep their names.
    """

    name: str
    members: list[str]
    whole: set[str] = field(default_factory=set)


def linked_name(module: str) -> str:
    """What the bundle is called that has this entry: limen.drivers.i2c is limen.drivers_i2c."""
    return MAIN + "." + module.removeprefix(MAIN + ".").replace(".", "_")


def bundles(program: Program) -> list[Bundle]:
    """All modules below `limen`, each in one bundle; MAIN comes first."""
    always = _loaded_by(program, _APP)
    entries = _entries(program, set(always))
    users: dict[str, list[str]] = {}
    for entry, before in entries.items():
        for name in _loaded_by(program, entry):
            if name not in before:
                users.setdefault(name, []).append(entry)
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, of_entries in users.items():
        groups.setdefault(tuple(of_entries), []).append(name)
    whole = _taken_whole(program)
    late = [(next((n for n in g if n in entries), g[-1]), g) for g in groups.values()]
    return [Bundle(MAIN, always, whole & set(always))] + [
        Bundle(linked_name(name), group, whole & set(group)) for name, group in late
    ]


def _loaded_by(program: Program, module: str) -> list[str]:
    """A module and all that it imports at the top, in the order in which they run."""
    order: dict[str, None] = {}

    def load(name):
        if name not in order:
            for imported in program.imports(name):
                load(imported)
            order[name] = None

    load(module)
    return list(order)


def _entries(program: Program, always: set[str]) -> dict[str, set[str]]:
    """{entry: what is loaded before it in any case}. What nobody imports is an entry too."""
    modules = [m.name for m in program.modules.values() if m.name[:6] == "limen." and m.tree.body]
    on_top = {target for name in modules for target in program.imports(name)}
    entries = {
        name: always
        for name in modules
        if name not in always and (name not in on_top or name.startswith(LOADED_BY_NAME))
    }
    for name in modules:
        before = always | set(_loaded_by(program, name))
        for target in program.imports(name, late=True):
            if target not in always:
                entries[target] = entries.get(target, before) & before
    return entries


def _taken_whole(program: Program) -> set[str]:
    """Modules that are used as values, because they are loaded by name or imported as such."""
    named = {name for name in program.modules if name.startswith(LOADED_BY_NAME)}
    return named | {t for name in program.modules for t in program.late_modules(name)}
