"""Energy, machines and tariffs, as a site file has them: what cannot work is refused there."""

from fake_meter import BOARDS, METER

from limen.core.config import check
from limen.core.function_config import claim_id, find_channel, read_site
from limen.core.schema import Spot, nothing_of

DAY = {"name": "day", "price": "0.32 EUR/kWh", "days": "mon-fri", "from": "06:00", "to": "22:00"}
REST = {"name": "night", "price": "0.24 EUR/kWh"}
RUNNING = {"kind": "running"}


def problems(site=None, every="1s", **functions):
    """{path behind the gateway or the site: sentence}."""
    meter = dict(METER)
    meter["channel"] = METER["channel"] + [
        ["energy_import", 3, [72, "f32", "ABCD", 1, 1]],
        ["operating_state", 0, [60, "u16", None, 1, 1]],
        ["pulse_count", 0, [62, "u32", "ABCD", 1, 1]],
    ]
    names = ("voltage_l1", "power_active_total", "energy_import", "operating_state", "pulse_count")
    device = {"id": "meter", "profile": "m", "bus": "rs485", "address": 1, "every": every}
    device["channels"] = {name: {} for name in names}
    gateway = {"board": "one-port", "bus": [{"id": "rs485", "kind": "modbus-rtu"}]}
    gateway["device"] = [device]
    gateway.update({key: [functions[key]] for key in functions})
    whole = {"site": dict({"id": "hall-2"}, **(site or {})), "mqtt": {"host": "broker.local"}}
    whole["gateway"] = {"g1": gateway}
    _, found = check(whole, "g1", {"m": meter}, BOARDS)
    begin = {"gateway": 4, "site": 1}
    return [(".".join([str(key) for key in p[begin[p[0]] :]]), text) for p, text in found]


def energy(**changes):
    return problems(energy=dict({"id": "hall", "meter": "meter"}, **changes))


def machine(*states, **changes):
    one = {"id": "press", "power": "meter.power_active_total", "state": list(states)}
    one.update(changes)
    return problems(machine={key: one[key] for key in one if one[key] is not None})


def tariff(*rates, **functions):
    return problems({"tariff": {"currency": "EUR", "rate": list(rates)}}, **functions)


def places(found):
    return [path for path, _ in found]


def assert_said(found, place, sentence):
    assert [text for path, text in found if path == place and sentence in text], found


def test_what_can_work():
    assert energy() == energy(interval="5min", sliding="1min") == []
    assert tariff(DAY, REST, energy={"id": "hall", "meter": "meter"}) == []
    idle = {"kind": "idle", "below": "8 kW"}
    assert machine(idle, RUNNING, hysteresis="200 W", parts="meter.pulse_count") == []


def test_energy():
    assert_said(energy(interval="7min"), "interval", "does not divide the hour")
    assert_said(energy(sliding="4min"), "sliding", "does not divide the interval of 15min")
    assert_said(energy(sliding="10s"), "sliding", "makes more than 60 steps of an interval")
    assert_said(energy(meter="metre"), "meter", 'no device "metre" on this gateway; did you mean')
    assert_said(energy(counters=["voltage_l1"]), "counters", "voltage_l1 is in V; known here: ")
    assert_said(energy(counters=["energy_export"]), "counters", 'no channel "energy_export"; did')
    assert_said(energy(power="voltage_l1"), "power", "voltage_l1 is in V, not in W")
    hall = {"id": "hall", "meter": "meter", "interval": "15min", "sliding": "1min", "gap": "5s"}
    slow = problems(every="20min", energy=hall)
    for name in ("interval", "sliding", "gap"):
        assert_said(slow, name, "is shorter than the reading of the meter, every 20min")
    assert_said(energy(id="meter"), "id", "is the id of a device already")


def test_peak_shedding():
    shed = {"limit": "40 kW", "restore": "40 kW", "output": []}
    assert_said(energy(shed=shed), "shed.restore", "must be below the limit, or outputs would")
    shed = {"limit": "40 A", "restore": "0 W", "output": [{"device": "meter"}]}
    found = energy(shed=shed)
    assert_said(found, "shed.limit", '"40 A" is not in W')
    assert_said(found, "shed.restore", "must be more than 0 W")
    assert_said(found, "shed.output.0.device", "is no digital-output")


