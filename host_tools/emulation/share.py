"""A meter behind another one, which sees a part of the load."""

from fractions import Fraction

from host_tools.emulation.completed import Completed
from host_tools.emulation.ratios import Value, product
from host_tools.emulation.signals import Signals, Source

_LOADS = ("current", "power_active", "power_reactive", "power_apparent", "energy")


class Share(Signals):
    """A part of the load behind another meter: its share of currents, powers and energies.

    Everything else is the same. The whole has all quantities.
    """

    def __init__(self, whole: Completed, share: Fraction):
        self._whole = whole
        self._share = share
        self._share_ratio = share.as_integer_ratio()

    def quantities(self) -> frozenset[str]:
        return self._whole.quantities()

    def knows(self, quantity: str | None) -> bool:
        return self._whole.knows(quantity)

    def value(self, quantity: str, time_us: int) -> Value:
        value = self._whole.value(quantity, time_us)
        return Fraction(value) * self._share if quantity.startswith(_LOADS) else value

    def source(self, quantity: str) -> Source:
        whole = self._whole.source(quantity)
        if not (self.knows(quantity) and quantity.startswith(_LOADS)):
            return whole

        def part(time_us):
            ratio = whole(time_us)
            return ratio and product(ratio, self._share_ratio)

        return part
