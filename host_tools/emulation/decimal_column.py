"""A growing column of decimals, exact, as whole numbers of 64 bits, of which few are in memory."""

import bisect
from decimal import Decimal

from host_tools.emulation.long_array import LongArray
from host_tools.emulation.ratios import Ratio


class DecimalColumn:
    """Its numbers count steps of 10**-places; from some rows on there are more places.

    Rows without a number hold the one before; those before the first number hold that, and 0 where
    there is none at all.
    """

    def __init__(self):
        self._without = 0
        self._counts = LongArray()
        self._rows = [0]
        self._places = [0]

    def __getitem__(self, row: int) -> Decimal:
        count, places = self._at(row)
        return Decimal(count).scaleb(-places)

    def ratio(self, row: int) -> Ratio:
        """The same number."""
        count, places = self._at(row)
        return count, 10**places

    def _at(self, row: int) -> tuple[int, int]:
        if not len(self._counts):
            return 0, 0
        at = max(row - self._without, 0)
        return self._counts[at], self._places[bisect.bisect_right(self._rows, at) - 1]

    def has_room(self, value: Decimal) -> bool:
        """Whether the value fits."""
        return -(2**63) <= value.scaleb(self._places_for(value)) < 2**63

    def append(self, value: Decimal | None) -> None:
        """Add a row, without a number for None."""
        if value is None:
            if len(self._counts):
                self._counts.append(self._counts[-1])
            else:
                self._without += 1
            return
        places = self._places_for(value)
        if places > self._places[-1]:
            self._rows.append(len(self._counts))
            self._places.append(places)
        self._counts.append(int(value.scaleb(places)))

    def _places_for(self, value: Decimal) -> int:
        return max(self._places[-1], -value.as_tuple().exponent)
