"""Reports that are more than a deadband, as a site file has them."""

from fake_meter import BOARDS, METER

from limen.core.config import check


def checked(report, every="1s"):
    """(compact form, problems) of a site with one channel."""
    channels = {"voltage_l1": {"report": report}}
    site = {
        "site": {"id": "hall-2"},
        "mqtt": {"host": "broker.local"},
        "gateway": {
            "g1": {
                "board": "one-port",
                "bus": [{"id": "rs485", "kind": "modbus-rtu"}],
                "device": [
                    {
                        "id": "meter",
                        "profile": "m",
                        "bus": "rs485",
                        "address": 1,
                        "every": every,
                        "channels": channels,
                    }
                ],
            }
        },
    }
    return check(site, "g1", {"m": METER}, BOARDS)


def compiled(report):
    compact, problems = checked(report)
    assert problems == []
    return compact["device"][0]["channel"][0]["report"]


def problems(report, **settings):
    """{last key: sentence} of what is wrong."""
    _, found = checked(report, **settings)
    return {path[-1]: sentence for path, sentence in found}


def test_a_line():
    report = {"line": "0.5 V", "longest_delay": "5min", "median": 3}
    assert compiled(report) == {"median": 3, "line": [50, 300000]}


def test_bands():
    report = {"bands": ["207 V", "253 V"], "hysteresis": "2 V", "at_least_every": "5min"}
    assert compiled(report) == {"bands": [300000, 200, 20700, 25300]}


def test_a_rate():
    assert compiled({"rate": "5 V/min"}) == {"rate": [0, 500, 60000]}
    assert compiled({"rate": "5 V/10s"}) == {"rate": [0, 500, 10000]}


def test_a_smoothed_deadband():
    report = {"median": 5, "smooth": 8, "deadband": "1 V", "or_percent": 2, "at_most_every": "5s"}
    assert compiled(report) == {"median": 5, "smooth": 8, "change": [100, 200, 5000, 0]}


def test_a_plain_deadband_stays_plain():
    assert compiled({"deadband": "1 V"}) == [100, 0, 0, 0]


def test_a_window_is_a_function_with_channels_of_its_own():
    compact, found = checked({"window": "15min", "of": ["min", "count"], "median": 3})
    assert found == []
    assert compact["device"][0]["channel"][0]["report"] == {"median": 3, "bands": [0, 0]}
    (function,) = compact["function"]
    assert [function[key] for key in ("id", "function", "follows", "window_s", "of")] == [
        "meter-15min", "window", [1], 900, [[0, {"median": 3}, ["min", "count"]]],
    ]  # fmt: skip
    assert [(c["name"], c["unit"], c["places"]) for c in function["channel"]] == [
        ("voltage_l1_min", "V", 2), ("voltage_l1_count", "", 0),
    ]  # fmt: skip


def test_settings_that_cannot_work_are_refused():
    assert problems({"bands": ["207 V", "209 V"], "hysteresis": "2 V"}) == {
        "hysteresis": "must be smaller than the narrowest band, 2.00 V"
    }
    assert problems({"bands": ["9 V", "9 V"]}) == {"bands": "must rise from each limit to the next"}
    assert problems({"window": "7min", "of": ["min"]}) == {
        "window": 'must divide the hour: "10s", "1min", "15min", "1h"; not "7min"'
    }
    assert problems({"window": "1min"}) == {
        "of": 'is missing; write for example of = ["min", "mean", "max"]'
    }
    assert problems({"window": "1min", "of": ["avg"]}) == {
        "of": '"avg" is none of min, max, mean, rms, sum, last, count'
    }
    assert problems({"window": "1s", "of": ["min"]}, every="10s") == {
        "window": "is shorter than the reading, every 10s"
    }


def test_a_line_needs_a_delay_that_fits():
    assert problems({"line": "1 V"}) == {
        "longest_delay": 'is missing: how long a point may wait for those behind it; write "5min"'
    }
    assert problems({"line": "1 V", "longest_delay": "1s"}) == {
        "longest_delay": "must be two readings or more, and these come every 1s"
    }
    assert problems({"line": "1 A", "longest_delay": "1min"}) == {
        "line": '"1 A" is not in V; write a number and its unit, such as "10 V"'
    }


def test_what_does_not_go_together_is_refused():
    assert problems({"median": 4}) == {"median": "must be 3, 5, 7 or 9 samples, not 4"}
    assert problems({"rate": "5 V"}) == {
        "rate": 'must be an amount in a time, such as "5 °C/min", not "5 V"'
    }
    assert problems({"rate": "5 V/min", "line": "1 V", "longest_delay": "1min"}) == {
        "rate": "does not go together with line; write one of them"
    }
    assert problems({"median": 3, "hysteresis": "1 V"}) == {
        "hysteresis": "does nothing without bands"
    }
    assert problems({"line": "1 V", "longest_delay": "1min", "deadband": "1 V"}) == {
        "deadband": "does not go together with line"
    }
    assert problems({"median": 3, "at_most_every": "9s", "at_least_every": "5s"}) == {
        "at_least_every": "5s is shorter than at_most_every 9s"
    }
