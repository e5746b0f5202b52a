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
