"""What an emulated meter measures: quantities as staircases of time, exact, in base units.

A source (a recording, a model of a machine) gives the quantities that it knows. `Completed` adds
all others so that they agree with each other as physics demands. Every value is a function of
quantity and time alone: asking in another order, or twice, changes nothing.
"""

import functools
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

PHASES = ("l1", "l2", "l3")
_LINES = ("_l1", "_l2", "_l3")
_STEMS = (
    ("voltage", "V", ("", *_LINES, "_ln_avg", "_l1_l2", "_l2_l3", "_l3_l1")),
    ("current", "A", ("", *_LINES, "_avg")),
    ("power_active", "W", (*_LINES, "_total")),
    ("power_apparent", "VA", (*_LINES, "_total")),
    ("power_reactive", "var", (*_LINES, "_total")),
    ("power_factor", "", (*_LINES, "_total")),
    ("phase_angle", "°", ("_total",)),
    ("frequency", "Hz", ("",)),
    ("thd_voltage", "%", _LINES),
    ("energy_import", "kWh", ("", *_LINES)),
    ("energy_export", "kWh", ("", *_LINES)),
    ("energy_total", "kWh", ("",)),
    ("energy_reactive_import", "kvarh", ("",)),
    ("energy_reactive_export", "kvarh", ("",)),
    ("energy_reactive_total", "kvarh", ("",)),
)
QUANTITIES = {stem + end: unit for stem, unit, ends in _STEMS for end in ends}
"""Every quantity and its base unit."""

_AVERAGES = {"voltage_ln_avg": "voltage", "current_avg": "current"}
_BETWEEN = {
    f"voltage_{one}_{other}": (one, other)
    for one, other in zip(PHASES, (*PHASES[1:], PHASES[0]), strict=True)
}
_LOADS = ("current", "power_active", "power_reactive", "power_apparent", "energy")

Value = int | Decimal | Fraction
Exact = int | Fraction
"""What can be reckoned with; integers stay such, as they are many times as fast."""

NOMINAL_VOLTAGE_V = 230
NOMINAL_FREQUENCY_HZ = 50
NOMINAL_THD_PERCENT = 2
_US_PER_KILO_HOUR = 1000 * 3600 * 1_000_000


class Signals:
    """Quantities that keep their value from one step to the next.

    Step 0 holds from time 0; `step_start_us` may be asked up to the step of the present time.
    """

    def quantities(self) -> frozenset[str]:
        raise NotImplementedError

    def knows(self, quantity: str | None) -> bool:
        """Whether there is a value of it now."""
        return quantity in self.quantities()

    def step_at(self, time_us: int) -> int:
        raise NotImplementedError

    def step_start_us(self, step: int) -> int:
        raise NotImplementedError

    def step_value(self, quantity: str, step: int) -> Value:
        raise NotImplementedError

    def value(self, quantity: str, time_us: int) -> Value:
        """The value in the quantity's base unit."""
        return self.step_value(quantity, self.step_at(time_us))


class Constant(Signals):
    """The same values for ever."""

    def __init__(self, **values: Value):
        self._values = values

    def quantities(self) -> frozenset[str]:
        return frozenset(self._values)

    def step_at(self, time_us: int) -> int:
        return 0

    def step_start_us(self, step: int) -> int:
        return 0

    def step_value(self, quantity: str, step: int) -> Value:
        return self._values[quantity]


class PerDevice(Signals):
    """What each device of a site measures; one that is not known stands still."""

    def __init__(self, devices: dict[str, Signals]):
        self._devices = devices

    @property
    def names(self) -> list[str]:
        return list(self._devices)

    def of_device(self, device: str) -> Signals:
        return self._devices.get(device) or Constant()


