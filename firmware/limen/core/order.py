"""A work order on a machine: parts, time in state, energy, CO2 and cost, from its start to its end.

While it is paused nothing is booked to it. Energy, CO2 and cost are exact; `order_sum` tells them.
What was used at one price is multiplied once: when the price changes, and when it is asked for.
"""

from limen.core.machine import Tally


class Order:
    """`bill` is (tariff, CO2 factors) or None; `kept` is what `state` gave before a reboot."""

    def __init__(self, name, bill, kept=None):
        self.name = name
        self.is_paused = False
        self.tally = Tally(kept and kept[2])
        self._bill = bill
        self._used = self._price = self._factor = 0
        self._folded = 0, 0, 0
        if kept:
            self.is_paused = kept[1] == 1
            self._folded = kept[3]

    def state(self):
        return [self.name, 1 if self.is_paused else 0, self.tally.state(), self.amounts()]

    def amounts(self):
        """[energy, CO2, cost] so far, in counts of energy and of the bill's places each."""
        energy, co2, cost = self._folded
        used = self._used
        return [energy + used, co2 + used * self._factor, cost + used * self._price]

    def book(self, state, ms, used, is_planned, utc_s):
        """What has been booked to the machine, unless the order is paused."""
        if not self.is_paused:
            self.tally.book(state, ms, used, is_planned)
            if used:
                self._use(used, utc_s)

    def _use(self, used, utc_s):
        """So much energy was used, at a UTC; while that is None, at what held before."""
        bill = self._bill
        if bill and utc_s is not None:
            tariff, co2 = bill
            price = tariff.amount(utc_s) if tariff else 0
            factor = co2.amount(utc_s) if co2 else 0
            if price != self._price or factor != self._factor:
                self._folded = self.amounts()
                self._used = 0
                self._price = price
                self._factor = factor
        self._used += used
