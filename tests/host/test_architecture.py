"""Holds what the design says of the firmware's structure, by reading its syntax trees."""

import ast
from pathlib import Path

import pytest

from host_tools.paths import FIRMWARE, PROJECT
from host_tools.size import imported_names

LONGEST_FUNCTION_LINES = 40

PURE = {"array", "binascii", "json", "limen", "micropython", "struct"}
"""Modules both Pythons have that neither read a clock nor touch the world."""

LATE = FIRMWARE / "limen/core/late.py"
"""Knows which modules are loaded, and so imports `sys`."""

CHIP = {"machine", "network", "esp32", "esp"}

BEFORE_THE_PACKAGE = [
    FIRMWARE / name
    for name in ("boot.py", "last_words.py", "light.py", "setup_mode.py", "setup_acts.py")
]
"""Has to work when nothing else does, so it loads nothing else."""

MAY_IMPORT = {
    "core": {"core"},
    "hal": {"core", "hal"},
    "net": {"core", "net"},
    "drivers": {"core", "net", "drivers"},
    "functions": {"core", "functions"},
    "commands": {"core", "hal", "drivers", "service", "commands"},
    "delivery": {"core", "net", "delivery"},
    "service": {"core", "drivers", "delivery", "service"},
}
"""The arrows of the design: package → packages below it. What lies above may import anything."""


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def package_of(path: Path) -> str:
    parts = path.relative_to(FIRMWARE).parts
    return parts[1] if len(parts) > 2 and parts[0] == "limen" else ""


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def floats_in(source: str) -> list[int]:
    """Return the lines that make a float: a literal, a true division, float(), math."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        is_literal = isinstance(node, ast.Constant) and isinstance(node.value, float | complex)
        is_division = isinstance(getattr(node, "op", None), ast.Div)
        is_name = isinstance(node, ast.Name) and node.id in ("float", "complex", "math")
        if is_literal or is_division or is_name:
            lines.append(node.lineno)
    return lines


def foreign_imports(source: str, package: str) -> set[str]:
    """Return the packages of the firmware that a module of `package` must not import."""
    parts = [name.split(".") for name in imported_names(ast.parse(source))]
    imported = {part[1] for part in parts if part[0] == "limen" and len(part) > 1}
    return imported - MAY_IMPORT[package]


def roots_imported(source: str) -> set[str]:
    return {name.split(".")[0] for name in imported_names(ast.parse(source))}


def long_functions(source: str) -> list[str]:
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [f.name for f in functions if body_lines(f) >= LONGEST_FUNCTION_LINES]


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body that are code: programs and golden texts held in strings are none."""
    texts = {
        line
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for line in range(node.lineno + 1, node.end_lineno + 1)
    }
    return function.end_lineno - function.body[0].lineno + 1 - len(texts)


@pytest.mark.parametrize("path", modules(FIRMWARE / "limen/core"), ids=name_of)
def test_the_core_makes_no_floats(path):
    assert floats_in(path.read_text()) == []


@pytest.mark.parametrize("path", modules(FIRMWARE / "limen/core"), ids=name_of)
def test_the_core_imports_only_what_is_pure(path):
    assert roots_imported(path.read_text()) - PURE == ({"sys"} if path == LATE else set())


@pytest.mark.parametrize("path", [p for p in modules(FIRMWARE) if package_of(p)], ids=name_of)
def test_imports_point_downwards(path):
    assert foreign_imports(path.read_text(), package_of(path)) == set()


@pytest.mark.parametrize(
    "path",
    [p for p in modules(FIRMWARE) if package_of(p) != "hal" and p not in BEFORE_THE_PACKAGE],
    ids=name_of,
)
def test_only_the_hardware_layer_touches_the_chip(path):
    assert roots_imported(path.read_text()) & CHIP == set()


@pytest.mark.parametrize("path", modules(FIRMWARE), ids=name_of)
def test_the_firmware_does_not_know_of_the_emulation(path):
    assert "emulat" not in path.read_text().lower()


@pytest.mark.parametrize("folder", ["firmware", "host_tools", "tests"])
def test_functions_are_short(folder):
    found = {name_of(p): long_functions(p.read_text()) for p in modules(PROJECT / folder)}
    assert {name: functions for name, functions in found.items() if functions} == {}


@pytest.mark.parametrize(
    "source", ["x = 1.5", "x = a / b", "x /= 2", "x = float('1')", "x = 1e3", "y = math.pi"]
)
def test_a_float_is_found(source):
    assert floats_in("a = 1\n" + source) != []


def test_integer_arithmetic_is_not_taken_for_floats():
    assert floats_in("x = a // b\nx //= 10\nx = 'a/b' % 3\n") == []


def test_an_import_that_points_upwards_is_found():
    source = "def late():\n    from limen.service import clock\n"
    assert foreign_imports(source, "delivery") == {"service"}
    assert foreign_imports("import limen.drivers.modbus_rtu", "delivery") == {"drivers"}
    assert foreign_imports("from limen import core", "delivery") == set()
    assert foreign_imports("from limen import hal", "core") == {"hal"}


def test_a_long_function_is_found():
    body = "    x = 1\n"
    assert long_functions("def f():\n" + body * LONGEST_FUNCTION_LINES) == ["f"]
    assert long_functions('def f():\n    x = """' + "\n" * LONGEST_FUNCTION_LINES + '"""') == []
    assert long_functions("def f():\n" + body * (LONGEST_FUNCTION_LINES - 1)) == []