def test_machines():
    idle, setup = {"kind": "idle", "below": "8 kW"}, {"kind": "setup", "below": "8 kW"}
    assert_said(machine(idle, setup, RUNNING), "state.1.below", "is not above the limit before, 80")
    assert_said(machine(idle), "state", "needs one without below and input, for all that is left")
    assert_said(machine(RUNNING, idle), "state.1", "comes behind one without below or input")
    wide = machine(idle, RUNNING, hysteresis="8 kW")
    assert_said(wide, "hysteresis", "must be smaller than 8000 W, the narrowest band")
    lamp = {"kind": "fault", "input": "meter.pulse_count"}
    assert_said(machine(lamp, RUNNING), "state.0.input", "is no digital signal")
    assert_said(machine(RUNNING, rejects="meter.pulse_count"), "rejects", "needs parts beside it")
    assert_said(machine(RUNNING, energy="meter.voltage_l1"), "energy", "must be a counter in kWh")
    wrong = machine(RUNNING, power="meter.voltage_l1")
    assert_said(wrong, "power", "in V; this must be a gauge in W")


def test_a_channel_that_a_machine_has_not_says_what_it_needs():
    found = machine(RUNNING, parts="meter.pulse_count", channels={"oee": {}})
    assert_said(found, "channels.oee", "a machine without rejects and ideal_cycle has no such ch")


def test_shifts_and_tariffs():
    early = {"name": "early", "from": "06:00", "to": "14:30"}
    late = {"name": "late", "from": "14:00", "to": "22:00"}
    found = machine(RUNNING, shift=[early, late])
    assert_said(found, "shift.1", 'overlaps "early" on mon at 14:00')
    overlaps = tariff(DAY, DAY, REST)
    assert_said(overlaps, "tariff.rate.1", 'overlaps "day" on mon at 06:00')
    assert len(overlaps) == 1
    for day in ("2026-02-30", "13-01", "04-31", "1999-12-31"):
        assert_said(problems({"holidays": ["02-29", day]}), "holidays", '"%s" is no day of' % day)
    assert problems({"holidays": ["02-29", "12-31", "2028-02-29"]}) == []
    assert_said(tariff(DAY), "tariff.rate.0", "nothing holds on mon at 00:00")
    hall = {"id": "hall", "meter": "meter", "interval": "1h"}
    half = dict(DAY)
    half["from"] = "06:30"
    assert_said(tariff(half, REST, energy=hall), "interval", 'change of "day" at 06:30; make it')


def test_beside_what_is_wrong_in_a_device_functions_are_read_all_the_same():
    hall = {"id": "hall", "meter": "meter", "interval": "15min"}
    assert [path for path, _ in problems(every=True, energy=hall)] == ["every"]
    chart = {"id": "chart", "value": "meter.voltage_l1"}
    assert [path for path, _ in problems(every=True, spc=chart)] == ["every"]
    found = machine({"kind": "idel", "below": "8 kW"}, hysteresis="200 W")
    assert_said(found, "state.0.kind", "must be one of")


def test_a_device_or_channel_that_is_wrong_is_nobody_s():
    meter = {"id": "meter", "channel": [None, {"name": "voltage_l1"}]}
    devices = [nothing_of({"id": "oven", "profile": 5}), meter]
    said = []
    spot = Spot(said)
    claim_id(spot, None, devices)
    assert find_channel(spot, "meter.voltage_l1", devices) == ([2, 1], {"name": "voltage_l1"})
    assert not said
    spot.at("device", 0, "profile").report("is wrong")
    spot.at("device", 1, "channels", "current_l1", "resolution").report("is wrong")
    assert find_channel(spot, "oven.temperature", devices) is None
    assert find_channel(spot, "meter.current_l1", devices) is None
    assert len(said) == 2
    find_channel(spot, "meter.voltage_l2", devices)
    find_channel(spot, "motor.voltage_l1", devices)
    assert [text.partition(";")[0] for _, text in said[2:]] == [
        'meter reads no channel "voltage_l2"',
        'there is no device "motor" on this gateway',
    ]
    assert find_channel(spot, "motor.voltage_l1", devices + [nothing_of({})]) is None
    assert len(said) == 4


