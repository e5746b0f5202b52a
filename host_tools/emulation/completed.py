"""All quantities of a meter, from those that a source knows, so that they agree with each other as
physics demands.
"""

import functools
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from host_tools.emulation.quantities import PHASES, QUANTITIES
from host_tools.emulation.ratios import Ratio, Value, part_of, product, quotient, root, sum_of
from host_tools.emulation.signals import Signals

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
        self._finders: dict[str, Callable[[int], Ratio]] = {}
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
        return Fraction(*self.ratio(quantity, time_us))

    def ratio(self, quantity: str, time_us: int) -> Ratio | None:
        if quantity not in self._given:
            if quantity not in QUANTITIES:
                return None
            if quantity.startswith("energy"):
                return self._energy(quantity, time_us)
        return self.step_ratio(quantity, self._source.step_at(time_us))

    def step_ratio(self, quantity: str, step: int) -> Ratio | None:
        """As `ratio`; energy grows within a step and is not asked by step. What is asked for, in
        its own right or for another's sake, is found once in each of the newest steps."""
        found = self._found.get(step)
        if found is None:
            found = self._found[step] = {}
            if len(self._found) > _KEPT_STEPS:
                del self._found[next(iter(self._found))]
        ratio = found.get(quantity)
        if ratio is None:
            if quantity not in self._finders:
                self._finders[quantity] = self._finder(quantity)
            ratio = found[quantity] = self._finders[quantity](step)
        return ratio

    def _finder(self, quantity: str) -> Callable[[int], Ratio]:
        """What gives the quantity in each step."""
        if quantity in self._given:
            return functools.partial(self._source.step_ratio, quantity)
        if quantity in _AVERAGES:
            return functools.partial(self._average, _AVERAGES[quantity])
        if quantity in _BETWEEN:
            return functools.partial(self._voltage_between, *_BETWEEN[quantity])
        stem, _, end = quantity.rpartition("_")
        if end not in (*PHASES, "total"):
            stem, end = quantity, ""
        return functools.partial(getattr(self, f"_{stem}"), end)

    def _average(self, stem: str, step: int) -> Ratio:
        return part_of(self._sum(stem, step), len(PHASES))

    def _sum(self, stem: str, step: int) -> Ratio:
        return sum_of(*[self.step_ratio(f"{stem}_{phase}", step) for phase in PHASES])

    def _voltage(self, end: str, step: int) -> Ratio:
        for near in ("voltage", "voltage_l1"):
            if near in self._given:
                return self.step_ratio(near, step)
        return _NOMINAL_VOLTAGE_V, 1

    def _voltage_between(self, one: str, other: str, step: int) -> Ratio:
        """The voltage from one phase to another, a third of a turn away."""
        a, b = (self.step_ratio(f"voltage_{phase}", step) for phase in (one, other))
        return root(sum_of(product(a, a), product(a, b), product(b, b)))

    def _current(self, end: str, step: int) -> Ratio:
        apparent = self.step_ratio(f"power_apparent_{end or 'total'}", step)
        voltage = self.step_ratio(f"voltage_{end}" if end else "voltage", step)
        return quotient(apparent, voltage) or _NONE

    def _power_active(self, end: str, step: int) -> Ratio:
        phased = "power_active" in self._phased or "current" in self._phased
        if end == "total":
            if phased:
                return self._sum("power_active", step)
            if "current" not in self._given:
                return _NONE
            return product(self.step_ratio("current", step), self.step_ratio("voltage", step))
        if "power_active_total" in self._given or not phased:
            return part_of(self.step_ratio("power_active_total", step), len(PHASES))
        if f"current_{end}" in self._given:
            current = self.step_ratio(f"current_{end}", step)
            return product(current, self.step_ratio(f"voltage_{end}", step))
        return _NONE

    def _power_reactive(self, end: str, step: int) -> Ratio:
        phased = "power_reactive" in self._phased
        if end == "total":
            return self._sum("power_reactive", step) if phased else self._missing_side(step)
        if phased:
            return _NONE
        return part_of(self.step_ratio("power_reactive_total", step), len(PHASES))

    def _missing_side(self, step: int) -> Ratio:
        """The reactive power, by the active one and what is given beside it."""
        active = self.step_ratio("power_active_total", step)
        apparent = None
        if "power_apparent_total" in self._given:
            apparent = self.step_ratio("power_apparent_total", step)
        elif "power_factor_total" in self._given:
            apparent = quotient(active, self.step_ratio("power_factor_total", step))
        if apparent is None:
            return _NONE
        numerator, denominator = product(active, active)
        return root(sum_of(product(apparent, apparent), (-numerator, denominator)))

    def _power_apparent(self, end: str, step: int) -> Ratio:
        active = self.step_ratio(f"power_active_{end}", step)
        reactive = self.step_ratio(f"power_reactive_{end}", step)
        return root(sum_of(product(active, active), product(reactive, reactive)))

    def _power_factor(self, end: str, step: int) -> Ratio:
        apparent = self.step_ratio(f"power_apparent_{end}", step)
        return quotient(self.step_ratio(f"power_active_{end}", step), apparent) or (1, 1)

    def _phase_angle(self, end: str, step: int) -> Ratio:
        reactive, reactive_scale = self.step_ratio(f"power_reactive_{end}", step)
        active, active_scale = self.step_ratio(f"power_active_{end}", step)
        angle = math.atan2(reactive / reactive_scale, active / active_scale)
        return Decimal(f"{math.degrees(angle):.2f}").as_integer_ratio()

    def _frequency(self, end: str, step: int) -> Ratio:
        return _NOMINAL_FREQUENCY_HZ, 1

    def _thd_voltage(self, end: str, step: int) -> Ratio:
        return _NOMINAL_THD_PERCENT, 1

    def _energy(self, quantity: str, time_us: int) -> Ratio:
        stem, _, end = quantity.rpartition("_")
        if end == "total":
            both = (f"{stem}_import", f"{stem}_export")
            return sum_of(*[self.ratio(one, time_us) for one in both])
        if end not in PHASES:
            stem, end = quantity, "total"
        power = "power_reactive_" if "reactive" in stem else "power_active_"
        flowed = self._integral(power + end, -1 if "export" in stem else 1, time_us)
        return sum_of(self._start_kwh, flowed) if quantity == "energy_import" else flowed

    def _integral(self, power: str, sign: int, time_us: int) -> Ratio:
        if (power, sign) not in self._integrals:
            self._integrals[power, sign] = _Integral(self, power, sign)
        return part_of(self._integrals[power, sign].until(time_us), _US_PER_KILO_HOUR)


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
