"""Prints what each module of the firmware costs: source lines, bytecode, and heap on the chip.

The heap is measured on the 32-bit interpreter, whose objects have the chip's sizes: modules are
imported one by one, each after those it imports itself, so that every byte is counted once, for
the module that brought it. The interpreter's table of names grows in steps of some kilobytes, and
a step counts for the module that needs it. Modules of the stock image cost a little heap, no flash.
On the gateway the modules are linked and cost less: what sites need in all is below the table.

With `--site` it measures what the gateways of a site need, and says whether their boards have it.
"""

import ast
import graphlib
import json
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from host_tools import heap_need, interpreter, site_size
from host_tools.errors import ToolError
from host_tools.image import library_files, write_files
from host_tools.interpreter import Interpreter
from host_tools.paths import FIRMWARE, TOOLS

PACKAGES = ("core", "net", "drivers", "functions", "commands", "delivery", "service", "hal", "")
"""The folders below limen/ in the order of the table; "" for what lies beside them."""

_CHIP_MODULES = ("machine", "network", "esp32")
_ROW = "{:<34}{:>8}{:>12}{:>12}"
_MEASURE = """
import gc, json, sys
class Anything:
    def __getattr__(self, name):
        return Anything()
sys.path[:] = ['.frozen', {library!r}, {frozen!r}]
for name in {chip_modules}:
    sys.modules[name] = Anything()
costs = dict.fromkeys({modules}, 0)
for name in {modules}:
    gc.collect()
    before = gc.mem_alloc()
    __import__(name)
    gc.collect()
    costs[name] = gc.mem_alloc() - before
print(json.dumps(costs))
"""


@dataclass(frozen=True)
class Size:
    """One line of the table; bytecode and heap in bytes, heap None where it was not measured."""

    name: str
    lines: int
    bytecode: int
    heap: int | None

    @property
    def package(self) -> str:
        """The folder below limen/, one of PACKAGES."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 and parts[1] in PACKAGES else ""

    def __str__(self) -> str:
        heap = "-" if self.heap is None else self.heap
        return _ROW.format(self.name, self.lines or "", self.bytecode or "", heap)


def add_arguments(parser) -> None:
    parser.add_argument("--site", type=Path, metavar="FILE", help="measure its gateways instead")
    parser.add_argument("--gateway", metavar="NAME", help="only this one of the site")


def run(args) -> int:
    """Print the table, or what a site needs; return the exit status."""
    if args.site:
        return site_size.run(args.site, args.gateway)
    found = interpreter.find()
    sources = _sources()
    bytecode = {_module_name(Path(name)): len(data) for name, data in library_files().items()}
    stock, order = import_order(sources)
    heap = measure_heap([*stock, *order], found) if found.is_chip_like else {}
    sizes = [Size(n, sources[n].count("\n"), bytecode[n], heap.get(n)) for n in order]
    stock_sizes = [Size(name, 0, 0, heap.get(name)) for name in stock]
    print("\n".join(table(sizes, total("modules of the stock image", stock_sizes))))
    if not found.is_chip_like:
        print(f"Heap checks are skipped: {found} has objects of twice the chip's size.")
        return 0
    print()
    print("\n".join(heap_need.table()))
    return 0


def _sources() -> dict[str, str]:
    files = (FIRMWARE / "limen").rglob("*.py")
    return {_module_name(path.relative_to(FIRMWARE)): path.read_text() for path in files}


def _module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


class _WithoutFunctions(ast.NodeTransformer):
    """Takes the functions out of a syntax tree, and with them what is imported late."""

    def visit_FunctionDef(self, node):
        return None

    visit_AsyncFunctionDef = visit_FunctionDef


def imported_names(tree: ast.AST) -> set[str]:
    """Return what a syntax tree imports: `from a import b` gives a and a.b."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def import_order(sources: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return the stock modules that {name: source} need, and its own, each after its imports."""
    graph, stock = {}, set()
    for name in sorted(sources):
        imported = imported_names(_WithoutFunctions().visit(ast.parse(sources[name])))
        graph[name] = sorted((imported | {name.rpartition(".")[0]}) & sources.keys())
        stock.update(other.split(".")[0] for other in imported)
    try:
        order = list(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        raise ToolError(f"Modules import each other in a circle: {error.args[1]}.") from error
    return sorted(stock - {"limen", *_CHIP_MODULES}), order


def measure_heap(modules: list[str], found: Interpreter) -> dict[str, int]:
    """Return the heap bytes that importing each module takes, imported in the order given."""
    with tempfile.TemporaryDirectory() as folder:
        write_files(library_files(), Path(folder))
        script = _MEASURE.format(
            library=folder,
            frozen=str(TOOLS / "frozen"),
            chip_modules=_CHIP_MODULES,
            modules=modules,
        )
        done = subprocess.run([*found.command, "-c", script], capture_output=True, text=True)
    if done.returncode:
        raise ToolError(f"A module cannot be imported:\n{done.stdout}{done.stderr}".strip())
    return json.loads(done.stdout)


def total(name: str, sizes: Iterable[Size]) -> Size:
    """Return the sum of the sizes under a name; its heap is None when one of theirs is."""
    sizes = list(sizes)
    heaps = [size.heap for size in sizes]
    return Size(
        name,
        sum(size.lines for size in sizes),
        sum(size.bytecode for size in sizes),
        None if None in heaps else sum(heaps),
    )


def table(sizes: list[Size], stock: Size) -> list[str]:
    """Return the lines of the table: the packages in their order, their totals, and the sum."""
    lines = [_ROW.format("module", "lines", "bytecode", "heap")]
    for package in PACKAGES:
        rows = sorted((s for s in sizes if s.package == package), key=lambda size: size.name)
        if rows:
            name = f"{package or 'limen'}, {len(rows)} modules"
            lines += [*map(str, rows), str(total(name, rows)), ""]
    firmware = total("firmware", sizes)
    return [*lines, str(firmware), str(stock), str(total("together", [firmware, stock]))]
