"""`limen tail`: what gateways publish, a line each, as it comes.

It is a visitor: the broker keeps nothing for it, and no gateway notices. With --json a line is a
JSON object; its numbers are the exact decimals that were sent.
"""

import argparse
import json
import sys
from decimal import Decimal

from host_tools import broker_arguments
from host_tools.client import (
    Alarm,
    Born,
    Client,
    ClockSet,
    ClockStep,
    CounterChange,
    Ended,
    Fault,
    Gap,
    Happening,
    Item,
    Presence,
    Sample,
)
from host_tools.client.items import as_time
from host_tools.contract import HappeningBody, Use, sentence


def add_arguments(parser: argparse.ArgumentParser) -> None:
    broker_arguments.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="a JSON object per line")


def run(args: argparse.Namespace) -> int:
    line = json_line if args.json else plain_line
    duration_s = broker_arguments.duration_s(args)
    gateways = broker_arguments.require_gateways(args)
    address = broker_arguments.address(args)
    with Client(address, gateways=gateways, on_problem=_complain) as client:
        for batch in client.batches(duration_s):
            print("\n".join(map(line, batch)), flush=True)
    return 0


def _complain(problem: str) -> None:
    print(f"limen tail: {problem}; trying again", file=sys.stderr)


def plain_line(item: Item) -> str:
    """An item as people read it."""
    match item:
        case Sample():
            mark = "" if item.quality == "good" else f" ({item.quality})"
            value = _quantity(item.value, item.unit)
            return f"{_head(item)} {item.device}.{item.channel} {value}{mark}"
        case Alarm():
            word = "raised" if item.raised else "cleared"
            value, limit = _quantity(item.value, item.unit), _quantity(item.limit, item.unit)
            where = f"{item.device}.{item.channel}"
            return f"{_head(item)} alarm {where} {item.name} {word} at {value}, limit {limit}"
        case CounterChange():
            was = "" if item.was is None else f" at {_quantity(item.was, item.unit)}"
            total, where = _quantity(item.total, item.unit), f"{item.device}.{item.channel}"
            change = "read for the first time" if item.change == "first" else item.change
            return f"{_head(item)} counter {where} {change}{was}, total {total}"
        case Happening():
            return f"{_head(item)} {item.device} {sentence(item.body)}"
        case ClockSet() | ClockStep():
            utc = as_time(item.utc_ms).isoformat(timespec="milliseconds")
            return f"{utc} {item.gateway} clock {_clock_change(item)} ({item.source})"
        case Gap():
            which = f"{item.first} to {item.last} of boot {item.boot}"
            return f"{item.gateway} gap: {item.count} records did not come, {which}"
        case Ended(gateway, boot, last, clean):
            lost = "nothing is lost" if clean else "seconds behind it, if any, were in memory only"
            return f"{gateway} boot {boot} ended with record {last}; {lost}"
        case Presence():
            return f"{item.gateway} is {'online' if item.online else 'offline'}"
        case Born():
            count = sum(map(len, item.birth.devices.values()))
            what = f"{count} channels of {len(item.birth.devices)} devices"
            return f"{item.gateway} runs {item.birth.firmware} with {what}"
    return f"{item.topic}: {item.sentence}"


def _clock_change(item: ClockSet | ClockStep) -> str:
    if isinstance(item, ClockStep):
        return f"moved by {Decimal(item.utc_ms - item.was_ms) / 1000:+} s"
    where = f"at an uptime of {item.uptime_ms} ms"
    if item.of_boot == item.boot.number:
        return f"set {where}"
    return f"set of boot {item.of_boot} {where}" + " at the latest" * item.is_uncertain


def _head(item: Sample | Alarm | CounterChange | Happening) -> str:
    when = item.time.isoformat(timespec="milliseconds") if item.time else f"+{item.uptime_ms} ms"
    return f"{when} {item.gateway}"


def _quantity(value: Decimal | None, unit: str) -> str:
    return "-" if value is None else f"{value:f} {unit}".rstrip()


def json_line(item: Item) -> str:
    """An object with `type` and what the item has; JSON has no other exact way for decimals."""
    return _object({"type": type(item).__name__.lower()} | _facts(item))


def _object(facts: dict) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{_json(fact)}" for name, fact in facts.items()) + "}"


def _facts(item: Item) -> dict:
    if isinstance(item, Born):
        return {"gateway": item.gateway, "cfg": item.birth.cfg, "firmware": item.birth.firmware}
    facts = {name: fact for name, fact in vars(item).items() if name not in ("boot", "about")}
    if not isinstance(item, Presence | Fault):
        facts |= {"inc": item.boot.inc, "boot": item.boot.number}
    if isinstance(item, Sample | Alarm | CounterChange):
        facts["unit"] = item.unit
    return facts


def _json(fact) -> str:
    match fact:
        case Decimal():
            return f"{fact:f}"
        case _ if isinstance(fact, HappeningBody):
            return _object({"kind": type(fact).__name__.lower()} | vars(fact))
        case Use():
            return _object(vars(fact))
        case tuple():
            return "[" + ",".join(map(_json, fact)) + "]"
    return json.dumps(fact, ensure_ascii=False)
