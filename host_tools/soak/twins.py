"""Tells a record that came under two names from two records that are alike.

Where a clock is set back, what is stated again every ten minutes may bear a time for the second
time: a lie of ten minutes is enough. Then the records between the two have told of later times than
the one behind them does. Nothing of this is so for a record that was made once and named twice.
"""

from collections.abc import Mapping

from host_tools.contract import Boot
from host_tools.soak.committed import Name


def twins(by_name: Mapping[tuple[Boot, int], tuple]) -> list[Name]:
    """The names whose content has another name, too; a content is (device, kind, t_ms, ...)."""
    names = sorted(by_name, key=lambda name: (name[0].inc, name[0].number, name[1]))
    times = [by_name[name][2] for name in names]
    places: dict[tuple, int] = {}
    found = []
    for place, name in enumerate(names):
        (boot, seq), t_ms = name, times[place]
        content = boot if t_ms is None else boot.inc, *by_name[name]
        if content in places and not _is_set_back(times, places[content], place):
            found.append((boot.inc, boot.number, seq))
        places[content] = place
    return found


def _is_set_back(times: list[int | None], first: int, second: int) -> bool:
    """Whether the clock was, between these places: a time that is only looked at again is not."""
    between = [t_ms for t_ms in times[first + 1 : second] if t_ms is not None]
    behind = next((t_ms for t_ms in times[second + 1 :] if t_ms is not None), None)
    return times[first] is not None and behind is not None and max(between, default=0) > behind
