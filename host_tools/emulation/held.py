"""What a hand holds of what a device measures."""

from host_tools.emulation.ratios import Value, ratio_of
from host_tools.emulation.signals import Signals, Source


class Held(Signals):
    """What a device measures, as the source has it, and some of it as a hand holds it.

    `values` are held, until they are taken out. What neither knows stands still.
    """

    def __init__(self, source: Signals):
        self.values: dict[str, Value] = {}
        self._source = source
        self._stills: dict[str, Value] = {}

    def complete(self, quantity: str, still: Value) -> None:
        """What it is where the source does not know it."""
        if quantity not in self._source.quantities():
            self._stills[quantity] = still

    def quantities(self) -> frozenset[str]:
        return self._source.quantities() | self._stills.keys()

    def knows(self, quantity: str | None) -> bool:
        return quantity in self.values or quantity in self._stills or self._source.knows(quantity)

    def value(self, quantity: str, time_us: int) -> Value:
        for known in (self.values, self._stills):
            if quantity in known:
                return known[quantity]
        return self._source.value(quantity, time_us)

    def source(self, quantity: str) -> Source:
        beneath = self._source.source(quantity)

        def held(time_us):
            if quantity in self.values or quantity in self._stills:
                return ratio_of(self.value(quantity, time_us))
            return beneath(time_us)

        return held
