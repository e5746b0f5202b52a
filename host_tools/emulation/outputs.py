"""What a gateway's outputs were over time, for what they switch.

Written by the world whenever a pin changes, read by models of loads: what was switched then stays
as it was, so a model is still a function of time.
"""

import bisect
from collections.abc import Mapping


class Outputs:
    """`pins` is {device: pin}. An output that nobody has driven yet is on: the load runs."""

    def __init__(self, pins: Mapping[str, int] = {}):
        self._pins = dict(pins)
        self._changes: dict[int, list[tuple[int, int]]] = {}

    def note(self, pin: int, level: int, time_us: int) -> None:
        """A pin has this level from now on."""
        self._changes.setdefault(pin, []).append((time_us, level))

    def is_on(self, device: str, time_us: int) -> bool:
        changes = self._changes.get(self._pins.get(device, -1), [])
        at = bisect.bisect_right(changes, time_us, key=lambda change: change[0])
        return changes[at - 1][1] == 1 if at else True
