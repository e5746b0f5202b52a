from limen.core.schema import (
    Owners,
    Spot,
    boolean,
    describe,
    duration_ms,
    duration_s,
    entries,
    host,
    identifier,
    integer,
    nearest,
    one_of,
    optional,
    required,
    suggestion,
    text,
    whole,
)
from limen.core.units import Mistake

FIELDS = {
    "id": required(identifier, 'id = "a"'),
    "address": required(integer(1, 247), "address = 1"),
    "every": optional(duration_ms(10, 60000), 1000),
}


def read(table):
    problems = []
    values = Spot(problems, ("device", 0)).read_table(table, FIELDS)
    return values, sorted(problems)


def refusal(reader, value):
    try:
        return "accepted as %r" % (reader(value),)
    except Mistake as mistake:
        return str(mistake)


def test_a_good_table_is_read_and_completed():
    values, problems = read({"id": "m1", "address": 7})
    assert values == {"id": "m1", "address": 7, "every": 1000}
    assert problems == []


def test_all_mistakes_are_found_and_the_rest_is_read():
    values, problems = read({"id": "m 1", "every": "2s", "colour": "red"})
    assert values == {"id": None, "address": None, "every": 2000}
    assert problems == [
        (("device", 0, "address"), "is missing; write for example address = 1"),
        (("device", 0, "colour"), "unknown key; known here: address"),
        (
            ("device", 0, "id"),
            '"m 1" cannot be part of an MQTT topic; use up to 32 letters, digits, "-" and "_"',
        ),
    ]


def test_a_misspelt_key_is_one_mistake_not_two():
    _, problems = read({"id": "m1", "adress": 7})
    assert problems == [(("device", 0, "adress"), 'unknown key; did you mean "address"?')]


def test_what_is_not_a_table():
    assert read([1]) == (
        None,
        [(("device", 0), "must be a table of settings, not a list")],
    )


def test_the_nearest_name():
    names = ["address", "baud", "every", "profile"]
    assert nearest("adress", names) == "address"
    assert nearest("buad", names) == "baud"
    assert nearest("Profil", names) == "profile"
    assert nearest("x", names) is None
    assert nearest("", names) is None
    assert nearest("colour", names) is None
    assert suggestion("colour", []) == ""


def test_wrong_types_are_named():
    assert refusal(text, 5) == 'must be a text in "quotes", not 5'
    assert refusal(text, "") == 'must be a text in "quotes", not an empty text'
    assert refusal(boolean, "yes") == 'must be true or false, not "yes"'
    assert refusal(whole, True) == "must be a whole number, not true"
    assert refusal(whole, "1.5") == 'must be a whole number, not "1.5"'
    assert refusal(integer(1, 5), 6) == "must be 1 to 5, not 6"
    assert refusal(integer(1, 5), 10**40) == "must be 1 to 5, not so large a number"
    assert refusal(one_of((9600, 19200)), 9601) == "must be one of 9600, 19200, not 9601"
    assert refusal(one_of(("even", "odd")), True) == 'must be one of "even", "odd", not true'
    assert refusal(entries, []) == "must be a list of entries, not empty"
    assert refusal(entries, {}) == "must be a list of entries; write [[ ]] around its name, not [ ]"
    assert refusal(host, "mqtt://a") == ('must be a host, not a URL; write "a"')
    assert refusal(host, "a/b") == 'must be a host name such as "broker.local", not "a/b"'
    assert describe(object()) == "a date or a fraction"


def test_durations_have_limits():
    assert refusal(duration_ms(10, 60000), "0s") == "must be 10ms to 1min, not 0s"
    assert refusal(duration_ms(10, 60000), 5) == 'must be a duration such as "10s", not 5'
    assert refusal(duration_s(1, 60), "1500 ms") == 'must be whole seconds, not "1500 ms"'
    assert duration_s(1, 60)("1min") == 60


def test_identifiers_fit_into_topics():
    assert identifier("Press-07_b") == "Press-07_b"
    for name in ("a/b", "a+", "#", "ä", "a" * 33):
        assert refusal(identifier, name).startswith('"%s" cannot be part' % name)


def test_a_second_owner_is_told_of_the_first():
    problems, owners = [], Owners()
    spot = Spot(problems)
    owners.claim("pin 5", "bus[0]", spot.at(0), "belongs to %s")
    owners.claim("pin 5", "bus[1]", spot.at(1), "belongs to %s")
    assert problems == [((1,), "belongs to bus[0]")]
    assert owners.has("pin 5") and not owners.has("pin 6")
