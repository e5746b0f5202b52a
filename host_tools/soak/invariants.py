"""What must hold whatever happens; each check gives the sentences of what does not.

Accepted is what a boot has named; a record that no boot delivered and no gap tells of is lost.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from host_tools.contract import Boot, GivenUp
from host_tools.soak.committed import Turn
from host_tools.soak.kinds import BOOTS
from host_tools.soak.schedule import Schedule
from host_tools.soak.standing import raised_now
from host_tools.soak.twins import twins
from host_tools.soak.watch import ROUNDING_KWH, Watch, step_of
from host_tools.summary import Summary
from host_tools.truth import Rule, Verdict, as_value
from host_tools.world import World

_SHOWN = 3
_LAST_MINUTES_KWH = 0.7
"""What may flow between the last total published and the end of a trial, or be unsaved when the
power is cut: some minutes of the largest load, and the deadband."""


@dataclass
class Outcome:
    """A world after its schedule; `settled` tells whether all was acknowledged in time."""

    world: World
    schedule: Schedule
    settled: bool
    exits: list[str]
    watch: Watch


def broken(outcome: Outcome) -> list[str]:
    """What does not hold, a sentence each."""
    world = outcome.world
    summary = world.summary(world.scheduler.now_us)
    checks = (
        _program,
        _delivery,
        _names,
        _values,
        _tasks,
        _boots,
        _watched,
        _counters,
        _alarms,
        _cuts,
        _flash,
    )
    return [sentence for check in checks for sentence in check(outcome, summary)]


def _program(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """The program never ends by itself, and nobody breaks the contract."""
    for text in outcome.exits[:1]:
        yield f"The board's program has ended: {text[-400:]}"
    for error in summary.errors[:_SHOWN]:
        yield f"Against the contract: {error}"


def _delivery(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """All is delivered in time; only a boot that was cut off may have lost something."""
    account = summary.account
    # What arrived but whose boot was cut off before the acknowledgement came, waits nowhere.
    if not outcome.settled and (account.waiting or not outcome.world.gateway.online):
        yield f"Not all was delivered in time: {len(account.waiting)} records still wait."
    watch = outcome.watch
    last = watch.last_turn()
    lost = [name for name in account.lost if watch.turn_of(Boot(*name[:2])) == last]
    if len(lost) > sum(watch.dropped[boot] for boot in {Boot(*name[:2]) for name in lost}):
        yield f"Lost {len(lost)} records of the last boot, the first is {lost[0]}."
    if account.undelivered:
        yield f"Acknowledged, and not received: {account.undelivered[:_SHOWN]}."


def _names(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """A name stands for one content for ever, and holes below `low` are told, or counted."""
    gateway = summary.gateway
    if gateway.conflicts:
        yield f"{gateway.conflicts} records came again with other content."
    named_twice = twins(gateway.by_name) if gateway.twins else []
    if named_twice:
        yield f"{len(named_twice)} records came under another name, the first is {named_twice[0]}."
    if gateway.misplaced:
        yield f"{gateway.misplaced} records came out of order."
    for boot, seen in gateway.boots.items():
        missing = len(seen.missing())
        if missing > outcome.watch.dropped[boot]:
            yield f"{missing} records of {boot} below low never came, and nothing tells of them."


def _values(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """Whatever was published is what a meter served."""
    for verdict in summary.verdicts:
        place = verdict.device, verdict.channel["name"]
        if verdict.channel["kind"] != "counter" and verdict.device in outcome.world.meters:
            yield from _served(outcome, place, verdict)
        if not verdict.published:
            yield f"Nothing of {verdict.device} {verdict.channel['name']} was published."


def _served(outcome: Outcome, place: tuple[str, str], verdict: Verdict) -> Iterator[str]:
    """At their times the values were served; in their order, if the times are the servers' lie."""
    name = " ".join(place)
    if verdict.wrong and not outcome.schedule.has("clock"):
        yield f"{verdict.wrong} published values of {name} were never served."
    reads, at = outcome.world.truth[place], 0
    for _, _, value in sorted(outcome.watch.tellings[place].values):
        try:
            at = reads.counts.index(_count(value, verdict.channel), at)
        except ValueError:
            yield f"{value} of {name} was not served when it was its turn."
            return


def _count(value: Decimal, channel: dict) -> int:
    return int(value.scaleb(channel["places"]))


