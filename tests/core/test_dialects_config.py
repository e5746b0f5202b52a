from limen.core.dialects_config import FIELDS, compact_dialects
from limen.core.schema import Spot

PLAIN_ESP32 = {"psram_mb": 0}
WITH_PSRAM = {"psram_mb": 8}


def compiled(mqtt, board=PLAIN_ESP32):
    """(what the gateway is told, problems) of the table [mqtt]."""
    problems = []
    spot = Spot(problems)
    values = spot.read_table(mqtt, FIELDS)
    told = compact_dialects(spot, values, "hall-2", "g1", board)
    return told, [".".join(path) + ": " + sentence for path, sentence in problems]


def problem(mqtt, board=PLAIN_ESP32):
    (sentence,) = compiled(mqtt, board)[1]
    return sentence


def test_the_plain_dialect_needs_no_word():
    assert compiled({}) == ({}, [])
    assert compiled({"dialects": ["plain"]}) == ({}, [])


def test_sparkplug_is_named_after_site_and_gateway():
    node = {"group": "hall-2", "node": "g1", "host": None}
    told = {"dialects": ["sparkplug"], "sparkplug": node}
    assert compiled({"dialects": ["sparkplug"]}) == (told, [])


def test_group_and_primary_host_can_be_written():
    mqtt = {"dialects": ["sparkplug"], "sparkplug": {"group": "Plant 1", "primary_host": "scada"}}
    told, problems = compiled(mqtt)
    assert told["sparkplug"] == {"group": "Plant 1", "node": "g1", "host": "scada"}
    assert problems == []


def test_two_connections_need_psram():
    both = {"dialects": ["plain", "sparkplug"]}
    assert compiled(both, WITH_PSRAM)[1] == []
    assert problem(both) == (
        'dialects: has two connections with "plain" and "sparkplug", which the memory of this '
        'board does not allow; write dialects = ["sparkplug"], or take a board with PSRAM'
    )
    assert compiled({"dialects": ["plain", "home-assistant"]}) == (
        {"dialects": ["plain", "home-assistant"]},
        [],
    )


def test_mistakes_are_told():
    assert problem({"dialects": ["home-assistant"]}) == (
        'dialects: needs "plain" beside "home-assistant": Home Assistant reads what plain publishes'
    )
    assert problem({"dialects": ["sparkplgu"]}) == (
        'dialects: there is no dialect "sparkplgu"; did you mean "sparkplug"?'
    )
    assert problem({"dialects": ["plain", "plain"]}) == 'dialects: has "plain" twice'
    for wrong in ([], "plain", 3):
        assert problem({"dialects": wrong}) == (
            'dialects: must be a list such as ["plain", "home-assistant"]'
        )
    assert problem({"sparkplug": {"group": "x"}}) == (
        'sparkplug: is of no use without "sparkplug" among the dialects'
    )
    alone = {"dialects": ["sparkplug"]}
    assert problem(dict(alone, sparkplug={"group": "a/b"})) == (
        'sparkplug.group: "a/b" cannot be part of a Sparkplug topic: no "+", "/" or "#"'
    )
    assert problem(dict(alone, sparkplug={"grup": "a"})) == (
        'sparkplug.grup: unknown key; did you mean "group"?'
    )
    assert problem(dict(alone, sparkplug="scada")) == (
        'sparkplug: must be a table of settings, not "scada"'
    )
