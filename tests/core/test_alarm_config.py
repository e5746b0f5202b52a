"""Alarms that are more than a limit, as a site file has them."""

from fake_meter import BOARDS, METER
from fake_site import device, said, site

from limen.core.config import check


def checked(alarm, others=None, every="1s"):
    meter = dict(METER)
    meter["channel"] = METER["channel"] + [["voltage_l2", 2, [60, "u16", None, 1, 1]]]
    device = {"id": "meter", "profile": "m", "bus": "rs485", "address": 1, "every": every}
    device["channels"] = {"voltage_l1": {"alarm": alarm}, "power_active_total": {}}
    device["channels"].update(others or {})
    gateway = {"board": "one-port", "bus": [{"id": "rs485", "kind": "modbus-rtu"}]}
    gateway["device"] = [device]
    site = {
        "site": {"id": "hall-2"},
        "mqtt": {"host": "broker.local"},
        "gateway": {"g1": gateway},
    }
    return check(site, "g1", {"m": meter}, BOARDS)


def compiled(alarm):
    compact, problems = checked(alarm)
    assert problems == []
    return compact


def problems(alarm, others=None, **changes):
    _, found = checked(alarm, others, **changes)
    return {path[-1]: sentence for path, sentence in found}


def test_plain_limits_stay_with_the_channel():
    compact = compiled({"high": "253 V", "hysteresis": "1 V"})
    assert "function" not in compact
    assert compact["device"][0]["channel"][0]["alarm"] == [
        {"name": "high", "limit": 25300, "hysteresis": 100, "delay_ms": 0}
    ]


def test_more_than_limits_is_a_function_of_the_gateway():
    compact = compiled(
        {
            "high": "253 V",
            "high_high": "260 V",
            "hysteresis": "1 V",
            "off_delay": "5s",
            "latch": True,
            "group": "mains",
            "only_while": {"channel": "power_active_total", "above": "500 W"},
        }
    )
    (function,) = compact["function"]
    assert (function["id"], function["follows"], function["flood"]) == ("alarms", [1], [10, 600])
    high, high_high = function["alarm"]
    assert high == {
        "of": [1, 0],
        "name": "high",
        "kind": "high",
        "limit": 25300,
        "hysteresis": 100,
        "on_ms": 0,
        "off_ms": 5000,
        "priority": 3,
        "latch": True,
        "group": "mains",
        "while": [1, 1, 501, 1 << 60],
    }
    assert (high_high["name"], high_high["limit"], high_high["priority"]) == ("high_high", 26000, 2)
    assert "alarms" not in compact["device"][0]["channel"][0]


def test_each_kind_has_what_it_needs():
    compact = compiled(
        {
            "low": "207 V",
            "rate": "5 V/s",
            "deviation": "3 V",
            "setpoint": "meter.voltage_l1",
            "stale": "1min",
            "bad": True,
            "delay": "30s",
            "warn": {"within": "30min", "over": "1h", "fit": "0.5 V"},
        }
    )
    kinds = {one["name"]: one for one in compact["function"][0]["alarm"]}
    assert kinds["rate"]["limit"], kinds["rate"]["span_ms"] == (500, 1000)
    assert kinds["deviation"]["setpoint"] == [1, 0]
    assert kinds["stale"]["longest_ms"] == 60000
    assert kinds["bad"]["limit"] is None
    assert kinds["early_low"]["trend"] == [12, 300, 50, 1800]
    assert kinds["early_low"]["kind"] == "falling"
    assert (kinds["low"]["on_ms"], kinds["early_low"]["on_ms"]) == (30000, 0)
    assert [name for name in kinds if "setpoint" in kinds[name]] == ["deviation"]


def test_settings_that_cannot_work_are_refused():
    assert problems({"high": "253 V", "high_high": "250 V"}) == {
        "high_high": "is not above the limit below it"
    }
    assert problems({"deviation": "3 V"}) == {"deviation": "and setpoint need each other"}
    assert problems({"deviation": "3 V", "setpoint": "voltage_l9"}) == {
        "setpoint": 'meter reads no channel "voltage_l9"; did you mean "voltage_l1"?'
    }
    assert problems({"deviation": "3 V", "setpoint": "power_active_total"}) == {
        "setpoint": '"power_active_total" is in W, and this channel in V'
    }
    coarse = {"voltage_l2": {"resolution": "1 V"}}
    assert problems({"deviation": "3 V", "setpoint": "voltage_l2"}, coarse) == {
        "setpoint": '"voltage_l2" has a resolution of 1 V, and this channel of 0.01 V; '
        "give them the same one"
    }
    assert problems({"latch": True}) == {
        "alarm": "needs a limit, or rate, deviation, stale, bad or state"
    }
    assert problems({"state": 3}) == {
        "state": "is for states, and this is an amount; write high or low"
    }
    assert problems({"high": "1 V", "priority": 9}) == {"priority": "must be 1 to 4, not 9"}
    assert problems({"high": "1 V", "only_while": {"channel": "power_active_total"}}) == {
        "only_while": "needs one of above, below and is"
    }
    assert problems({"high": "1 V", "only_while": {"above": "500 W"}}) == {
        "channel": 'is missing; write for example channel = "press.power_active_total"'
    }
    assert problems(
        {"high": "1 V", "only_while": {"channel": "power_active_total", "above": "5 A"}}
    ) == {"above": '"5 A" is not in W; write a number and its unit, such as "10 W"'}
    assert problems({"bad": True, "warn": {"within": "1h", "over": "1h", "fit": "1 V"}}) == {
        "warn": "needs the limit it is about: high or low"
    }
    warned = {"high": "1 V", "warn": {"within": "1h", "over": "1h", "fit": "1 V"}}
    assert list(problems(warned, every=1)) == ["every"]


def test_what_an_alarm_says_of_other_channels_is_checked_beside_other_mistakes():
    alarm = {
        "high": "253 V",
        "delay": "soon",
        "deviation": "3 V",
        "setpoint": "oven.voltage",
        "only_while": {"channel": "power_active", "above": "500 W"},
    }
    found = problems(alarm)
    assert sorted(found) == ["channel", "delay", "setpoint"]
    assert found["setpoint"].startswith('there is no device "oven"')
    assert found["channel"].startswith('meter reads no channel "power_active"')


def test_of_an_alarm_one_mistake_is_told_once():
    while_on = {"channel": "power_active_total", "above": "500 W"}
    wrong = {"power_active_total": {"resolution": "fine"}}
    assert list(problems({"high": "1 V", "only_while": while_on}, wrong)) == ["resolution"]
    assert list(problems({"high": "1 V", "only_while": {"chanel": "x", "above": 1}})) == ["chanel"]
    assert list(problems({"deviation": "3 V", "setpoint": 5})) == ["setpoint"]
    warned = {"high": "1 A", "warn": {"within": "1h", "over": "1h", "fit": "1 V"}}
    assert list(problems(warned)) == ["high"]
    voltage = {"alarm": {"stale": "1min", "only_while": while_on}}
    lines = said(site(device=[device(id=5, channels={"voltage_l1": voltage})]))
    assert [line.partition(":")[0] for line in lines] == [
        "device.0.channels.voltage_l1.alarm.only_while.channel",
        "device.0.id",
    ]
    assert 'this device reads no channel "power_active_total"' in lines[0]
