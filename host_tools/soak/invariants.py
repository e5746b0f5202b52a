"""What must hold whatever happens; each check gives the sentences of what does not.

Accepted is what a boot has named; a record that no boot delivered and no gap tells of is lost.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from host_tools.soak.kinds import BOOTS
from host_tools.soak.schedule import Schedule
from host_tools.summary import Summary
from host_tools.world import World

HEAP_BYTES = 110 * 1024
_SHOWN = 3


@dataclass
class Outcome:
    """A world after its schedule; `settled` tells whether all was delivered in time."""

    world: World
    schedule: Schedule
    settled: bool
    exits: list[str]


def broken(outcome: Outcome) -> list[str]:
    """What does not hold, a sentence each."""
    world = outcome.world
    summary = world.summary(world.scheduler.now_us)
    checks = (_program, _delivery, _names, _values, _tasks, _boots)
    return [sentence for check in checks for sentence in check(outcome, summary)]


def _program(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """The program never ends by itself, and nobody breaks the contract."""
    for text in outcome.exits[:1]:
        yield f"The board's program has ended: {text[-400:]}"
    for error in summary.errors[:_SHOWN]:
        yield f"Against the contract: {error}"


def _delivery(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """All is delivered in time; only a boot that was cut off may have lost something."""
    if not outcome.settled:
        account = summary.account
        yield f"Not all was delivered in time: {len(account.waiting)} records still wait."
    last = max((boot.number for boot in outcome.world.gateway.boots), default=0)
    lost = [name for name in summary.account.lost if name[1] == last]
    if lost:
        yield f"Lost {len(lost)} records of the last boot, the first is {lost[0]}."
    if summary.account.undelivered:
        yield f"Acknowledged, and not received: {summary.account.undelivered[:_SHOWN]}."


def _names(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """A name stands for one content for ever, and holes below `low` are told."""
    gateway = summary.gateway
    if gateway.conflicts:
        yield f"{gateway.conflicts} records came again with other content."
    if gateway.twins:
        yield f"{gateway.twins} records came under another name."
    if gateway.misplaced:
        yield f"{gateway.misplaced} records came out of order."
    if gateway.missing():
        yield f"{gateway.missing()} records below low never came, and no gap tells of them."


def _values(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """Whatever was published is what a meter served."""
    for verdict in summary.verdicts:
        if verdict.wrong:
            where = f"{verdict.device} {verdict.channel['name']}"
            yield f"{verdict.wrong} published values of {where} were never served."
        if not verdict.published:
            yield f"Nothing of {verdict.device} {verdict.channel['name']} was published."


def _tasks(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """No task of the firmware dies, and its heap is enough."""
    if summary.gateway.diag is None:
        return
    for name, restarts in summary.gateway.diag.counters["restarts"].items():
        if restarts:
            yield f"The task {name!r} was restarted {restarts} times."
    if summary.heap and summary.heap[0] > HEAP_BYTES:
        yield f"The heap grew to {summary.heap[0]} bytes."


def _boots(outcome: Outcome, summary: Summary) -> Iterator[str]:
    """The board boots when the power comes or somebody resets it, and at no other time."""
    wanted = 1 + sum(fault.kind in BOOTS for fault in outcome.schedule.faults)
    if outcome.world.board.boots > wanted:
        yield f"The board has booted {outcome.world.board.boots} times; at most {wanted} are due."
    numbers = sorted(boot.number for boot in outcome.world.gateway.boots)
    if len(set(numbers)) < len(numbers):
        yield f"A number was given to two boots: {numbers}."
