"""What must outlive a power cut: the records on the board's flash, and the alarms that stand.

The journal's partition is read when the power has failed. What lies there and was not received must
be delivered later under its name, or be told in a gap. And an alarm that must stand by then, as the
model says, must have been told by that boot: events are on flash at once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from host_tools.contract import Boot
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.meter import Faults
from host_tools.partitions import JOURNAL, TABLE_OFFSET, partition_of
from host_tools.soak.standing import raised_now
from host_tools.world import World
from limen.core.frame import DATA, EVENT
from limen.delivery.segments import BLOCK, Segments
from limen.delivery.walk import Walk, frame_buffer

Name = tuple[str, int, int]
"""Incarnation, boot and seq of a record."""

Turn = tuple[int, int]
"""When a boot was: its number, and how many boots before it had that number."""


@dataclass
class Cut:
    """`waiting` are the names on flash; `standing` {(device, alarm): whether it must stand}, of
    those that the model knows, in the boot of this turn; none if flash has refused it something."""

    waiting: set[Name]
    turn: Turn
    standing: dict[tuple[str, str], bool]


def cut_of(world: World, flash: FlashFile, since_us: int, turn_of: Callable[[Boot], Turn]) -> Cut:
    """How the power cut finds a board whose world has been quiet `since_us`."""
    waiting = waiting_on(flash)
    boots = [*world.gateway.boots, *(Boot(inc, number) for inc, number, _ in waiting)]
    turn = max(map(turn_of, boots), default=(0, 0))
    now_us = world.scheduler.utc_us()
    standing = {}
    if world.board.flash_faults.refused:
        return Cut(waiting, turn, standing)
    for device, channel in world.truth.places():
        if not _is_heard(world, device):
            continue
        for rule in channel.get("alarm", ()):
            wanted = raised_now(rule, world.truth[device, channel["name"]], since_us, now_us)
            if wanted is not None:
                standing[device, f"{channel['name']}.{rule['name']}"] = wanted
    return Cut(waiting, turn, standing)


def _is_heard(world: World, device: str) -> bool:
    """Whether the gateway has taken what was served: not if that came late or damaged."""
    meter = world.meters.get(device)
    is_calm = all(line.distort is bytes for line in world.wiring.lines.values())
    return is_calm and (meter is None or meter.faults == Faults())


def waiting_on(flash: FlashFile) -> set[Name]:
    """The names of the records in the journal of a flash that have not been received."""
    place = partition_of(flash.read(0, TABLE_OFFSET + BLOCK), JOURNAL)
    if not place:
        return set()
    segments = Segments(_Partition(flash.read(*place)))
    names = set()
    for kind in (DATA, EVENT):
        walk = Walk(segments, kind, frame_buffer())
        while walk.enter():
            inc, boot, _ = walk.names
            while walk.find():
                walk.begin()
                while walk.next(kind):
                    names.add((f"{inc:08x}", boot, walk.seq))
                walk.skip()
    return names


class _Partition:
    """A partition that is only read."""

    def __init__(self, content: bytes):
        self._content = content

    def ioctl(self, request: int, argument: int) -> int:
        return len(self._content) // BLOCK if request == 4 else BLOCK

    def readblocks(self, block: int, buffer, offset: int = 0) -> None:
        start = block * BLOCK + offset
        buffer[:] = self._content[start : start + len(buffer)]
