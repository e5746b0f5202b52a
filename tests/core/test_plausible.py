"""What a value says for a register map, and against it."""

from limen.core.plausible import AGAINST, NOTHING, potential, weigh


def test_a_mains_frequency_weighs_most():
    assert weigh("frequency", 5002, 2) == potential("frequency") == 4
    assert weigh("frequency", 50, 0) == 4
    assert weigh("frequency", 6001, 2) == 4
    assert weigh("frequency", 66, 0) == AGAINST
    assert weigh("frequency", 44, 0) == NOTHING


def test_a_dead_phase_says_nothing_and_an_absurd_one_speaks_against():
    assert weigh("voltage_l1", 23070, 2) == 3
    assert weigh("voltage_l1", 0, 2) == NOTHING
    assert weigh("voltage_l1", 1217, 2) == NOTHING
    assert weigh("voltage_l1", 30001, 2) == AGAINST
    assert weigh("voltage_l1", -23070, 2) == AGAINST


def test_a_voltage_between_phases_may_be_higher():
    assert weigh("voltage_l2_l3", 401, 0) == 1
    assert weigh("voltage_l2", 401, 0) == AGAINST


def test_a_factor_beyond_one_is_none():
    assert weigh("power_factor_total", -1000, 3) == 1
    assert weigh("power_factor_total", 1001, 3) == AGAINST


def test_places_may_be_negative():
    assert weigh("power_active_total", 1_000_000, -1) == 1
    assert weigh("power_active_total", 1_000_001, -1) == AGAINST


def test_no_value_and_an_unknown_quantity_say_nothing():
    assert weigh("frequency", None, 2) == NOTHING
    assert weigh("pulse_count", 7, 0) == potential("pulse_count") == NOTHING


def test_a_single_step_below_a_large_limit_counts():
    assert weigh("energy_import", 10**12, 3) == 1
    assert weigh("energy_import", 10**12 + 1, 3) == AGAINST
