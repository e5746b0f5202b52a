"""Which modules of the linked firmware a site needs: its gateways get these and no others, as the
file system is small and a file takes a whole block of it.

A module is needed if what is started imports it, in whatever function, or if it is loaded by a name
in the configuration: drivers and functions. Commands come from outside, so every gateway has all.
All gateways of a site get the same, so that each can take over the configuration of another.
"""

import ast
from collections.abc import Iterable
from pathlib import Path

from host_tools.kept_work import kept
from host_tools.linker.tree import walk
from limen.drivers import KINDS

_PACKAGE = "limen"
_STARTED = {
    *(_PACKAGE, "boot", "main", "swap", "setup_entry", "setup_mode", "light", "last_words"),
    *("safe", "last_good"),
}
_ALWAYS = (f"{_PACKAGE}.commands_", "forget_")


def needed_modules(modules: dict[str, str], gateways: Iterable[dict]) -> set[str]:
    """Of {module: source}, those that gateways with these compact configurations need."""
    named = {name for compact in gateways for name in _named(compact)}
    imported = _imports(modules)
    needed: set[str] = set()
    waiting = _STARTED | {f"{_PACKAGE}.{name}" for name in named}
    waiting |= {name for name in modules if name.startswith(_ALWAYS)}
    while waiting:
        module = waiting.pop()
        if module in modules and module not in needed:
            needed.add(module)
            waiting |= imported[module]
    return needed


def _imports(modules: dict[str, str]) -> dict[str, set[str]]:
    """What each module may import."""
    decides = (modules, Path(__file__).read_bytes())
    return kept(
        "imports", decides, lambda: {name: _imported(text) for name, text in modules.items()}
    )


def _named(compact: dict) -> set[str]:
    """The modules that are loaded by a name in a configuration."""
    drivers = {part["driver"] for part in compact["device"] if "driver" in part}
    for bus in compact["bus"]:
        drivers |= {name for name in KINDS[bus["kind"]] if name}
    functions = {part["function"] for part in compact.get("function", ())}
    return {f"drivers_{name}" for name in drivers} | {f"functions_{name}" for name in functions}


def _imported(source: str) -> set[str]:
    """What a module may import, those of MicroPython included."""
    found = set()
    for node in walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found
