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
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from host_tools import interpreter
from host_tools.emulation import brokers
from host_tools.errors import ToolError

SECTIONS = {
    "drain": ("host_tools.bench_drain", "a backlog's way to the broker, QoS 1"),
    "journal": ("host_tools.bench_journal", "a backlog that lies on flash"),
    "tls": ("host_tools.bench_tls", "the same over TLS, and what memory TLS takes"),
    "wire": ("host_tools.bench_wire", "bytes of MQTT, both directions"),
    "path": ("host_tools.bench_path", "a sample's way through the gateway"),
    "filters": ("host_tools.bench_filters", "a sample in each filter and alarm"),
    "polls": ("host_tools.bench_polls", "requests in a cycle; heap of devices"),
    "dead": ("host_tools.bench_dead", "what dead meters cost the others"),
    "line": ("host_tools.bench_line", "a Modbus line's use, and who waits for it"),
    "replay": ("host_tools.bench_replay", "virtual time beside real time"),
    "flash": ("host_tools.bench_flash", "flashing, an update, the start"),
    "recording": ("host_tools.bench_recording", "a recording of many rows"),
}
"""name → (module, what it measures)"""

_COLUMNS = 100


@dataclass(frozen=True)
class Extent:
    """How much is measured; the defaults are for a report, a test takes less.

    `mqtt_as` is the source of that client, which no package index has, as a second peer.
    Of `repeats` runs the fastest counts: others have met with what else the machine does.
    """

    broker: str = "auto"
    mqtt_as: bytes | None = None
    repeats: int = 3
    records: int = 5000
    peer_messages: int = 40
    readings: int = 500
    virtual_s: int = 1800
    recording_rows: int = 10_000_000
    filters: int | None = None


@dataclass(frozen=True)
class Row:
    """One result; `least` or `most` is its budget, if it has one."""

    what: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the value keeps to the budget; True without one."""
        return (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )

    def cells(self) -> tuple[str, str, Text]:
        """The row as it is printed: what, value with unit, budget and whether it is kept."""
        bounds = [
            f"{sign} {number(bound)}"
            for sign, bound in (("≥", self.least), ("≤", self.most))
            if bound is not None
        ]
        style = "green" if self.is_met else "bold red"
        judged = " ".join([*bounds, "kept" if self.is_met else "missed"]) if bounds else ""
        return self.what, f"{number(self.value)} {self.unit}", Text(judged, style)


def number(value: float) -> str:
    """Three digits that mean something: 19,904 but 0.0213."""
    return f"{value:,.0f}" if value == 0 or abs(value) >= 100 else f"{value:.3g}"


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
