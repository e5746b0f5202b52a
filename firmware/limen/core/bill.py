"""What energy costs and how much CO2 it stands for, by the time at which it was used.

Prices are counts of 0.00001 of the currency per kWh, factors g of CO2 per kWh, both whole: so cost
and CO2 are exact products, in 10**-5 of what a count of energy is.
"""

from limen.core.week import Week

PRICE_PLACES = 5


class Bill:
    """`settings` may have "tariff" and "co2", each [plan of the week, amounts by band]."""

    def __init__(self, settings, zone):
        self._tariff = self._co2 = None
        self._prices = self._factors = ()
        if "tariff" in settings:
            plan, self._prices = settings["tariff"]
            self._tariff = Week(plan, zone)
        if "co2" in settings:
            plan, self._factors = settings["co2"]
            self._co2 = Week(plan, zone)

    def has_tariff(self):
        return self._tariff is not None

    def has_co2(self):
        return self._co2 is not None

    def tariff(self, utc_s):
        """The number of the tariff that holds at a UTC; None where the site has none."""
        return None if self._tariff is None else self._tariff.band(utc_s)

    def price(self, utc_s):
        """The price at a UTC, None where the site has no tariff."""
        return None if self._tariff is None else self._prices[self._tariff.band(utc_s)]

    def factor(self, utc_s):
        """The CO2 factor at a UTC, None where the site has none."""
        return None if self._co2 is None else self._factors[self._co2.band(utc_s)]


class Account:
    """Energy, CO2 and cost of what goes on for longer than a tariff holds, such as an order.

    What was used at one price is multiplied once, when the price changes, and when it is asked for.
    """

    def __init__(self, bill, state=(0, 0, 0)):
        self._bill = bill
        self._folded, self._folded_co2, self._folded_cost = state
        self._used = 0
        self._price = self._factor = None

    def add(self, used, utc_s):
        """So much energy was used, at a UTC; while that is None, at what held before."""
        price, factor = self._price, self._factor
        if utc_s is not None or price is None and factor is None:
            price, factor = self._bill.price(utc_s or 0), self._bill.factor(utc_s or 0)
        if price != self._price or factor != self._factor:
            self._folded, self._folded_co2, self._folded_cost = self.state()
            self._used = 0
            self._price = price
            self._factor = factor
        self._used += used

    def energy(self):
        return self._folded + self._used

    def co2(self):
        return self._folded_co2 + self._used * (self._factor or 0)

    def cost(self):
        return self._folded_cost + self._used * (self._price or 0)

    def state(self):
        """[energy, CO2, cost], to go on from after a reboot."""
        return [self.energy(), self.co2(), self.cost()]
