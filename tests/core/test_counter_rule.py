from limen.core.counter_rule import counter_rule, rate_unit
from limen.core.units import Mistake


def mistake(*arguments):
    try:
        counter_rule(*arguments)
    except Mistake as error:
        return str(error)
    return ""


def test_a_register_of_32_bits_in_steps_of_ten_watt_hours():
    register = [342, "u32", "ABCD", 1, 1]
    assert counter_rule("kWh", 2, register) == [
        100000, 4294967296, 1000, 4294967295, 2147483647, 2147483648,
    ]  # fmt: skip


def test_a_scale_widens_the_modulus():
    rule = counter_rule("kWh", 3, [342, "u16", "ABCD", 100, 1])
    assert rule == [1000000, 6553600, 10000, 6553500, 3276700, 3276800]
    rule = counter_rule("m³", 1, [342, "u16", "ABCD", 1, 4])
    assert rule == [10000, 16384, 100, 16384, 8192, 8192]


def test_a_signed_register():
    rule = counter_rule("", 0, [0, "s16", "ABCD", 1, 1])
    assert rule == [3600000, 65536, 36000, 32767, -32768, -1]


def test_a_register_that_counts_downwards():
    rule = counter_rule("kWh", 2, [0, "s16", "ABCD", -1, 1])
    assert rule == [100000, 65536, 1000, -32767, 32768, 1]


def test_floats_texts_and_very_wide_registers_do_not_wrap():
    assert counter_rule("kWh", 3, [72, "f32", "ABCD", 1000, 1]) == [1000000, 0, 10000]
    assert counter_rule("h", 2) == [100, 0, 2]
    assert counter_rule("kWh", 0, [0, "u64", "ABCD", 1, 1])[:3] == [1000, 0, 10]


def test_digits_and_parts_of_registers():
    assert counter_rule("kWh", 3, [72, "bcd32", "ABCD", 10, 1]) == [1000000, 1000000000, 10000]
    part_of_bits = [72, "u32*", "ABCD", 1, 1, 0, 2, 0, -1, 4, 20]
    assert counter_rule("kWh", 3, part_of_bits) == [1000000, 1 << 20, 10000]
    with_offset = [72, "u32*", "ABCD", 10, 1, 50, 2, 0, -1, 0, 0]
    assert counter_rule("kWh", 3, with_offset) == [1000000, 10 << 32, 10000]
    with_exponent = [72, "u32*", "ABCD", 10, 1, 0, 3, 0, 2, 0, 0]
    assert counter_rule("kWh", 3, with_exponent) == [1000000, 0, 10000]


def test_a_smart_meter_has_six_digits_before_the_point():
    assert counter_rule("kWh", 3) == [1000000, 1000000000, 10000]
    assert counter_rule("kWh", 0) == [1000, 1000000, 10]
    assert counter_rule("m³", 3) == [1000000, 0, 10000]


def test_what_is_said_overrides_what_follows():
    register = [342, "u32", "ABCD", 1, 1]
    assert counter_rule("kWh", 1, register, 430, 1000000)[:3] == [430, 1000000, 4]


def test_a_resolution_coarser_than_the_register_is_refused():
    assert mistake("kWh", 0, [342, "u32", "ABCD", 1, 10]) == (
        "must not be coarser than the register, or rollovers would not be exact"
    )
    assert mistake("kWh", 0, [342, "u32", "ABCD", 1, 8]) == ""


def test_rate_units():
    assert rate_unit("kWh") == "kW"
    assert rate_unit("m³") == "m³/h"
