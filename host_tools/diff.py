"""`limen diff`: what changes in what is published, between two configurations or two firmwares.

Each side is a site file, which is replayed over the recording, or a CSV file that `limen replay
--out` wrote before: a golden run. The first side may be replayed by another version of Limen. Exit
status 0 says that both publish the same, 1 that they do not.
"""

import argparse
import copy
from pathlib import Path

from rich.console import Console
from rich.table import Table

from host_tools import other_version, plan_arguments, replay
from host_tools.comparison import Comparison, compare
from host_tools.errors import ToolError
from host_tools.option import read_option
from host_tools.run_csv import Run, read_run

_HEADINGS = ("channel", "before", "after", "only before", "only after", "other value", "apart")
_SHOWN = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    side = "a site file or its folder, or a CSV file that `limen replay --out` wrote"
    parser.add_argument("before", type=Path, metavar="BEFORE", help=side)
    parser.add_argument(
        "after",
        type=Path,
        metavar="AFTER",
        nargs="?",
        help="the other one, likewise (default: BEFORE)",
    )
    parser.add_argument(
        "--firmware", metavar="VERSION",
        help="replay BEFORE with this one: a revision of git, or a folder of the project",
    )  # fmt: skip
    parser.add_argument("--recording", type=Path, metavar="FILE", help="what site files replay")
    plan_arguments.add_shared_arguments(parser)
    parser.add_argument("--every", metavar="TIME", help="poll so often, as in `limen replay`")
    parser.add_argument(
        "--within", default="1s", metavar="TIME", help="times less apart are the same (default 1s)"
    )


def run(args: argparse.Namespace) -> int:
    console = Console(width=100)
    within_ms = read_option("--within", args.within)
    if args.after is None and args.firmware is None:
        raise ToolError("Name AFTER, a second site or run, or a --firmware for BEFORE.", 2)
    before = _published(args.before, args, args.firmware)
    after = _published(args.after or args.before, args)
    comparisons = compare(before, after, within_ms)
    changed = [comparison for comparison in comparisons if not comparison.is_same]
    if changed:
        console.print(_table(changed))
    for comparison in changed:
        for sentence in comparison.sentences()[:_SHOWN]:
            console.print(sentence, highlight=False)
    same = len(comparisons) - len(changed)
    console.print(f"{same} of {len(comparisons)} channels and alarms publish the same.")
    return 1 if changed else 0


def _published(path: Path, args: argparse.Namespace, firmware: str | None = None) -> Run:
    if path.suffix == ".csv":
        if firmware:
            raise ToolError(f"{path} is published already: --firmware needs a site file.", 2)
        return read_run(path)
    if args.recording is None:
        raise ToolError(f"{path} is to be replayed: name a recording with --recording.", 2)
    if firmware:
        return Run.of_text(other_version.replayed(firmware, _options(path, args)))
    own = copy.copy(args)
    own.site, own.meter = path, None
    console = Console(stderr=True)
    played = replay.play(replay.of_recording(own, console), console)
    return Run.of_text(played.csv())


def _options(site: Path, args: argparse.Namespace) -> list[str]:
    """What another version is to replay, in whatever folder it runs."""
    options = ["--site", str(site.resolve()), "--recording", str(args.recording.resolve())]
    if args.map:
        options += ["--map", str(args.map.resolve())]
    for text in args.column:
        options += ["--column", text]
    for name in ("device", "gateway", "every"):
        if value := getattr(args, name):
            options += [f"--{name}", value]
    options += ["--hold"] * args.hold + ["--strict"] * args.strict
    return [*options, "--seed", str(args.seed)]


def _table(comparisons: list[Comparison]) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading == "channel" else "right")
    for one in comparisons:
        table.add_row(
            one.name,
            str(one.before),
            str(one.after),
            str(len(one.only_before)),
            str(len(one.only_after)),
            str(len(one.changed)),
            f"{one.furthest_apart:f}",
        )
    return table
