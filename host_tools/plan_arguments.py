"""What a command is told of the site and the recording that it plays, and the plan that these make.

Without a site it is the example whose meter suits the recording.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from host_tools.emulation.quantities import PHASES
from host_tools.emulation.recording import Recording
from host_tools.emulation.signals import Signals
from host_tools.errors import ToolError
from host_tools.paths import PROJECT
from host_tools.plan import Plan, plan_of_site

EXAMPLES = {"sdm630": PROJECT / "examples/press", "sdm120": PROJECT / "examples/household"}
"""The example site for each emulated meter."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what every emulation of a site is told."""
    add_shared_arguments(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--site", type=Path, metavar="FILE", help="site file, or its folder")
    what.add_argument("--meter", choices=EXAMPLES, help="the example site with this meter")


def add_shared_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is told beside the site itself."""
    add_recording_arguments(parser)
    parser.add_argument("--gateway", metavar="NAME", help="a gateway of the site")
    parser.add_argument("--seed", type=int, default=0, help="of all that is random")


def add_recording_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how a recording is to be read."""
    meaning = parser.add_mutually_exclusive_group()
    meaning.add_argument("--map", type=Path, metavar="FILE", help="what the columns mean (TOML)")
    meaning.add_argument(
        "--column", action="append", default=[], metavar="HEADING=NAME",
        help='what one is, such as "Leistung=power_active_total [kW]"; may come several times',
    )  # fmt: skip
    parser.add_argument(
        "--hold", action="store_true", help="an empty cell means what its column had before"
    )
    parser.add_argument(
        "--strict", action="store_true", help="stop where anything in the recording is odd"
    )
    parser.add_argument("--device", metavar="NAME", help="whose columns of a recording of several")


def load_recording(args: argparse.Namespace, say: Callable[[str], None]) -> Recording | None:
    """The recording that the arguments name; says what is odd in it, or stops with --strict."""
    if args.recording is None:
        return None
    recording = Recording(args.recording, args.map, args.device, _called(args.column), args.hold)
    if args.strict:
        recording.require_no_problem()
    for sentence in recording.summary():
        say(sentence)
    return recording


def _called(texts: list[str]) -> dict[str, str]:
    """What headings mean that are told as "heading=name"."""
    called = {}
    for text in texts:
        heading, sign, name = text.rpartition("=")
        if not (sign and name.strip()):
            raise ToolError(f'--column {text!r}: write "heading=power_active_total [kW]".', 2)
        called[heading.strip()] = name.strip()
    return called


def make_plan(args: argparse.Namespace, recording: Recording | None, signals: Signals) -> Plan:
    """The plan that the arguments ask for, by default of the example that suits the recording."""
    plan = plan_of_site(chosen_site(args, recording), args.gateway, signals, args.seed)
    if recording and recording.devices and not _matches(plan, recording):
        here, there = recording.devices, [device["id"] for device in plan.config["device"]]
        raise ToolError(
            f"The recording has the devices {', '.join(here)}, the gateway has {', '.join(there)}: "
            "name them alike, or choose one of the recording with --device.",
            2,
        )
    return plan


def _matches(plan: Plan, recording: Recording) -> set[str]:
    return {device["id"] for device in plan.config["device"]} & set(recording.devices)


def unmatched(plan: Plan, recording: Recording) -> list[str]:
    """What of a recording of several devices does not fit the gateway, a sentence each."""
    if not recording.devices:
        return []
    both = _matches(plan, recording)
    extra = [name for name in recording.devices if name not in both]
    still = [one["id"] for one in plan.config["device"] if one["id"] not in both]
    told = [f"Not played, as the gateway has no such device: {', '.join(extra)}."] * bool(extra)
    return told + [f"Not in the recording, so it stands still: {', '.join(still)}."] * bool(still)


def chosen_site(args: argparse.Namespace, recording: Recording | None) -> Path:
    """The site, a file or its folder, that the arguments name, else the example that suits."""
    if args.site is None:
        has_one_phase = recording and not any(
            quantity.endswith(PHASES) for quantity in recording.quantities()
        )
        return EXAMPLES[args.meter or ("sdm120" if has_one_phase else "sdm630")]
    return args.site
