"""Emulated parts for the pins of a board: each answers at the level of its registers.

A part is written from its data sheet alone and knows nothing of the drivers that read it. What it
measures is an attribute in the unit of the quantity: a number, or a function of the world's
microseconds that gives one.
"""

from collections.abc import Callable
from fractions import Fraction

Measured = Fraction | int | float | Callable[[int], Fraction | int | float]


class Nack(Exception):
    """The part does not acknowledge: it is absent, busy, or does not know the command."""


def value_at(measured: Measured, now_us: int) -> Fraction:
    """What a part measures at this time, exactly."""
    return Fraction(measured(now_us) if callable(measured) else measured)


def clamped(value: Fraction | float, low: int, high: int) -> int:
    """The nearest whole number in a range; halves go to the even one."""
    return min(max(round(value), low), high)


class RegisterPart:
    """An I2C part whose first written byte is a register; reading goes on from there."""

    def __init__(self, scheduler):
        self.scheduler = scheduler
        self.is_present = True
        self.register = 0

    @property
    def now_us(self) -> int:
        return self.scheduler.now_us

    def write(self, data: bytes) -> None:
        if data:
            self.register = data[0]
        if len(data) > 1:
            self.on_write(data[0], data[1:])

    def read(self, size: int) -> bytes:
        return self.on_read(self.register, size)

    def on_write(self, register: int, data: bytes) -> None:
        raise Nack

    def on_read(self, register: int, size: int) -> bytes:
        raise NotImplementedError
