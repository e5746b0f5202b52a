"""A growing column of decimals, exact, as whole numbers of 64 bits, of which few are in memory."""

import bisect
from decimal import Decimal

from host_tools.emulation.long_array import LongArray


class DecimalColumn:
    """Its numbers count steps of 10**-places; from some rows on there are more places."""

    def __init__(self):
        self._counts = LongArray()
        self._rows = [0]
        self._places = [0]

    def __getitem__(self, row: int) -> Decimal:
        places = self._places[bisect.bisect_right(self._rows, row) - 1]
        return Decimal(self._counts[row]).scaleb(-places)

    def has_room(self, value: Decimal) -> bool:
        """Whether the value fits."""
        return -(2**63) <= value.scaleb(self._places_for(value)) < 2**63

    def append(self, value: Decimal | None) -> None:
        """Add a row; None holds what was before."""
        if value is None:
            self._counts.append(self._counts[-1] if len(self._counts) else 0)
            return
        places = self._places_for(value)
        if places > self._places[-1]:
            self._rows.append(len(self._counts))
            self._places.append(places)
        self._counts.append(int(value.scaleb(places)))

    def _places_for(self, value: Decimal) -> int:
        return max(self._places[-1], -value.as_tuple().exponent)
