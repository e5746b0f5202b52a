"""Statistical process control: rules, small shifts, capability, and the function on a gateway."""

import gc

from fake_gateway import FakeGateway, Store, channel

from limen.core.control_chart import WESTERN_ELECTRIC, ControlChart
from limen.core.quality import BAD, GOOD, UNCERTAIN
from limen.core.small_shift import Cusum, Ewma
from limen.core.spread import Spread, capability
from limen.functions.spc import Function
from limen.service.poll import Device


def told_by(distances, run=9, sigma=100):
    """Nelson's numbers of the rules that hold at the last value."""
    chart = ControlChart(sigma, run)
    for distance in distances:
        chart.feed(distance)
    return [rule for rule in range(1, 9) if chart.holds(rule)]


def test_one_value_beyond_three_sigma():
    assert told_by([301]) == told_by([-301]) == [1]
    assert told_by([300]) == []
    assert told_by([301, 0]) == []


def test_a_run_on_one_side():
    side = [10, 20, 10, 30, 30, 20, 40, 10, 10]
    assert told_by(side) == [2]
    assert told_by([-one for one in side]) == [2]
    assert told_by(side[1:]) == []
    assert told_by(side[1:], run=8) == [2]
    assert told_by(side[:4] + [0] + side[5:]) == []


def test_six_values_that_go_one_way():
    assert told_by([-50, -20, -10, 10, 20, 50]) == [3]
    assert told_by([50, 20, 10, -10, -20, -50]) == [3]
    assert told_by([-20, -10, 10, 20, 50]) == []
    assert told_by([-50, -20, -20, 10, 20, 50]) == []


def test_fourteen_values_up_and_down():
    swings = [20, -20] * 7
    assert told_by(swings) == [4]
    assert told_by(swings[1:]) == []
    assert told_by([20] + swings[1:6] + [-20] + swings[7:]) == []


def test_two_of_three_beyond_two_sigma():
    assert told_by([201, 0, 201]) == told_by([-201, -201]) == [5]
    assert told_by([201, 0, -201]) == told_by([201, 201, 0]) == told_by([201, 0, 0, 201]) == []


def test_four_of_five_beyond_one_sigma():
    assert told_by([101, 0, 101, 101, 101]) == told_by([-101] * 4) == [6]
    assert told_by([101, 101, 101, 101, 0]) == told_by([101, 0, 101, 0, 101, 101]) == []


def test_fifteen_values_within_one_sigma():
    calm = [50, -40, -30, 20, 10, 30, -60, -10, 100, 0, 0, 20, -100, 5, 6]
    assert told_by(calm) == [7]
    assert told_by(calm[1:]) == []
    assert told_by([101] + calm[1:]) == []


def test_eight_values_outside_of_one_sigma_on_both_sides():
    spread = [101, 101, -101, 150, -101, -150, 101, -101]
    assert told_by(spread) == [8]
    assert told_by(spread[1:]) == []
    assert 8 not in told_by([101] * 8)


def test_behind_a_gap_the_rules_begin_anew():
    chart = ControlChart(100)
    for _ in range(20):
        chart.feed(10)
    assert chart.holds(2) and chart.holds(7)
    chart.clear()
    chart.feed(10)
    assert not chart.holds(2) and not chart.holds(7)


def test_ewma_finds_a_shift_of_one_sigma():
    ewma = Ewma(1000, 5, 27)  # 2.7 sigma; its own sigma is a third of that of the values
    for _ in range(100):
        ewma.feed(0)
    out = []
    for _ in range(30):
        ewma.feed(1000)
        out.append(ewma.is_out)
    assert out.index(True) == 10  # 1 - 0.8 ** 11 = 0.914, above 0.9
    ewma.feed(-2000)
    assert not ewma.is_out


def test_cusum_is_that_of_its_definition():
    values = [30, 140, 150, 90, 150, 160, 130, 140, 150, 150, -400, -100]
    cusum = Cusum(100, 5, 50)
    out = []
    for value in values:
        cusum.feed(value)
        out.append(cusum.is_out)
    # The sum is 0, 90, 190, 230, 330, 440, 520, 610, 710, 810, 360, 210.
    assert out == [False] * 6 + [True] * 4 + [False] * 2
    low = Cusum(100, 5, 50)
    for value in values[:10]:
        low.feed(-value)
    assert low.is_out


def test_cusum_comes_back_after_any_shift():
    cusum = Cusum(100, 5, 50)
    for _ in range(10000):
        cusum.feed(10000)
    for _ in range(10):
        cusum.feed(0)
    assert not cusum.is_out


def test_spread_and_capability_of_some_values():
    spread = Spread()
    for value in (998, 1002, 1001, 999, 1005):
        spread.feed(value)
    assert spread.mean() == 100100
    assert spread.deviation() == 274  # the root of 7.5
    assert capability(100100, 274, 990, 1010) == (1217, 1095)
    assert capability(100100, 274, None, 1010) == (None, 1095)
    assert capability(100100, 274, 990, None) == (None, 1338)
    assert capability(100100, 0, 990, 1010) == (None, None)
    spread.clear()
    spread.feed(-7)
    assert (spread.mean(), spread.deviation()) == (-700, 0)


