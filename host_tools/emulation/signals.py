"""What an emulated meter measures: quantities as staircases of time, exact, in base units.

A source (a recording, a model of a machine) gives the quantities that it knows; `completed` adds
the others. Every value is a function of quantity and time alone: asking in another order, or twice,
changes nothing.
"""

from collections.abc import Callable

from host_tools.emulation.ratios import Ratio, Value, ratio_of

Source = Callable[[int], Ratio | None]
"""What gives a quantity at a time in µs; None where there is no value, or none is known."""


class Signals:
    """Quantities that keep their value from one step to the next.

    Step 0 holds from time 0; `step_start_us` may be asked up to the step of the present time.
    """

    def quantities(self) -> frozenset[str]:
        raise NotImplementedError

    def knows(self, quantity: str | None) -> bool:
        """Whether there is a value of it now."""
        return quantity in self.quantities()

    def step_at(self, time_us: int) -> int:
        raise NotImplementedError

    def step_start_us(self, step: int) -> int:
        raise NotImplementedError

    def step_value(self, quantity: str, step: int) -> Value:
        raise NotImplementedError

    def value(self, quantity: str, time_us: int) -> Value:
        """The value in the quantity's base unit."""
        return self.step_value(quantity, self.step_at(time_us))

    def source(self, quantity: str) -> Source:
        """What gives the same as a ratio: found once by who asks often."""
        if not self.knows(quantity):
            return lambda time_us: None
        step_at, step_ratio = self.step_at, self.step_ratio
        return lambda time_us: step_ratio(quantity, step_at(time_us))

    def step_ratio(self, quantity: str, step: int) -> Ratio | None:
        return ratio_of(self.step_value(quantity, step))


class Constant(Signals):
    """The same values for ever."""

    def __init__(self, **values: Value):
        self._values = values

    def quantities(self) -> frozenset[str]:
        return frozenset(self._values)

    def step_at(self, time_us: int) -> int:
        return 0

    def step_start_us(self, step: int) -> int:
        return 0

    def step_value(self, quantity: str, step: int) -> Value:
        return self._values[quantity]


class PerDevice(Signals):
    """What each device of a site measures; one that is not known stands still."""

    def __init__(self, devices: dict[str, Signals]):
        self._devices = devices

    @property
    def names(self) -> list[str]:
        return list(self._devices)

    def of_device(self, device: str) -> Signals:
        return self._devices.get(device) or Constant()
