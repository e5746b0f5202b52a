"""Shrinks a schedule that breaks something to the fewest faults that still do (ddmin)."""

from collections.abc import Callable

from host_tools.soak.schedule import Schedule


def shrink(schedule: Schedule, breaks: Callable[[Schedule], bool]) -> Schedule:
    """The schedule with faults left out, as long as `breaks` says so of the rest."""
    parts = 2
    while len(schedule.numbers) >= 2:
        smaller = _smaller(schedule, parts, breaks)
        if smaller:
            schedule, parts = smaller, max(2, parts - 1)
        elif parts >= len(schedule.numbers):
            break
        else:
            parts = min(len(schedule.numbers), 2 * parts)
    return _without_any(schedule, breaks)


def _smaller(schedule: Schedule, parts: int, breaks) -> Schedule | None:
    """The first part, or the first rest without one, that breaks something, too."""
    numbers = schedule.numbers
    size = -(-len(numbers) // parts)
    pieces = [set(numbers[at : at + size]) for at in range(0, len(numbers), size)]
    rests = [set(numbers) - piece for piece in pieces] if len(pieces) > 2 else []
    for chosen in [*pieces, *rests]:
        candidate = schedule.only(chosen)
        if breaks(candidate):
            return candidate
    return None


def _without_any(schedule: Schedule, breaks) -> Schedule:
    """The schedule, or the one without faults, if what breaks needs none."""
    empty = schedule.only(set())
    return empty if schedule.faults and len(schedule.faults) == 1 and breaks(empty) else schedule
