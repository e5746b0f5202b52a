"""Schneider's power factor with its quadrant in one single, "4Q_FP_PF" in their register lists.

The register holds -2 to 2. Up to 1 it is the power factor itself; beyond 1 it is 2 less the power
factor, below -1 it is -2 less the power factor, which marks the other two quadrants. Lead and lag
are lost here, the sign stays: it is that of the active power. Which quadrant is which differs
between iEM3000 and PM5000, the value does not. The mantissa is folded before it is rounded, so
the count is as exact as that of any single.

Source: Schneider Electric, iEM3100/3200/3300 user manual DOCA0005EN-04, page 109; PM5500 series
user manual, "Power factor register format".
"""

from limen.core.compat import const
from limen.core.floats import Float32

_FROM_ONE = const(-23)  # the exponent of a 24-bit mantissa that is worth 1 to 2
_TWO = const(0x1000000)


class PowerFactor(Float32):
    """A power factor from -1 to 1; None beyond what the register may hold."""

    def _count(self, high, low, exponent):
        if exponent >= _FROM_ONE:
            folded = _TWO - ((high << 12 | low) << exponent - _FROM_ONE)
            if folded < 0:
                return None
            high = folded >> 12
            low = folded & 0xFFF
        return super()._count(high, low, _FROM_ONE if exponent > _FROM_ONE else exponent)