def test_a_factor_has_decimals():
    assert problems({"co2": {"factor": "30.5 g/kWh"}}) == []
    assert problems({"co2": {"factor": "0.20705 kg/kWh"}}) == []
    assert_said(
        problems({"co2": {"factor": "207.074 g/kWh"}}), "co2.factor", 'nearest is "207.07 g/kWh"'
    )
    site = {"holidays": [], "tariff": None, "co2": {"factor": "30.5 g/kWh"}}
    assert read_site(Spot([]), site)["co2"][1] == [3050]
    half = {"factor": "30.5 g/kWh", "days": "mon-fri", "from": "06:30", "to": "22:00"}
    found = problems(
        {"co2": {"factor": "380 g/kWh", "period": [half]}},
        energy={"id": "hall", "meter": "meter", "interval": "1h"},
    )
    assert_said(found, "interval", 'change of "30.5 g/kWh" at 06:30')


def test_of_a_machine_one_mistake_is_told_once():
    idle, wrong = {"kind": "idle", "below": "8 kW"}, {"kind": "idle", "below": "8 A"}
    assert places(machine(idle, RUNNING, power="metre.power_active_total")) == ["power"]
    assert places(machine(idle, RUNNING, power=5)) == ["power"]
    assert places(machine(idle, idle, RUNNING, power=None)) == ["power"]
    assert places(machine(wrong, RUNNING, hysteresis="200 W")) == ["state.0.below"]
    assert places(machine({"kind": "idle", "below": 8}, RUNNING)) == ["state.0.below"]
    assert places(machine({"kind": "idle", "blow": "8 kW"}, RUNNING)) == ["state.0.blow"]
    assert places(machine(idle, {"kind": "runing"})) == ["state.1.kind"]
    assert places(machine(idle, {"kind": "fault", "input": 5}, RUNNING)) == ["state.1.input"]
    counted = {"rejects": "meter.pulse_count", "channels": {"part_count": {}}}
    assert places(machine(RUNNING, parts="meter.pulses", **counted)) == ["parts"]
    oee = {"parts": "meter.pulse_count", "channels": {"oee": {}}}
    assert places(machine(RUNNING, ideal_cycle="fast", **oee)) == ["ideal_cycle"]


def test_a_machine_without_bands_of_power_needs_none():
    assert places(machine({"kind": "idle", "below": "8 kW"}, RUNNING, power=None)) == ["power"]
    lamp = {"kind": "fault", "input": "meter.operating_state"}
    one = {"id": "press", "state": [lamp, RUNNING]}
    assert problems(machine=one) == []


def test_of_an_energy_function_one_mistake_is_told_once():
    bill = {"channels": {"tariff": {}, "cost": {}, "co2": {}}}
    hall = dict({"id": "hall", "meter": "meter"}, **bill)
    for wrong in ({"factor": "many"}, {"period": 5}, {"factor": 5, "period": [{"days": "sat"}]}):
        site = {"tariff": {"currency": "EUR", "rate": [REST]}, "co2": wrong}
        assert {path.split(".")[0] for path in places(problems(site, energy=hall))} == {"co2"}
    site = {"tariff": {"currency": "euro", "rate": [REST]}, "co2": {"factor": "380 g/kWh"}}
    assert places(problems(site, energy=hall)) == ["tariff.currency"]
    shed = {"limit": "40 kW", "restore": "30 kW", "output": [{"device": "heater"}]}
    assert places(energy(power="power", shed=shed)) == ["power", "shed.output.0.device"]


def test_a_price_that_is_missing_and_a_factor_that_is_wrong_are_told_once():
    said = 'is missing; write for example price = "0.3 EUR/kWh"'
    assert_said(tariff({"name": "night"}), "tariff.rate.0.price", said)
    assert places(problems({"co2": {"factor": "a few"}})) == ["co2.factor"]
    for nothing in ({}, {"period": []}):
        assert_said(problems({"co2": nothing}), "co2", "needs a factor")
