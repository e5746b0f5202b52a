"""All quantities of a meter, from those that a source knows, so that they agree with each other as
physics demands.
"""

import functools
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from host_tools.emulation.quantities import PHASES, QUANTITIES, is_energy
from host_tools.emulation.ratios import Ratio, Value, part_of, product, quotient, root, sum_of
from host_tools.emulation.signals import Signals, Source

_AVERAGES = {"voltage_ln_avg": "voltage", "current_avg": "current"}
_BETWEEN = {
    f"voltage_{one}_{other}": (one, other)
    for one, other in zip(PHASES, (*PHASES[1:], PHASES[0]), strict=True)
}

_NOMINAL_VOLTAGE_V = 230
_NOMINAL_FREQUENCY_HZ = 50
_NOMINAL_THD_PERCENT = 2
_US_PER_KILO_HOUR = 1000 * 3600 * 1_000_000
_NONE = 0, 1
Finder = Callable[[int], Ratio]  # what gives a quantity in a step
_KEPT_STEPS = 8  # as an integral walks through those that have passed since it was asked


class Completed(Signals):
    """All of `QUANTITIES`: the source's own untouched, the others derived from them.

    Phases share a total evenly; apparent power is the root of active and reactive squared, to the
    millivoltampere; the factor has the sign of the active power; energy is the exact integral of
    power since time 0 beyond `start_kwh`. What nothing is known about has its nominal value.
    """

    def __init__(self, source: Signals, start_kwh: Value = 0):
        self._source = source
        self._given = source.quantities()
        self._start_kwh = start_kwh.as_integer_ratio()
        self._found: dict[int, dict[str, Ratio]] = {}
        self._finders: dict[str, Finder] = {}
        self._phased = {
            stem
            for stem in ("current", "power_active", "power_reactive")
            if any(f"{stem}_{phase}" in self._given for phase in PHASES)
        }
        self._integrals: dict[tuple[str, int], _Integral] = {}

    def quantities(self) -> frozenset[str]:
        return frozenset(QUANTITIES) | self._given

    def knows(self, quantity: str | None) -> bool:
        return quantity in QUANTITIES or quantity in self._given

    def step_at(self, time_us: int) -> int:
        return self._source.step_at(time_us)

    def step_start_us(self, step: int) -> int:
        return self._source.step_start_us(step)

    def value(self, quantity: str, time_us: int) -> Value:
        if quantity in self._given:
            return self._source.step_value(quantity, self.step_at(time_us))
        return Fraction(*self.source(quantity)(time_us))

    def source(self, quantity: str) -> Source:
        if is_energy(quantity) and quantity in QUANTITIES and quantity not in self._given:
            return self._energy(quantity)
        return super().source(quantity)

    def step_ratio(self, quantity: str, step: int) -> Ratio | None:
        """Energy grows within a step and is not asked by step. What is asked for, in its own right
        or for another's sake, is found once in each of the newest steps."""
        found = self._found.get(step)
        if found is None:
            found = self._found[step] = {}
            if len(self._found) > _KEPT_STEPS:
                del self._found[next(iter(self._found))]
        ratio = found.get(quantity)
        if ratio is None:
            finder = self._finders.get(quantity)
            if finder is None:
                finder = self._finders[quantity] = self._finder(quantity)
            ratio = found[quantity] = finder(step)
        return ratio

    def _finder(self, quantity: str) -> Finder:
        """What gives the quantity in each step; what it is made of is known beforehand."""
        if quantity in self._given:
            return functools.partial(self._source.step_ratio, quantity)
        if quantity in _AVERAGES:
            total = self._sum(_AVERAGES[quantity])
            return lambda step: part_of(total(step), len(PHASES))
        if quantity in _BETWEEN:
            return self._voltage_between(*_BETWEEN[quantity])
        stem, _, end = quantity.rpartition("_")
        if end not in (*PHASES, "total"):
            stem, end = quantity, ""
        return getattr(self, f"_{stem}")(end)

    def _of(self, quantity: str) -> Finder:
        return functools.partial(self.step_ratio, quantity)

    def _sum(self, stem: str) -> Finder:
        one, other, third = (self._of(f"{stem}_{phase}") for phase in PHASES)
        return lambda step: sum_of(one(step), other(step), third(step))

    def _voltage(self, end: str) -> Finder:
        for near in ("voltage", "voltage_l1"):
            if near in self._given:
                return self._of(near)
        return lambda step: (_NOMINAL_VOLTAGE_V, 1)

    def _voltage_between(self, *phases: str) -> Finder:
        """The voltage from one phase to another, a third of a turn away."""
        one, other = (self._of(f"voltage_{phase}") for phase in phases)

        def find(step):
            a, b = one(step), other(step)
            return root(sum_of(product(a, a), product(a, b), product(b, b)))

        return find

    def _current(self, end: str) -> Finder:
        apparent = self._of(f"power_apparent_{end or 'total'}")
        voltage = self._of(f"voltage_{end}" if end else "voltage")
        return lambda step: quotient(apparent(step), voltage(step)) or _NONE

    def _power_active(self, end: str) -> Finder:
        phased = "power_active" in self._phased or "current" in self._phased
        if end == "total":
            if phased:
                return self._sum("power_active")
            return self._power_of("current", "voltage")
        if "power_active_total" in self._given or not phased:
            return self._third("power_active_total")
        return self._power_of(f"current_{end}", f"voltage_{end}")

    def _power_of(self, current: str, voltage: str) -> Finder:
        """None without a current."""
        if current not in self._given:
            return _nothing
        amperes, volts = self._of(current), self._of(voltage)
        return lambda step: product(amperes(step), volts(step))

    def _third(self, total: str) -> Finder:
        whole = self._of(total)
        return lambda step: part_of(whole(step), len(PHASES))

    def _power_reactive(self, end: str) -> Finder:
        phased = "power_reactive" in self._phased
        if end == "total":
            return self._sum("power_reactive") if phased else self._missing_side()
        return _nothing if phased else self._third("power_reactive_total")

    def _missing_side(self) -> Finder:
        """The reactive power, by the active one and what is given beside it."""
        active, apparent = self._of("power_active_total"), self._of("power_apparent_total")
        if "power_apparent_total" not in self._given:
            if "power_factor_total" not in self._given:
                return _nothing
            factor = self._of("power_factor_total")

            def apparent(step):
                return quotient(active(step), factor(step))

        def find(step):
            whole = apparent(step)
            if whole is None:
                return _NONE
            numerator, denominator = active(step)
            side = -numerator * numerator, denominator * denominator
            return root(sum_of(product(whole, whole), side))

        return find

    def _power_apparent(self, end: str) -> Finder:
        active, reactive = self._of(f"power_active_{end}"), self._of(f"power_reactive_{end}")

        def find(step):
            one, other = active(step), reactive(step)
            return root(sum_of(product(one, one), product(other, other)))

        return find

    def _power_factor(self, end: str) -> Finder:
        active, apparent = self._of(f"power_active_{end}"), self._of(f"power_apparent_{end}")
        return lambda step: quotient(active(step), apparent(step)) or (1, 1)

    def _phase_angle(self, end: str) -> Finder:
        active, reactive = self._of(f"power_active_{end}"), self._of(f"power_reactive_{end}")

        def find(step):
            numerator, denominator = reactive(step)
            beside, scale = active(step)
            angle = math.atan2(numerator / denominator, beside / scale)
            return Decimal(f"{math.degrees(angle):.2f}").as_integer_ratio()

        return find

    def _frequency(self, end: str) -> Finder:
        return lambda step: (_NOMINAL_FREQUENCY_HZ, 1)

    def _thd_voltage(self, end: str) -> Finder:
        return lambda step: (_NOMINAL_THD_PERCENT, 1)

    def _energy(self, quantity: str) -> Source:
        stem, _, end = quantity.rpartition("_")
        if end == "total":
            taken, given = self.source(f"{stem}_import"), self.source(f"{stem}_export")
            return lambda time_us: sum_of(taken(time_us), given(time_us))
        if end not in PHASES:
            stem, end = quantity, "total"
        power = "power_reactive_" if "reactive" in stem else "power_active_"
        flowed = self._integral(power + end, -1 if "export" in stem else 1)
        if quantity != "energy_import":
            return flowed
        return lambda time_us: sum_of(self._start_kwh, flowed(time_us))

    def _integral(self, power: str, sign: int) -> Source:
        if (power, sign) not in self._integrals:
            self._integrals[power, sign] = _Integral(self, power, sign)
        until = self._integrals[power, sign].until
        return lambda time_us: part_of(until(time_us), _US_PER_KILO_HOUR)


def _nothing(step: int) -> Ratio:
    return _NONE


def completed(signals: Signals) -> Signals:
    """Signals with all quantities: these, or completed where they lack any."""
    return signals if signals.quantities() >= QUANTITIES.keys() else Completed(signals)


class _Integral:
    """The exact integral of the positive part of `sign` times a power, in its unit and µs.

    It walks forward with the time and begins anew when asked for an earlier one.
    """

    def __init__(self, signals: Completed, power: str, sign: int):
        self._signals, self._power, self._sign = signals, power, sign
        self._step, self._sum = 0, _NONE

    def until(self, time_us: int) -> Ratio:
        signals = self._signals
        step = signals.step_at(time_us)
        if step < self._step:
            self._step, self._sum = 0, _NONE
        while self._step < step:
            self._sum = sum_of(self._sum, self._part(signals.step_start_us(self._step + 1)))
            self._step += 1
        return sum_of(self._sum, self._part(time_us))

    def _part(self, until_us: int) -> Ratio:
        """What the present step adds until a time within it, or its end."""
        numerator, denominator = self._signals.step_ratio(self._power, self._step)
        flows = max(numerator * self._sign, 0)
        return flows * (until_us - self._signals.step_start_us(self._step)), denominator
