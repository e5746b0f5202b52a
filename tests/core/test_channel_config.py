"""Channels in a site file: counts of their resolution, reports, alarms and ledgers."""

from fake_site import BOARDS, channel, channel_problems, compiled, device, site

from limen.core.config import check


def test_listed_channels_replace_the_default_set_in_the_profile_s_order():
    tables = site(device=[device(channels={"power_factor_total": {}, "voltage_l1": {}})])
    compact = compiled(tables)
    names = [entry["name"] for entry in compact["device"][0]["channel"]]
    assert names == ["voltage_l1", "power_factor_total"]


def test_report_and_alarm_are_counts_of_the_resolution():
    entry = channel(
        {
            "report": {
                "deadband": "50 W",
                "or_percent": 2,
                "at_most_every": "2s",
                "at_least_every": "5min",
            },
            "alarm": {"high": "45 kW", "low": "-1 kW", "hysteresis": "1 kW", "delay": "3s"},
        }
    )
    assert entry["report"] == [500, 200, 2000, 300000]
    assert entry["alarm"] == [
        {"name": "high", "limit": 450000, "hysteresis": 10000, "delay_ms": 3000},
        {"name": "low", "limit": -10000, "hysteresis": 10000, "delay_ms": 3000},
    ]


def test_a_pause_no_longer_than_the_period_is_none():
    assert channel({"report": {"at_most_every": "1s"}})["report"] == [0, 0, 0, 0]


def test_what_is_not_written_is_zero():
    assert channel({"report": {"at_least_every": "1h"}})["report"] == [0, 0, 0, 3600000]
    assert channel({"alarm": {"low": "0 W"}})["alarm"] == [
        {"name": "low", "limit": 0, "hysteresis": 0, "delay_ms": 0}
    ]
    assert "report" not in channel({"report": {}})


def test_percentages_are_basis_points():
    for written in (2, "2", "2 %", "2%", "2.00"):
        report = channel({"report": {"deadband": "1 W", "or_percent": written}})["report"]
        assert report == [10, 200, 0, 0]


def test_a_resolution_of_its_own_changes_every_count():
    settings = {"resolution": "10 W", "report": {"deadband": "50 W"}, "every": "500 ms"}
    entry = channel(settings)
    assert entry["places"] == -1
    assert entry["every_ms"] == 500
    assert entry["register"] == [52, "f32", "ABCD", 1, 10]
    assert entry["report"] == [5, 0, 0, 0]


def test_a_quantity_without_unit_takes_bare_numbers_and_keeps_its_sentinel():
    entry = channel({"report": {"deadband": "0.05"}}, "power_factor_total")
    assert entry["report"] == [50, 0, 0, 0]
    assert entry["register"] == [62, "s16", "ABCD", 1, 1, 0x8000]
    assert channel({"alarm": {"low": -1}}, "power_factor_total")["alarm"][0]["limit"] == -1000


def test_reports_that_contradict_themselves():
    assert channel_problems({"report": {"or_percent": 2}}) == [
        ".report.or_percent: needs a deadband beside it: near zero a percentage tells every flicker"
    ]
    assert channel_problems({"report": {"deadband": "-1 W", "or_percent": 101}}) == [
        ".report.deadband: must not be negative",
        ".report.or_percent: must be 0 to 100, not 101",
    ]
    assert channel_problems({"report": {"at_most_every": "1h", "at_least_every": "5min"}}) == [
        ".report.at_least_every: 5min is shorter than at_most_every 1h"
    ]
    assert channel_problems({"report": {"at_least_every": "500ms"}}) == [
        ".report.at_least_every: 500ms is shorter than the reading, every 1s"
    ]
    assert channel_problems({"every": "0s", "report": {"deadband": 50}}) == [
        ".every: must be 10ms to 6d, not 0s",
        '.report.deadband: must be a text with its unit, such as "10 W"',
    ]


def test_alarms_that_contradict_themselves():
    assert channel_problems({"alarm": {}}) == [".alarm: needs a limit; write high, low or both"]
    assert channel_problems({"alarm": {"high": "1 kW", "low": "1 kW"}}) == [
        ".alarm.high: 1000.0 W is not above low, 1000.0 W"
    ]
    limits = {"high": "1 kW", "low": "0 W", "hysteresis": "1 kW"}
    assert channel_problems({"alarm": limits}) == [
        ".alarm.hysteresis: must be smaller than 1000.0 W, the distance from low to high"
    ]
    assert channel_problems({"alarm": {"high": "45 kV"}}) == [
        '.alarm.high: "45 kV" is not in W; write a number and its unit, such as "10 W"'
    ]


