"""`limen tune`: thresholds for a site from a recording, by an error bound or a message budget.

It shows the curve of messages against error, proposes a deadband for each channel that the
recording has, and writes the site file with them, its comments and all else as they were.
"""

import argparse
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path

import tomlkit
from rich.console import Console
from rich.table import Table

from host_tools import plan_arguments, tuning
from host_tools.emulation.completed import completed
from host_tools.emulation.ratios import nearest
from host_tools.emulation.recording import Recording
from host_tools.emulation.signals import Signals
from host_tools.errors import ToolError
from host_tools.plan import Plan
from host_tools.tuning import Column, Outcome, Trial
from host_tools.wiring import signals_of_devices
from limen.core.quantity import lookup

_CURVE = tuple(Decimal(text) for text in ("0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1"))
_LEAST_US = 1000
_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recording", type=Path, metavar="FILE", required=True)
    plan_arguments.add_arguments(parser)
    goal = parser.add_mutually_exclusive_group(required=True)
    goal.add_argument("--error", metavar="PERCENT", help='of each range, such as "1 %%"')
    goal.add_argument("--messages", type=int, metavar="COUNT", help="at most so many a day")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the site file with them")


def run(args: argparse.Namespace) -> int:
    console = Console(width=100)
    share = _share(args.error) if args.error else None
    recording = plan_arguments.load_recording(args, console.print)
    if recording.length_us < _LEAST_US:
        raise ToolError(f"{args.recording}: thresholds need more than one row, some time apart.", 2)
    plan = plan_arguments.make_plan(args, recording, recording.signals_by_device())
    columns = list(_columns(plan, recording, keeps_pauses=share is None))
    if all(column.fixed for column in columns):
        raise ToolError(f"The site reads no channel that {args.recording} has.", 2)
    if share is None:
        share = _share_for(columns, args.messages)
    trial = tuning.try_share(columns, share)
    console.print(_curve(columns))
    console.print()
    console.print(_proposal(trial))
    console.print(
        f"{trial.messages_a_day} messages a day with data, {trial.reduction} % of the samples "
        "need not be published."
    )
    if args.out:
        _write(args.out, tuned(plan.site.read_text(encoding="utf-8"), plan.config, trial))
        console.print(f"The site file with these thresholds is {args.out}.")
    return 0


def _share(text: str) -> Decimal:
    """The share that "1 %" is: 0.01."""
    match = _PERCENT.fullmatch(text)
    try:
        share = Decimal(match[1]) / 100 if match else None
    except InvalidOperation:
        share = None
    if share is None or not 0 < share <= 1:
        raise ToolError(f'--error {text!r}: write a percentage of the range such as "1 %".', 2)
    return share


def _share_for(columns: list[Column], messages: int) -> Decimal:
    share = tuning.share_for(columns, messages)
    if share is None:
        least = tuning.try_share(columns, Decimal(1)).messages_a_day
        raise ToolError(
            f"{messages} messages a day cannot be kept to: with the widest deadbands there are "
            f"{least}, from at_least_every, from states, and from channels that the recording does "
            "not have.",
            2,
        )
    return share


def _columns(plan: Plan, recording: Recording, keeps_pauses: bool) -> Iterator[Column]:
    """What each device would read of the recording, a reading a row.

    `at_most_every` holds changes back and so breaks an error bound: it goes unless it is kept.
    """
    times_us = [time_us - recording.times[0] for time_us in recording.times]
    shares = signals_of_devices(plan.config, plan.signals)
    for device in plan.config["device"]:
        name = device["id"]
        known = recording.quantities(name if recording.devices else None)
        for channel in device["channel"]:
            fixed = channel["name"] not in known or isinstance(channel.get("report"), dict)
            column = _column(name, channel, completed(shares[name]), times_us, fixed)
            yield column if fixed or keeps_pauses else column.without_pause()


def _column(
    device: str, channel: dict, signals: Signals, times_us: list[int], fixed: bool
) -> Column:
    """A channel's column; what no signal says stands still."""
    scale = Fraction(10) ** channel["places"]
    report = channel.get("report")
    name = channel["name"]
    if name in signals.quantities():
        values = (Fraction(signals.value(name, time_us)) for time_us in times_us)
        counts = [nearest(*(value * scale).as_integer_ratio()) for value in values]
    else:
        counts = [0] * len(times_us)
    return Column(
        device=device,
        name=name,
        unit=channel["unit"],
        places=channel["places"],
        rule=tuple(report if isinstance(report, list) else (0, 0, 0, 0)),
        times_ms=[time_us // 1000 for time_us in times_us],
        counts=counts,
        fixed=fixed,
        kind=lookup(name)[1],
    )


def _curve(columns: list[Column]) -> Table:
    table = _table("Messages against error", ("error, of the range", "messages a day", "reduction"))
    for share in _CURVE:
        trial = tuning.try_share(columns, share)
        table.add_row(f"{share * 100:.1f} %", str(trial.messages_a_day), f"{trial.reduction} %")
    return table


def _proposal(trial: Trial) -> Table:
    table = _table(
        "Proposed thresholds",
        ("channel", "range, or a day's count", "deadband", "largest error", "points"),
    )
    for outcome in trial.tuned:
        column = outcome.column
        table.add_row(
            f"{column.device}.{column.name}",
            column.text(column.scope),
            column.text(outcome.deadband),
            column.text(outcome.largest_error),
            str(len(outcome.published_ms)),
        )
    return table


def _table(title: str, headings: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", box=None, header_style="dim", pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "channel" else "right")
    return table


def tuned(text: str, config: dict, trial: Trial) -> str:
    """The text of a site file with a trial's deadbands in the gateway that `config` is of."""
    document = tomlkit.parse(text)
    devices = document["gateway"][config["gateway"]]["device"]
    for outcome in trial.tuned:
        device = next(one for one in devices if one["id"] == outcome.column.device)
        channels = device.setdefault("channels", tomlkit.table())
        channel = channels.setdefault(outcome.column.name, tomlkit.inline_table())
        channel["report"] = _report(channel.get("report", {}), outcome)
    return tomlkit.dumps(document)


def _report(before: dict, outcome: Outcome) -> tomlkit.items.InlineTable:
    """The filter as a site file has it, with the new deadband and what else it said."""
    report = tomlkit.inline_table()
    report["deadband"] = _threshold(outcome)
    gone = ["deadband", "or_percent"] + ["at_most_every"] * (outcome.column.rule[2] == 0)
    report.update({key: value for key, value in before.items() if key not in gone})
    return report


def _threshold(outcome: Outcome) -> str | float:
    """The deadband as a site file has it: a text with its unit, or a number where it has none."""
    if outcome.column.unit:
        return outcome.column.text(outcome.deadband)
    return float(outcome.column.text(outcome.deadband))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise ToolError(f"{path} cannot be written: {error.strerror}.") from None
