"""`limen filters`: what filters and alarms of the firmware do with real recordings, as tables.

The tables of docs/filters.md and docs/alarms.md are its output. Recordings are a folder of folders,
`../shared/data` beside the project by default; nothing of them is part of the project.
"""

import argparse
import itertools
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from pathlib import Path

from host_tools.errors import ToolError
from host_tools.filtering.alarm_trials import trials
from host_tools.filtering.columns import Column, columns
from host_tools.filtering.points import Count, count_points
from host_tools.paths import PROJECT

_DATA = PROJECT.parent / "shared" / "data"
_BOUNDS = ("0.5", "1", "2")
_HEAD = (
    "| Recording, columns | Bound | Samples | Delta | Swinging door (its error) | Line | Reduction "
    "| Largest error | Optimum | Line ÷ optimum, worst column |"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("points", "alarms"))
    parser.add_argument("--data", type=Path, default=_DATA, help="the folder of recordings")
    parser.add_argument("--only", default="", metavar="NAME", help="recordings with this name")
    parser.add_argument("--bound", choices=_BOUNDS, help="percent of a range (default: all)")
    parser.add_argument("--jobs", type=int, default=1, help="columns at once")


def run(args: argparse.Namespace) -> int:
    if not args.data.is_dir():
        raise ToolError(f"{args.data} is no folder of recordings; write --data FOLDER.", 2)
    lines = _points(args) if args.what == "points" else trials(args.data, args.only)
    for line in lines:
        print(line, flush=True)
    return 0


def _points(args: argparse.Namespace) -> Iterator[str]:
    """The table, a row for each recording and bound; its last line is all columns together."""
    yield _HEAD
    yield "|---" * _HEAD.count(" |") + "|"
    counts = []
    with ProcessPoolExecutor(args.jobs) as pool:
        found = columns(args.data, args.only)
        for recording, of_one in itertools.groupby(found, lambda column: column.recording):
            of_one = list(of_one)
            for bound in [args.bound] if args.bound else _BOUNDS:
                tasks = [(column, bound) for column in of_one]
                rows = list(pool.map(_count, tasks))
                counts += rows
                yield _row(f"{recording}, {len(of_one)}", bound, rows)
    if counts:
        yield _row(f"all, {len(counts)}", "", counts)


def _count(task: tuple[Column, str]) -> Count:
    column, percent = task
    bound = int(column.range * Fraction(percent) / 100)
    return count_points(column.samples, bound)


def _row(name: str, bound: str, counts: list[Count]) -> str:
    samples = sum(one.samples for one in counts)
    line, fewest = sum(one.line for one in counts), sum(one.fewest for one in counts)
    cells = (
        name,
        f"{bound} %" if bound else "",
        f"{samples:,}",
        f"{sum(one.delta for one in counts):,}",
        f"{sum(one.swinging_door for one in counts):,} ({_worst(counts, 'door_error')} bounds)",
        f"{line:,}",
        f"{100 * (1 - line / samples):.1f} %",
        f"{_worst(counts, 'error')} bounds",
        f"{fewest:,}",
        f"{max(one.line / one.fewest for one in counts):.3f}",
    )
    return "| " + " | ".join(cells) + " |"


def _worst(counts: list[Count], name: str) -> str:
    """The largest error of all columns, as a multiple of the column's bound."""
    return f"{max(float(getattr(one, name) / one.bound) if one.bound else 0 for one in counts):.2f}"
