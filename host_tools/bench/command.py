"""`limen bench`: how fast the gateway is and what it takes, beside its peers on the same machine.

A section is a module with `measure(extent) -> rows`. Each runs the firmware that is flashed, on the
32-bit interpreter. What depends on the machine is shown beside what a peer does in the same run,
so that the ratio means the same everywhere; counts (bytes, allocations) are exact. It reports and
judges nothing: a missed budget is marked, and the exit status is 0.
"""

import argparse
import difflib
import importlib
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from host_tools import interpreter
from host_tools.bench.section import Extent, Row
from host_tools.emulation import brokers
from host_tools.errors import ToolError

SECTIONS = {
    "drain": ("host_tools.bench.drain", "a backlog's way to the broker, QoS 1"),
    "journal": ("host_tools.bench.journal", "a backlog that lies on flash"),
    "tls": ("host_tools.bench.tls", "the same over TLS, and what memory TLS takes"),
    "wire": ("host_tools.bench.wire", "bytes of MQTT, both directions"),
    "path": ("host_tools.bench.path", "a sample's way through the gateway"),
    "filters": ("host_tools.bench.filters", "a sample in each filter and alarm"),
    "polls": ("host_tools.bench.polls", "requests in a cycle; heap of devices"),
    "dead": ("host_tools.bench.dead", "what dead meters cost the others"),
    "line": ("host_tools.bench.line", "a Modbus line's use, and who waits for it"),
    "replay": ("host_tools.bench.replay", "virtual time beside real time"),
    "flash": ("host_tools.bench.flash", "flashing, an update, the start"),
    "recording": ("host_tools.bench.recording", "a recording of many rows"),
}
"""name → (module, what it measures)"""

_COLUMNS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "section", nargs="*", help=f"what to measure: {', '.join(SECTIONS)} (default: all)"
    )
    parser.add_argument("--broker", choices=brokers.KINDS, default="auto")
    parser.add_argument(
        "--mqtt-as", type=Path, metavar="FILE", help="source of mqtt_as, as a second peer"
    )


def run(args: argparse.Namespace) -> int:
    """Measure and print the sections that are asked for."""
    chosen = [_known(name) for name in args.section] or list(SECTIONS)
    extent = Extent(args.broker, _source(args.mqtt_as))
    console = Console(width=_COLUMNS)
    console.print(f"On {interpreter.find()}. Rates tell of this machine: compare within a run.")
    for name in chosen:
        began = time.monotonic()
        rows = measure(name, extent)
        console.print(table(name, rows, time.monotonic() - began))
    return 0


def _source(path: Path | None) -> bytes | None:
    try:
        return path.read_bytes() if path else None
    except OSError as error:
        raise ToolError(f"{path} cannot be read: {error.strerror}.", 2) from error


def _known(name: str) -> str:
    if name in SECTIONS:
        return name
    near = difflib.get_close_matches(name, SECTIONS, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(SECTIONS)}."
    raise ToolError(f"The bench has no section {name!r}; {hint}", 2)


def measure(name: str, extent: Extent) -> list[Row]:
    """Run one section."""
    return importlib.import_module(SECTIONS[name][0]).measure(extent)


def table(name: str, rows: list[Row], took_s: float) -> Table:
    """The section as it is printed."""
    shown = Table(title=f"{name}: {SECTIONS[name][1]} ({took_s:.0f} s)", title_justify="left")
    shown.add_column("what", min_width=48)
    shown.add_column("measured", justify="right")
    shown.add_column("budget")
    for row in rows:
        shown.add_row(*row.cells())
    return shown