def _watched(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """Outputs move on commands only, and no total is ahead of what has flowed."""
    yield from outcome.watch.sentences[:_SHOWN]


def _counters(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """A total never falls; and nothing is missing in it unless the meter itself forgot.

    One that is uncertain waits for the meter, from what was saved before the power failed.
    """
    for device, channel in outcome.world.truth.places():
        if channel["kind"] != "counter" or (device, channel["name"]) in outcome.watch.unkept:
            continue
        where, told = f"{device} {channel['name']}", outcome.watch.tellings[device, channel["name"]]
        totals = sorted(told.certain)
        for (boot, _, was), (next_boot, _, now) in itertools.pairwise(totals):
            if now < was - (boot != next_boot) * Decimal(_LAST_MINUTES_KWH):
                yield f"{where} fell from {was} to {now} kWh."
        flowed = outcome.watch.flowed(device, channel["name"])
        if flowed is None:
            continue
        flowed = float(flowed)
        slack = _LAST_MINUTES_KWH + ROUNDING_KWH + _held_kwh(channel, totals)
        forgot = outcome.schedule.has("meter-begins-anew", device)
        if totals and not forgot and totals[-1][2] < flowed - slack:
            yield f"{where} is {totals[-1][2]} kWh at the end, when {flowed:.3f} have flowed."


def _held_kwh(channel: dict, totals: list[tuple]) -> float:
    """What a report may hold back of the last total, and a step of it."""
    held = _count(totals[-1][2], channel) if totals else 0
    bound = as_value(Rule.of(channel).bound(held), channel["places"])
    return float(bound) + float(step_of(channel))


def _alarms(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """In the last boot alarms come and go in turns, and those that stand are the model's."""
    scheduler = outcome.world.scheduler
    last = outcome.watch.last_turn()
    since_us = scheduler.start_utc_us + outcome.schedule.last_fault_s * 1_000_000
    for device, channel in outcome.world.truth.places():
        reads = outcome.world.truth[device, channel["name"]]
        told = sorted(outcome.watch.tellings[device, channel["name"]].alarms, key=_name)
        for rule in channel.get("alarm", ()):
            name = f"{channel['name']}.{rule['name']}"
            changes = [
                alarm.raised
                for boot, _, alarm in told
                if boot == last and alarm.name == name and not alarm.restated
            ]
            if changes != [at % 2 == 0 for at in range(len(changes))]:
                yield f"{device} {name} was not raised and cleared in turns."
            wanted = raised_now(rule, reads, since_us, scheduler.utc_us())
            if wanted is not None and wanted != (bool(changes) and changes[-1]):
                yield f"{device} {name} should be {'raised' if wanted else 'cleared'} at the end."


def _cuts(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """What was on flash when that or the power failed came later, or a gap tells of it; and what
    should have been there was."""
    watch = outcome.watch
    for cut in watch.cuts:
        lost = {name for name in cut.waiting - watch.arrived if not _is_told(name, watch.gaps)}
        if lost:
            yield f"{len(lost)} records on flash never came, the first is {min(lost)}."
        for (device, name), wanted in cut.standing.items():
            told = watch.tellings[device, name.rpartition(".")[0]].alarms
            own = sorted((t for t in told if t[0] == cut.turn and t[2].name == name), key=_name)
            if wanted != (bool(own) and own[-1][2].raised):
                what = "raised" if wanted else "cleared"
                yield f"{device} {name} was {what} before a power cut, and not told."


def _is_told(name: tuple[str, int, int], gaps: list[GivenUp]) -> bool:
    inc, boot, seq = name
    return any((g.inc, g.boot) == (inc, boot) and g.first <= seq <= g.last for g in gaps)


def _name(told: tuple) -> tuple[Turn, int]:
    return told[:2]


def _tasks(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """No task of the firmware dies, and its heap is enough."""
    if summary.gateway.diag is None:
        return
    for name, restarts in summary.gateway.diag.counters["restarts"].items():
        if restarts:
            yield f"The task {name!r} was restarted {restarts} times."
    if summary.heap and summary.heap[0] > outcome.world.plan.heap:
        yield f"The heap grew to {summary.heap[0]} bytes."


def _boots(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """The board boots when the power comes or somebody resets it, and at no other time. Where the
    flash refuses to keep its number that is given again, under a new incarnation."""
    wanted = 1 + sum(fault.kind in BOOTS for fault in outcome.schedule.faults)
    if outcome.world.board.boots > wanted:
        yield f"The board has booted {outcome.world.board.boots} times; at most {wanted} are due."
    numbers = sorted(boot.number for boot in outcome.world.gateway.boots)
    if len(numbers) - len(set(numbers)) > outcome.world.board.flash_faults.refused_starts:
        yield f"A number was given to two boots: {numbers}."


def _flash(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """Flash that refuses is told of."""
    diag = summary.gateway.diag
    if outcome.world.board.flash_faults.refused and diag:
        parts = [diag.counters[part]["failures"] for part in ("store", "journal")]
        if not any(parts):
            yield "The flash has refused, and the diagnostics tell of no failure."
