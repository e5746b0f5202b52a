"""What is derived agrees with physics, and with itself in any order."""

import importlib.util
import random
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from host_tools.emulation.completed import Completed
from host_tools.emulation.quantities import QUANTITIES
from host_tools.emulation.share import Share
from host_tools.emulation.signals import Constant, Signals

VOCABULARY = Path(__file__).parents[2] / "firmware/limen/core/quantity.py"
HOUR_US = 3600 * 1_000_000


class Staircase(Signals):
    """Values of one quantity, each for an hour; the last for ever."""

    def __init__(self, quantity, *values):
        self._quantity, self._steps = quantity, values

    def quantities(self):
        return frozenset((self._quantity,))

    def step_at(self, time_us):
        return min(time_us // HOUR_US, len(self._steps) - 1)

    def step_start_us(self, step):
        return step * HOUR_US

    def step_value(self, quantity, step):
        return self._steps[step]


def completed(**values):
    signals = Completed(Constant(**values))
    return lambda quantity: signals.value(quantity, 0)


def test_three_phases_share_a_total_evenly():
    value = completed(power_active_total=4500, power_reactive_total=-6000)
    assert [value(f"power_active_l{phase}") for phase in (1, 2, 3)] == [1500] * 3
    assert [value(f"power_reactive_l{phase}") for phase in (1, 2, 3)] == [-2000] * 3
    assert value("power_apparent_total") == 7500
    assert value("power_apparent_l2") == 2500
    assert value("power_factor_total") == Fraction(3, 5)
    assert value("phase_angle_total") == Decimal("-53.13")
    assert value("current_l3") == Fraction(2500, 230)


def test_a_total_is_the_sum_of_its_phases():
    value = completed(power_active_l1=100, power_active_l2=-30, power_active_l3=Decimal("0.5"))
    assert value("power_active_total") == Fraction(141, 2)
    assert value("power_active_l2") == -30
    assert value("power_factor_l2") == -1


def test_currents_alone_make_power():
    value = completed(current_l1=10, current_l2=5, voltage_l1=200)
    assert value("power_active_l1") == 2000
    assert value("power_active_l2") == 1000
    assert value("power_active_l3") == 0
    assert value("power_active_total") == 3000
    assert completed(current=2, voltage=240)("power_active_total") == 480


def test_reactive_power_follows_from_factor_or_apparent_power():
    assert (
        completed(power_active_total=300, power_factor_total=Decimal("0.6"))("power_reactive_total")
        == 400
    )
    assert completed(power_active_total=-3, power_apparent_total=5)("power_reactive_total") == 4
    assert completed(power_active_total=300, power_factor_total=0)("power_reactive_total") == 0


def test_a_meter_without_load_is_sane():
    value = completed(power_active_total=0)
    assert (value("current_l1"), value("power_factor_total"), value("frequency")) == (0, 1, 50)
    assert (value("voltage"), value("voltage_l3"), value("thd_voltage_l1")) == (230, 230, 2)
    assert completed(voltage=0, power_active_total=5)("current") == 0


def test_voltages_between_phases_and_averages_follow_from_the_phases():
    value = completed(voltage_l1=230, voltage_l2=200, voltage_l3=0, current=3)
    assert value("voltage_l1_l2") == Decimal("372.692")
    assert value("voltage_l3_l1") == 230
    assert value("voltage_ln_avg") == Fraction(430, 3)
    assert completed(current_l1=3, current_l2=6)("current_avg") == 3


def test_a_share_of_a_load_has_the_same_voltage():
    whole = Completed(
        Constant(power_active_total=300, power_reactive_total=-400, voltage=Decimal("229.5"))
    )
    share = Share(whole, Fraction(1, 4))
    assert share.value("power_active_total", 0) == 75
    assert share.value("power_reactive_l2", 0) == Fraction(-100, 3)
    assert share.value("power_apparent_total", 0) == 125
    assert share.value("energy_import", HOUR_US) == Fraction(3, 40)
    assert share.value("current_l1", 0) == whole.value("current_l1", 0) / 4
    for same in ("voltage_l1", "power_factor_total", "phase_angle_total", "frequency"):
        assert share.value(same, 0) == whole.value(same, 0)
    assert share.quantities() == whole.quantities()


def test_every_quantity_has_a_value_whatever_the_source_gives():
    for given in QUANTITIES:
        signals = Completed(Constant(**{given: 7}))
        assert signals.quantities() == frozenset(QUANTITIES)
        for quantity in QUANTITIES:
            assert isinstance(signals.value(quantity, 5), int | Decimal | Fraction), quantity


def test_what_the_source_gives_stays_untouched():
    values = {"power_active_total": Decimal("4216.0"), "current": Decimal("18.400")}
    value = completed(**values)
    assert [str(value(quantity)) for quantity in values] == ["4216.0", "18.400"]


def test_energy_is_the_exact_integral():
    signals = Completed(Staircase("power_active_total", 1200, -500, 7), start_kwh=Decimal("100.5"))
    assert signals.value("energy_import", 0) == Fraction(201, 2)
    assert signals.value("energy_import", HOUR_US // 2) == Fraction(201, 2) + Fraction(3, 5)
    assert signals.value("energy_import", 2 * HOUR_US) == Fraction(201, 2) + Fraction(6, 5)
    assert signals.value("energy_export", 2 * HOUR_US) == Fraction(1, 2)
    assert signals.value("energy_total", 2 * HOUR_US) == Fraction(201, 2) + Fraction(17, 10)
    assert signals.value("energy_import", 2 * HOUR_US + 1) == Fraction(201, 2) + Fraction(
        6, 5
    ) + Fraction(7, 1000 * HOUR_US)


def test_the_energy_of_the_phases_adds_up():
    signals = Completed(Staircase("power_active_total", 900, 1000, 100))
    phases = [signals.value(f"energy_import_l{phase}", 5 * HOUR_US) for phase in (1, 2, 3)]
    assert sum(phases) == signals.value("energy_import", 5 * HOUR_US) == Fraction(22, 10)


def test_reactive_energy_counts_each_direction():
    signals = Completed(Staircase("power_reactive_total", 1000, -3000, 0))
    assert signals.value("energy_reactive_import", 3 * HOUR_US) == 1
    assert signals.value("energy_reactive_export", 3 * HOUR_US) == 3
    assert signals.value("energy_reactive_total", 3 * HOUR_US) == 4


def test_the_order_of_asking_changes_nothing():
    def answers(shuffled):
        signals = Completed(Staircase("power_active_total", *range(-2000, 4000, 250)))
        asked = [(q, t * HOUR_US // 3) for q in sorted(QUANTITIES) for t in range(0, 80, 7)]
        if shuffled:
            random.Random(1).shuffle(asked)
        return {(q, t): signals.value(q, t) for q, t in asked}

    assert answers(shuffled=True) == answers(shuffled=False)


def test_names_and_units_are_those_of_the_firmware():
    if not VOCABULARY.exists():
        pytest.skip("the firmware has no vocabulary")
    spec = importlib.util.spec_from_file_location("vocabulary", VOCABULARY)
    vocabulary = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(vocabulary)
    for quantity, unit in QUANTITIES.items():
        assert vocabulary.lookup(quantity)[0] == unit
