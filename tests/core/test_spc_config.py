"""Statistical process control, as a site file has it."""

from fake_meter import BOARDS, METER

from limen.core.config import check


def checked(**settings):
    device = {"id": "meter", "profile": "m", "bus": "rs485", "address": 1, "every": "1s"}
    device["channels"] = {"voltage_l1": {}, "operating_state": {}, "pulse_count": {}}
    meter = dict(METER)
    meter["channel"] = METER["channel"] + [
        ["operating_state", 0, [60, "u16", None, 1, 1]],
        ["pulse_count", 0, [62, "u32", "ABCD", 1, 1]],
    ]
    one = {"id": "grid", "value": "meter.voltage_l1"}
    one.update(settings)
    gateway = {"board": "one-port", "bus": [{"id": "rs485", "kind": "modbus-rtu"}]}
    gateway.update({"device": [device], "spc": [one]})
    site = {"site": {"id": "hall-2"}, "mqtt": {"host": "broker.local"}, "gateway": {"g1": gateway}}
    return check(site, "g1", {"m": meter}, BOARDS)


def compiled(**settings):
    compact, problems = checked(**settings)
    assert problems == []
    return compact["function"][0]


def problems(**settings):
    _, found = checked(**settings)
    return [(path[4:], sentence) for path, sentence in found]


def test_what_is_not_written_has_defaults():
    one = compiled()
    channels = one.pop("channel")
    assert one == {
        "function": "spc",
        "id": "grid",
        "model": "Process control of meter.voltage_l1",
        "of": [1, 0],
        "follows": [1],
        "every_ms": 1000,
        "limits": [None, None],
        "baseline": 50,
        "rules": [1, 5, 6, 2],
        "run": 8,
        "batch": 50,
    }
    assert [(c["name"], c["places"], c["unit"]) for c in channels] == [
        ("process_mean", 4, "V"),
        ("process_deviation", 4, "V"),
    ]


def test_all_that_can_be_written():
    one = compiled(
        parts="meter.pulse_count",
        batch=25,
        lower="207 V",
        upper="253 V",
        center="230 V",
        sigma="1.5 V",
        rules=[3, 1, 1],
        ewma={"weight": 10, "limit": "2.7"},
        cusum={"limit": 4},
    )
    assert one["parts"] == [1, 2, 1, 0] and one["batch"] == 25
    assert one["limits"] == [20700, 25300]
    assert (one["center"], one["sigma"]) == (2300000, 15000)
    assert "baseline" not in one
    assert (one["rules"], one["run"]) == ([1, 3], 9)
    assert (one["ewma"], one["cusum"]) == ([10, 27], [5, 40])
    assert [c["name"] for c in one["channel"]] == ["process_mean", "process_deviation", "cp", "cpk"]


def test_with_one_limit_there_is_no_cp():
    names = [c["name"] for c in compiled(upper="253 V")["channel"]]
    assert names == ["process_mean", "process_deviation", "cpk"]


def test_the_sets_of_rules():
    assert compiled(rules="nelson")["rules"] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert compiled(rules="nelson")["run"] == 9
    assert compiled(rules=[])["rules"] == []


def test_what_cannot_work_is_refused_where_it_is_written():
    for settings, place, sentence in (
        ({"value": "meter.voltage_l2"}, "value", 'did you mean "voltage_l1"'),
        ({"value": "meter.pulse_count"}, "value", "is a counter; this must be a gauge"),
        ({"every": "500ms"}, "every", "is shorter than 1s, at which the value is read"),
        ({"parts": "meter.pulse_count", "every": "2s"}, "every", "cannot be beside parts"),
        ({"parts": "meter.voltage_l1"}, "parts", "is neither a count nor a digital input"),
        ({"lower": "253 V", "upper": "253 V"}, "upper", "must be above the lower limit of 253"),
        ({"lower": "3 A"}, "lower", '"3 A" is not in V'),
        ({"center": "230 V"}, "sigma", "is missing: center and sigma need each other"),
        ({"sigma": "1 V"}, "center", "is missing: center and sigma need each other"),
        ({"center": "230 V", "sigma": "0 V"}, "sigma", "must be above 0"),
        ({"center": "230 V", "sigma": "1 V", "baseline": 30}, "baseline", "cannot be beside"),
        ({"center": "9 V", "sigma": "1 V", "lower": "9 V"}, "center", "does not lie between"),
        ({"baseline": 5}, "baseline", "must be 20 to 1000, not 5"),
        ({"batch": 1}, "batch", "must be 5 to 1000, not 1"),
        ({"rules": [0]}, "rules", "has rule 0; Nelson's are 1 to 8"),
        ({"rules": "both"}, "rules", 'must be "nelson", "western-electric" or a list'),
        ({"ewma": {"limit": 1.5}}, ("ewma", "limit"), "must be a whole number"),
        ({"cusum": {"limit": 40}}, ("cusum", "limit"), "must be 1.0 to 20.0 times sigma"),
        ({"channels": {"cp": {}}}, ("channels", "cp"), ""),
        ({"id": "meter"}, "id", '"meter" is the id of a device already'),
        ({"value": 3}, "value", "must be a text"),
    ):
        where = place if isinstance(place, tuple) else (place,)
        found = [told for path, told in problems(**settings) if path == where]
        assert [told for told in found if sentence in told], (settings, problems(**settings))