class Completed(Signals):
    """All of `QUANTITIES`: the source's own untouched, the others derived from them.

    Phases share a total evenly; apparent power is the root of active and reactive squared, to the
    millivoltampere; the factor has the sign of the active power; energy is the exact integral of
    power since time 0 beyond `start_kwh`. What nothing is known about has its nominal value.
    """

    def __init__(self, source: Signals, start_kwh: Value = 0):
        self._source = source
        self._given = source.quantities()
        self._start_kwh = Fraction(start_kwh)
        self._cache_step = -1
        self._cache: dict[str, Exact] = {}
        self._finders: dict[str, Callable[[int], Value]] = {}
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
        if quantity.startswith("energy") and quantity not in self._given:
            return self._energy(quantity, time_us)
        return self.step_value(quantity, self.step_at(time_us))

    def step_value(self, quantity: str, step: int) -> Value:
        """As `value`; energy grows within a step and is not asked by step."""
        if quantity in self._given:
            return self._source.step_value(quantity, step)
        return self._get(quantity, step)

    def _get(self, quantity: str, step: int) -> Exact:
        if step != self._cache_step:
            self._cache_step, self._cache = step, {}
        if quantity not in self._cache:
            if quantity not in self._finders:
                self._finders[quantity] = self._finder(quantity)
            self._cache[quantity] = _exact(self._finders[quantity](step))
        return self._cache[quantity]

    def _finder(self, quantity: str) -> Callable[[int], Value]:
        """What gives the quantity in each step."""
        if quantity in self._given:
            return functools.partial(self._source.step_value, quantity)
        if quantity in _AVERAGES:
            return functools.partial(self._average, _AVERAGES[quantity])
        if quantity in _BETWEEN:
            return functools.partial(self._voltage_between, _BETWEEN[quantity])
        stem, _, end = quantity.rpartition("_")
        if end not in (*PHASES, "total"):
            stem, end = quantity, ""
        return functools.partial(getattr(self, f"_{stem}"), end)

    def _average(self, stem: str, step: int) -> Fraction:
        return Fraction(self._sum(stem, step), len(PHASES))

    def _sum(self, stem: str, step: int) -> Exact:
        return sum(self._get(f"{stem}_{phase}", step) for phase in PHASES)

    def _voltage(self, end: str, step: int) -> Value:
        for near in ("voltage", "voltage_l1"):
            if near in self._given:
                return self._get(near, step)
        return NOMINAL_VOLTAGE_V

    def _voltage_between(self, phases: tuple[str, str], step: int) -> Exact:
        """The voltage from one phase to another, a third of a turn away."""
        a, b = (self._get(f"voltage_{phase}", step) for phase in phases)
        return _root(a * a + a * b + b * b)

    def _current(self, end: str, step: int) -> Value:
        voltage = self._get(f"voltage_{end}" if end else "voltage", step)
        apparent = self._get(f"power_apparent_{end or 'total'}", step)
        return Fraction(apparent, voltage) if voltage else 0

    def _power_active(self, end: str, step: int) -> Value:
        phased = "power_active" in self._phased or "current" in self._phased
        if end == "total":
            if phased:
                return self._sum("power_active", step)
            return self._given_current(step) * self._get("voltage", step)
        if "power_active_total" in self._given or not phased:
            return Fraction(self._get("power_active_total", step), len(PHASES))
        if f"current_{end}" in self._given:
            return self._get(f"current_{end}", step) * self._get(f"voltage_{end}", step)
        return 0

    def _given_current(self, step: int) -> Value:
        return self._get("current", step) if "current" in self._given else 0

    def _power_reactive(self, end: str, step: int) -> Value:
        if end != "total":
            phased = "power_reactive" in self._phased
            total = 0 if phased else self._get("power_reactive_total", step)
            return Fraction(total, len(PHASES))
        if "power_reactive" in self._phased:
            return self._sum("power_reactive", step)
        active = self._get("power_active_total", step)
        if "power_apparent_total" in self._given:
            apparent = self._get("power_apparent_total", step)
        elif "power_factor_total" in self._given and self._get("power_factor_total", step):
            apparent = Fraction(active, self._get("power_factor_total", step))
        else:
            return 0
        return _root(max(apparent**2 - active**2, 0))

    def _power_apparent(self, end: str, step: int) -> Value:
        active = self._get(f"power_active_{end}", step)
        return _root(active**2 + self._get(f"power_reactive_{end}", step) ** 2)

    def _power_factor(self, end: str, step: int) -> Value:
        apparent = self._get(f"power_apparent_{end}", step)
        return Fraction(self._get(f"power_active_{end}", step), apparent) if apparent else 1

    def _phase_angle(self, end: str, step: int) -> Value:
        reactive = self._get(f"power_reactive_{end}", step)
        active = self._get(f"power_active_{end}", step)
        return Decimal(f"{math.degrees(math.atan2(reactive, active)):.2f}")

    def _frequency(self, end: str, step: int) -> Value:
        return NOMINAL_FREQUENCY_HZ

    def _thd_voltage(self, end: str, step: int) -> Value:
        return NOMINAL_THD_PERCENT

    def _energy(self, quantity: str, time_us: int) -> Fraction:
        stem, _, end = quantity.rpartition("_")
        if end == "total":
            both = (f"{stem}_import", f"{stem}_export")
            return sum((Fraction(self.value(one, time_us)) for one in both), Fraction(0))
        if end not in PHASES:
            stem, end = quantity, "total"
        power = "power_reactive_" if "reactive" in stem else "power_active_"
        start = self._start_kwh if quantity == "energy_import" else 0
        return start + self._integral(power + end, -1 if "export" in stem else 1, time_us)

    def _integral(self, power: str, sign: int, time_us: int) -> Fraction:
        if (power, sign) not in self._integrals:
            self._integrals[power, sign] = _Integral(self, power, sign)
        return self._integrals[power, sign].until(time_us) / _US_PER_KILO_HOUR


