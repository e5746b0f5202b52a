"""What models of machines and buildings are made of: quantities as functions of time and a seed.

A model says for each device what its sensors and meters see. A demo of a minute begins where
something will happen, and may show an hour.
"""

import math
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from host_tools.emulation.ratios import Value
from host_tools.emulation.signals import Signals

STEP_US = 1_000_000


@dataclass(frozen=True)
class Pace:
    """The world's second n is the model's second `from_s` + n × `compress`."""

    from_s: int = 0
    compress: int = 1

    def moment(self, step: int) -> "Moment":
        return Moment(self.from_s + step * self.compress, step * STEP_US)


@dataclass(frozen=True)
class Moment:
    """A second of the model, and when it begins in the world."""

    s: int
    world_us: int

    @property
    def hour(self) -> float:
        """Of the model's day, which the first one begins."""
        return self.s % 86_400 / 3600


Quantity = Callable[[Moment], float]


class Modelled(Signals):
    """One device's quantities, each a function of the moment, constant for a second of the world.

    Each is rounded to its `places`.
    """

    def __init__(self, quantities: dict[str, tuple[Quantity, int]], pace: Pace):
        self._quantities = quantities
        self._pace = pace
        self._known: dict[str, tuple[int, Value]] = {}

    def quantities(self) -> frozenset[str]:
        return frozenset(self._quantities)

    def step_at(self, time_us: int) -> int:
        return time_us // STEP_US

    def step_start_us(self, step: int) -> int:
        return step * STEP_US

    def step_value(self, quantity: str, step: int) -> Value:
        known = self._known.get(quantity)
        if known is None or known[0] != step:
            function, places = self._quantities[quantity]
            value = function(self._pace.moment(step))
            known = self._known[quantity] = step, Decimal(f"{value:.{places}f}")
        return known[1]


class Chance:
    """Draws that depend on seed, name and number alone, in whatever order they are made."""

    def __init__(self, seed: int):
        self._seed = seed

    def noise(self, name: str, number: int, reach: float) -> float:
        """Evenly between -reach and reach."""
        drawn = zlib.crc32(f"{self._seed} {name} {number}".encode())
        return reach * (drawn / 0x7FFFFFFF - 1)

    def whole(self, name: str, low: int, high: int) -> int:
        """Evenly from low to high."""
        return random.Random(f"{self._seed} {name}").randint(low, high)


def between(x: float, points: list[tuple[float, float]]) -> float:
    """A line through points (x, y) in the order of x; level before the first and after the last."""
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        if x < x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[-1][1]


def bell(x: float, begin: float, end: float) -> float:
    """0 outside of begin and end, and a half wave of height 1 between them."""
    return math.sin(math.pi * (x - begin) / (end - begin)) if begin < x < end else 0.0
