from limen.core.units import (
    Mistake,
    count_text,
    exponent_between,
    ms_text,
    parse_count,
    parse_ms,
    parse_places,
    split,
)


def refusal(parse, *arguments):
    try:
        return "accepted as %r" % (parse(*arguments),)
    except Mistake as mistake:
        return str(mistake)


def test_amounts_become_counts_of_the_resolution():
    assert parse_count("50 W", "W", 1) == 500
    assert parse_count("45 kW", "W", 1) == 450000
    assert parse_count("1kW", "W", 1) == 10000
    assert parse_count("-0.25 A", "A", 3) == -250
    assert parse_count("+3 V", "V", 2) == 300
    assert parse_count("500 Wh", "kWh", 3) == 500
    assert parse_count("1.5 MWh", "kWh", 3) == 1500000
    assert parse_count("2500 W", "W", -2) == 25
    assert parse_count("-10 degC", "°C", 1) == -100
    assert parse_count("0.95", "", 3) == 950
    assert parse_count("0.003 m/s", "mm/s", 1) == 30


def test_more_digits_than_a_small_integer_holds_stay_exact():
    assert parse_count("123456789.123 kWh", "kWh", 3) == 123456789123


def test_an_amount_between_two_counts_names_the_nearest():
    step = "is finer than the resolution of 0.1 W; the nearest is "
    assert refusal(parse_count, "50.04 W", "W", 1) == step + '"50.0 W"'
    assert refusal(parse_count, "50.05 W", "W", 1) == step + '"50.1 W"'
    assert refusal(parse_count, "-50.06 W", "W", 1) == step + '"-50.1 W"'


def test_a_wrong_unit_is_named_with_the_right_one():
    ending = ' is not in W; write a number and its unit, such as "10 W"'
    assert refusal(parse_count, "45 KW", "W", 1) == '"45 KW"' + ending
    assert refusal(parse_count, "45 V", "W", 1) == '"45 V"' + ending
    assert refusal(parse_count, "2 %", "W", 1) == '"2 %"' + ending
    assert refusal(parse_count, "50", "W", 1) == '"50" has no unit; write "50 W"'
    alone = '"1 W": this quantity has no unit; write the number alone'
    assert refusal(parse_count, "1 W", "", 3) == alone


def test_what_is_no_number_is_said():
    assert refusal(split, "W 50") == '"W 50" does not begin with a number'
    assert refusal(split, "") == '"" does not begin with a number'
    assert refusal(split, "-") == '"-" does not begin with a number'
    assert refusal(split, "1.2.3 W") == '"1.2.3 W" does not begin with a number'
    assert refusal(split, "1,5 kW") == '"1,5 kW": write a decimal point, not a comma'
    assert refusal(split, "1" * 19) == '"1111111111111111111" has more than 18 digits'
    assert split("1e3 W") == (1, 0, "e3 W")


def test_prefixes_do_not_reach_into_powers_or_other_units():
    assert exponent_between("kW", "W") == 3
    assert exponent_between("mm/s", "m/s") == -3
    assert exponent_between("µs", "s") == exponent_between("us", "s") == -6
    assert exponent_between("mm³", "m³") is None
    assert exponent_between("var", "VA") is None
    assert exponent_between("k", "") is None


def test_resolutions_are_powers_of_ten():
    assert parse_places("0.01 V", "V") == 2
    assert parse_places("1 Wh", "kWh") == 3
    assert parse_places("100 W", "W") == -2
    assert parse_places("0.001", "") == 3
    ending = " is not a resolution: write 1, 10, 0.1, 0.01 and so on"
    for text in ("0.5 V", "0 V", "-1 V", "0.0000000001 V"):
        assert refusal(parse_places, text, "V") == '"' + text + '"' + ending


def test_durations():
    assert [parse_ms(text) for text in ("1s", "5min", "500 ms", "1.5 h", "2d", "0s")] == [
        1000,
        300000,
        500,
        5400000,
        172800000,
        0,
    ]
    ending = " is not a duration: write a number and ms, s, min, h or d"
    assert refusal(parse_ms, "5 m") == '"5 m"' + ending
    assert refusal(parse_ms, "5") == '"5"' + ending
    fine = 'is finer than the resolution of 1 ms; the nearest is "1 ms"'
    assert refusal(parse_ms, "0.5 ms") == fine


def test_counts_and_durations_are_written_as_people_write_them():
    assert count_text(4501, "W", 1) == "450.1 W"
    assert count_text(-5, "V", 2) == "-0.05 V"
    assert count_text(25, "W", -2) == "2500 W"
    assert count_text(950, "", 3) == "0.950"
    assert [ms_text(ms) for ms in (300000, 1500, 86400000, 0)] == ["5min", "1500ms", "1d", "0ms"]
