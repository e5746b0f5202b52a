"""What the meters of a simulation measure: a load that works, idles and stops, a step a minute.

It is made to pass alarm limits often, and to be cheap: a simulated day should take seconds.
"""

import random
from decimal import Decimal

from host_tools.emulation.ratios import Value
from host_tools.emulation.signals import Signals

STEP_US = 60_000_000
_QUANTITIES = frozenset(("power_active_total", "voltage", "voltage_l1", "voltage_l2", "voltage_l3"))
_LOADS_W = (0, 40, 1200, 5400, 8700, 9600, 12_000)
_STAY_STEPS = 6


class Machine(Signals):
    """The same for the same seed; every value is a function of the step."""

    def __init__(self, seed: int):
        self._seed = seed
        self._cache: dict[int, tuple[int, int]] = {}

    def quantities(self) -> frozenset[str]:
        return _QUANTITIES

    def step_at(self, time_us: int) -> int:
        return time_us // STEP_US

    def step_start_us(self, step: int) -> int:
        return step * STEP_US

    def step_value(self, quantity: str, step: int) -> Value:
        if step not in self._cache:
            self._cache[step] = self._measure(step)
        power_w, decivolt = self._cache[step]
        return power_w if quantity == "power_active_total" else Decimal(decivolt).scaleb(-1)

    def _measure(self, step: int) -> tuple[int, int]:
        stretch = random.Random(f"{self._seed} {step // _STAY_STEPS}")
        moment = random.Random(f"{self._seed}.{step}")
        load_w = stretch.choice(_LOADS_W)
        return load_w + moment.randint(-load_w // 50, load_w // 50), moment.randint(2280, 2340)