def completed(signals: Signals) -> Signals:
    """Signals with all quantities: these, or completed where they lack any."""
    return signals if signals.quantities() >= QUANTITIES.keys() else Completed(signals)


class Share(Signals):
    """A part of the load behind another meter: its share of currents, powers and energies.

    Everything else is the same. The whole has all quantities.
    """

    def __init__(self, whole: Completed, share: Fraction):
        self._whole = whole
        self._share = share

    def quantities(self) -> frozenset[str]:
        return self._whole.quantities()

    def knows(self, quantity: str | None) -> bool:
        return self._whole.knows(quantity)

    def value(self, quantity: str, time_us: int) -> Value:
        value = self._whole.value(quantity, time_us)
        return Fraction(value) * self._share if quantity.startswith(_LOADS) else value


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
        return any(quantity in known for known in (self.values, self._stills)) or (
            self._source.knows(quantity)
        )

    def value(self, quantity: str, time_us: int) -> Value:
        for known in (self.values, self._stills):
            if quantity in known:
                return known[quantity]
        return self._source.value(quantity, time_us)


class _Integral:
    """The exact integral of the positive part of `sign` times a power, in its unit and µs.

    It walks forward with the time and begins anew when asked for an earlier one.
    """

    def __init__(self, signals: Signals, power: str, sign: int):
        self._signals, self._power, self._sign = signals, power, sign
        self._step, self._sum = 0, 0

    def until(self, time_us: int) -> Fraction:
        step = self._signals.step_at(time_us)
        if step < self._step:
            self._step, self._sum = 0, 0
        while self._step < step:
            self._sum += self._part(self._signals.step_start_us(self._step + 1))
            self._step += 1
        return Fraction(self._sum + self._part(time_us))

    def _part(self, until_us: int) -> Exact:
        """What the present step adds until a time within it, or its end."""
        power = _exact(self._signals.step_value(self._power, self._step)) * self._sign
        return max(power, 0) * (until_us - self._signals.step_start_us(self._step))


def _exact(value: Value) -> Exact:
    return Fraction(value) if isinstance(value, Decimal) else value


def _root(square: Exact) -> Fraction:
    """The square root to a thousandth, rounded down."""
    return Fraction(math.isqrt(square.numerator * 1_000_000 // square.denominator), 1000)


def nearest(numerator: int, denominator: int) -> int:
    """The whole number next to a fraction, ties away from zero; the denominator is positive."""
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -magnitude if numerator < 0 else magnitude