class Bench:
    """The diameter of a part, in tenths, and the counter of parts."""

    def __init__(self, store=None, **settings):
        self.value = channel("pressure", 1)
        self.count = channel("pulse_count", 0)
        self.gauge = Device("gauge", (self.value,), None)
        self.pins = Device("pins", (self.count,), None)
        self.gateway = FakeGateway([self.gauge, self.pins], store)
        base = {"of": [1, 0], "every_ms": 1000, "batch": 5, "limits": [990, 1010]}
        if "baseline" not in settings:
            base.update({"center": 100000, "sigma": 200})
        base.update({"rules": list(WESTERN_ELECTRIC), "run": 8})
        base.update(settings)
        own = [("process_mean", 3), ("process_deviation", 3), ("cp", 3), ("cpk", 3)]
        self.spc = self.gateway.add("force", Function, base, own)
        self.count.value, self.count.quality = 7000, GOOD

    def read(self, s, value, quality=GOOD):
        self.gateway.clock.s = self.gauge.s = s
        self.value.value, self.value.quality, self.value.fresh = value, quality, True
        self.spc.feed(self.gauge)
        self.value.fresh = False

    def part(self, s, count):
        self.gateway.clock.s = self.pins.s = s
        self.count.value = count
        self.spc.feed(self.pins)

    def bodies(self):
        return [body for _, _, body in self.gateway.told()]


def test_a_batch_is_told():
    bench = Bench(rules=[])
    for s, value in enumerate((998, 1002, 1001, 999, 1005)):
        bench.read(s, value)
    assert bench.gateway.told() == [
        (-55.75, 0, '{"process_mean":100.100,"process_deviation":0.274,"cp":1.217,"cpk":1.095}')
    ]


def test_a_batch_with_an_uncertain_value_is_uncertain_and_a_bad_value_is_none():
    bench = Bench(rules=[])
    bench.read(0, 998, UNCERTAIN)
    bench.read(1, None, BAD)
    for s in range(2, 6):
        bench.read(s, 1002)
    ((_, quality, body),) = bench.gateway.told()
    assert quality == UNCERTAIN and '"process_mean":100.120' in body


def test_a_rule_is_told_when_it_begins_and_when_it_ceases_to_hold():
    bench = Bench(batch=1000)
    for s, value in enumerate((1000, 1008, 1009, 1000)):
        bench.read(s, value)
    event = '{"spc":"%s","state":"%s","value":%s,"center":100.000,"sigma":0.200}'
    assert bench.bodies() == [
        event % ("beyond_3_sigma", "raised", "100.8"),
        event % ("two_of_three_beyond_2_sigma", "raised", "100.9"),
        event % ("beyond_3_sigma", "cleared", "100.0"),
        event % ("two_of_three_beyond_2_sigma", "cleared", "100.0"),
    ]


def test_a_value_is_taken_only_as_often_as_is_asked_for():
    bench = Bench(every_ms=10000, rules=[])
    for s in range(41):
        bench.read(s, 1000 + s)
    assert [body[:24] for body in bench.bodies()] == ['{"process_mean":102.000,']


def test_with_parts_a_value_is_taken_for_each():
    bench = Bench(parts=[2, 0, 1, 0], rules=[], batch=3)
    bench.part(0, 7000)
    for s in range(1, 4):
        bench.read(2 * s, 1000 + s)
        bench.read(2 * s, 1000 + 10 * s)
        bench.part(2 * s, 7000 + s)
        bench.part(2 * s + 1, 7000 + s)
    assert [body[:24] for body in bench.bodies()] == ['{"process_mean":102.000,']


LEARNING = {"baseline": 20, "rules": [1], "ewma": [5, 30], "cusum": [5, 50], "batch": 1000}


def test_center_and_sigma_are_learnt_and_survive_a_restart():
    store = Store()
    bench = Bench(store, **LEARNING)
    for s in range(20):
        bench.read(s, 1000 + (2 if s % 2 else -2))
    learnt = '"center":100.000,"sigma":0.205}'
    assert bench.bodies() == ['{"spc":"baseline","state":"learnt","value":100.2,' + learnt]
    again = Store()
    again.values = store.saved
    bench = Bench(again, **LEARNING)
    bench.read(0, 1007)
    assert bench.bodies() == ['{"spc":"beyond_3_sigma","state":"raised","value":100.7,' + learnt]


def test_another_baseline_is_learnt_anew():
    store = Store()
    for baseline in (20, 30):
        bench = Bench(store, **dict(LEARNING, baseline=baseline))
        for s in range(baseline):
            bench.read(s, 1000)
        assert len(bench.bodies()) == 1


def test_a_process_that_never_varies_is_known_to_a_count():
    bench = Bench(**LEARNING)
    for s in range(20):
        bench.read(s, 1000)
    assert bench.bodies()[0].endswith('"center":100.000,"sigma":0.029}')


def test_a_small_shift_is_told_by_ewma_and_cusum():
    bench = Bench(**LEARNING)
    for s in range(20):
        bench.read(s, 1000 + (2 if s % 2 else -2))
    for s in range(20, 60):
        bench.read(s, 1003)
    names = [body.split('"')[3] for body in bench.bodies()]
    assert names == ["baseline", "ewma", "cusum"]


def test_behind_a_bad_value_the_rules_of_the_chart_begin_anew():
    bench = Bench(rules=[2], batch=1000)
    for s in range(20):
        bench.read(s, 1001 if s != 7 else None, GOOD if s != 7 else BAD)
    (told,) = bench.gateway.told()
    assert told[0] == -60 + 0.25 + 15


def test_a_value_allocates_nothing():
    if not hasattr(gc, "mem_alloc"):
        return  # CPython counts no blocks
    bench = Bench(batch=1000, ewma=[5, 30], cusum=[5, 50], rules=[1, 2, 3, 4, 5, 6, 7, 8])
    for s in range(40):
        bench.read(s, 1000 + s % 3)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for s in range(40, 70):
        bench.read(s, 1000 + s % 3)
    used = gc.mem_alloc() - before
    gc.enable()
    assert used == 0
