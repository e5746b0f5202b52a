"""`limen soak`: is there a schedule of faults under which the firmware lies, loses or stops?

Each seed is a simulated day on an emulated gateway. A seed that breaks an invariant is shrunk to
the fewest faults, and the command that shows it again is printed. Seeds whose verdict is known are
not played again.
"""

import argparse
import functools
import multiprocessing
import os
import shlex
import time
from pathlib import Path

from rich.console import Console

from host_tools.errors import ToolError
from host_tools.paths import PROJECT
from host_tools.soak.kept import KEPT, Kept, version_of
from host_tools.soak.schedule import Schedule, make_schedule
from host_tools.soak.shrink import shrink
from host_tools.soak.trial import Trial, devices_of, plan_of

SITE = PROJECT / "examples/soak/site.toml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=int, help="so many simulated runs (default 10)")
    parser.add_argument("--seed", type=int, help="the first of them (default 1), or the only one")
    parser.add_argument("--hours", type=int, default=24, help="that each run takes (default 24)")
    parser.add_argument("--faults", metavar="NUMBERS", help="only these of the seed's, as 3,17")
    parser.add_argument(
        "--site", type=Path, default=SITE, metavar="FILE", help="site file, or its folder"
    )
    parser.add_argument(
        "--again", action="store_true", help="play also seeds whose verdict is known"
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), help="at a time (default: one a processor)"
    )


def run(args: argparse.Namespace) -> int:
    console = Console(width=100)
    if args.hours < 1:
        raise ToolError("--hours: a run takes an hour at least, for its quiet begin and end.", 2)
    devices = devices_of(args.site)
    if args.faults is not None:
        return _show(console, args, devices)
    first = args.seed or 1
    count = args.seeds
    if count is None:
        count = 1 if args.seed else 10
    schedules = [make_schedule(seed, args.hours, devices) for seed in range(first, first + count)]
    return _campaign(console, args, schedules)


def _show(console: Console, args: argparse.Namespace, devices: list[str]) -> int:
    """Play some faults of one seed, and say what each is."""
    schedule = make_schedule(args.seed or 1, args.hours, devices).only(_numbers(args.faults))
    for fault in schedule.faults:
        console.print(str(fault), highlight=False)
    sentences = Trial(args.site, schedule).run()
    for sentence in sentences or ["All invariants hold."]:
        console.print(sentence, highlight=False)
    return 1 if sentences else 0


def _numbers(text: str) -> set[int]:
    try:
        return {int(word) for word in text.split(",")} if text != "none" else set()
    except ValueError:
        raise ToolError(
            f'--faults {text!r}: write their numbers, as "3,17", or "none".', 2
        ) from None


def _campaign(console: Console, args: argparse.Namespace, schedules: list[Schedule]) -> int:
    began = time.monotonic()
    kept = Kept(KEPT, version_of(plan_of(args.site, 0).files))
    broken = {} if args.again else {one: kept.get(one) for one in schedules}
    new = [schedule for schedule in schedules if broken.get(schedule) is None]
    for schedule in [one for one in schedules if broken.get(one)]:
        console.print(f"Seed {schedule.seed}, as known: {broken[schedule][0]}", highlight=False)
    play = functools.partial(_play, args.site)
    with multiprocessing.get_context("spawn").Pool(args.jobs) as pool:
        for done, (schedule, sentences) in enumerate(pool.imap_unordered(play, new), 1):
            kept.put(schedule, sentences)
            broken[schedule] = sentences
            if sentences:
                console.print(f"Seed {schedule.seed}: {sentences[0]}", highlight=False)
            elif done % 10 == 0:
                console.print(f"{done} of {len(new)} seeds, {_count(broken)} failed.")
    took_s = time.monotonic() - began
    for schedule in [one for one in new if broken[one]][:3]:
        _explain(console, args.site, schedule)
    console.print(_score(schedules, new, broken, took_s))
    return 1 if _count(broken) else 0


def _count(broken: dict[Schedule, list[str] | None]) -> int:
    return sum(bool(sentences) for sentences in broken.values())


def _score(schedules: list[Schedule], new: list[Schedule], broken, took_s: float) -> str:
    hours = sum(schedule.hours for schedule in schedules)
    score = f"{len(schedules)} seeds, {hours} simulated hours, {_count(broken)} broke an invariant"
    if len(new) < len(schedules):
        score += f"; {len(schedules) - len(new)} were known from {os.path.relpath(KEPT)}"
    speed = sum(schedule.hours for schedule in new) * 3600 / took_s
    return f"{score}; {speed:,.0f} × real time." if new else f"{score}."


def _play(site: Path, schedule: Schedule) -> tuple[Schedule, list[str]]:
    return schedule, Trial(site, schedule).run()


def _explain(console: Console, site: Path, schedule: Schedule) -> None:
    """Find the fewest faults that break it, and print them."""
    least = shrink(schedule, lambda candidate: bool(Trial(site, candidate).run()))
    console.print(f"Seed {schedule.seed}, shrunk to {len(least.faults)} faults:", style="bold")
    for fault in least.faults:
        console.print(f"  {fault}", highlight=False)
    for sentence in Trial(site, least).run():
        console.print(f"  {sentence}", highlight=False)
    named = "" if site == SITE else f" --site {shlex.quote(str(site))}"
    console.print(f"  {least.command()}{named}", highlight=False)