RICH = {
    "model": "Acme Controller",
    "fc": 3,
    "max_registers": 8,
    "pause_ms": 0,
    "serial": {"baud": 9600, "parity": "none", "stop": 1},
    "sunspec": [101, 103],
    "default": ["temperature"],
    "channel": [
        ["temperature", 1, [1, "s16*", "ABCD", 2, 6, -105, 1, 0, -1, 0, 0, 0x7FFF]],
        ["temperature_setpoint", 1, [3, "s16", "ABCD", 1, 10], {"write": [6, "-5 °C", "80 °C"]}],
        ["operating_state", 0, [5, "bit", "ABCD", 1, 1], {"fc": 2, "states": {"1": "on"}}],
    ],
}


def rich_channels(**channels):
    tables = site(device=[device(profile="rich", channels=channels)])
    compact, problems = check(tables, "g1", {"rich": RICH}, BOARDS)
    return problems or compact["device"][0]["channel"]


def test_a_derived_number_has_its_offset_scaled_too():
    register = rich_channels()[0]["register"]
    assert register == [1, "s16*", "ABCD", 10, 3, -525, 1, 0, -1, 0, 0, 0x7FFF]
    register = rich_channels(temperature={"resolution": "0.01 °C"})[0]["register"]
    assert register == [1, "s16*", "ABCD", 100, 3, -5250, 1, 0, -1, 0, 0, 0x7FFF]
    register = rich_channels(temperature={"resolution": "10 °C"})[0]["register"]
    assert register[3:6] == [2, 60, -105]


def test_what_a_profile_says_of_a_channel_goes_with_it():
    compact, _ = check(site(device=[device(profile="rich")]), "g1", {"rich": RICH}, BOARDS)
    assert compact["device"][0]["driver"] == "sunspec_device"
    assert compact["device"][0]["sunspec"] == [101, 103]
    state = rich_channels(operating_state={})[0]
    assert (state["fc"], state["states"], state["kind"]) == (2, {"1": "on"}, "state")
    assert "fc" not in rich_channels()[0]


def test_only_what_site_and_profile_both_say_can_be_written():
    assert "write" not in rich_channels(temperature_setpoint={})[0]
    writable = {"writable": True, "resolution": "0.01 °C"}
    assert rich_channels(temperature_setpoint=writable)[0]["write"] == [6, -500, 8000]
    assert "write" not in rich_channels(temperature_setpoint={"writable": False})[0]
    (path, sentence), *rest = rich_channels(temperature={"writable": True})
    assert path[-2:] == ("temperature", "writable") and rest == []
    assert sentence == "this device's profile does not declare the channel writable"
    coarse = {"writable": True, "resolution": "10 °C"}
    (path, sentence), *rest = rich_channels(temperature_setpoint=coarse)
    assert path[-1] == "writable" and "finer than the resolution" in sentence


def counter_rule(settings, name="energy_import"):
    tables = site(device=[device(every="1s", channels={name: settings})])
    compact = compiled(tables)
    return compact["device"][0].get("counters")


def test_a_counter_has_a_ledger_unless_it_is_not_wanted():
    sentinels = [42949672950, 21474836470, 21474836480]
    rule = counter_rule({"counter": {"largest": "200 kW", "modulus": "1000000 kWh"}})
    assert rule == [[0, 200000, 1000000000, 2000] + sentinels]
    assert counter_rule({"ledger": False}) is None
    assert counter_rule({}, "voltage_l1") is None


def test_a_ledger_needs_exact_counts_and_only_counters_have_one():
    assert channel_problems({"resolution": "1 kWh"}, "energy_import") == [
        ".resolution: must not be coarser than the register, or rollovers would not be exact; "
        "or write ledger = false"
    ]
    assert channel_problems({"resolution": "1 kWh", "ledger": False}, "energy_import") == []
    assert channel_problems({"counter": {"largest": "0 kW"}}, "energy_import") == [
        ".counter.largest: must be more than 0"
    ]
    assert channel_problems({"ledger": False})[0].startswith(".ledger: unknown")
