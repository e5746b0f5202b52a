"""What functions make of gaps, steps of the clock, counters that go back, bad samples and the ends
of the range of a value, where the tests of the functions themselves do not say so."""

from fake_gateway import BOOT_S, Clock, FakeGateway, channel

from limen.core.alarm import CLEARED, RAISED, LimitAlarm
from limen.core.condition import make_condition
from limen.core.pieces import Pieces
from limen.core.quality import BAD, GOOD, UNCERTAIN
from limen.core.sliding import Sliding
from limen.core.small_shift import Cusum, Ewma
from limen.core.spread import FINE, Spread
from limen.functions import energy, machine
from limen.service.poll import Device

LARGE = 1 << 40
ALWAYS = [[0] * 8, [[0, 0]], []]


# Alarms


def test_a_delay_goes_on_over_a_gap_between_two_values_beyond_the_limit():
    alarm = LimitAlarm("high", 10, 2, 5000)
    assert [alarm.feed(11, GOOD, s, 0) for s in (0, 4)] == [0, 0]
    assert alarm.feed(11, GOOD, 400, 0) == RAISED


def test_limits_at_the_ends_of_the_range():
    alarm = LimitAlarm("low", -LARGE, 2, 0)
    fed = [alarm.feed(value - LARGE, GOOD, s, 0) for s, value in enumerate((0, -1, 1, 2))]
    assert fed == [0, RAISED, 0, CLEARED]


class Reading:
    fresh = True

    def __init__(self, value, quality=GOOD):
        self.value, self.quality = value, quality


def test_a_rate_over_a_gap_is_that_of_the_whole_gap_and_none_behind_a_bad_value():
    rate = make_condition({"kind": "rate", "limit": 10, "span_ms": 1000}, None)
    found = [rate.excess(Reading(value), s, 0) for value, s in ((0, 0), (50, 1), (150, 101))]
    assert found == [None, 40000, 100 * 1000 - 10 * 100000]
    assert rate.excess(Reading(None, BAD), 102, 0) is None
    assert rate.excess(Reading(LARGE), 103, 0) is None
    assert rate.excess(Reading(-LARGE), 104, 0) == 2 * LARGE * 1000 - 10000


def test_a_setpoint_that_is_bad_says_nothing():
    setpoint = Reading(50, BAD)
    deviation = make_condition({"kind": "deviation", "limit": 5}, setpoint)
    assert deviation.excess(Reading(90), 0, 0) is None
    setpoint.quality = UNCERTAIN
    assert deviation.excess(Reading(90), 1, 0) == 35


# Energy


def demands(readings, length_s=60, steps=2):
    """[(s, demand)] as it moves on."""
    sliding, told = Sliding(length_s, steps), []
    for s, count in readings:
        if sliding.feed(s, 500, count):
            told.append((s, sliding.power))
    return told


def test_a_sliding_demand_begins_anew_behind_a_gap_and_a_step_of_the_clock():
    steady = [(s, 10 * s) for s in range(0, 130, 10)]
    assert demands(steady) == [(30, None), (60, None), (90, 36000), (120, 36000)]
    gap = steady + [(s, 10 * s) for s in range(200, 310, 10)]
    assert demands(gap)[4:] == [(200, None), (210, None), (240, None), (270, 36000), (300, 36000)]
    back = steady + [(s, 10 * (s + 60)) for s in range(70, 180, 10)]
    assert demands(back)[4:] == [(70, None), (90, None), (120, None), (150, 36000)]


METER = {"counters": [[1, 1]], "names": ["energy_import"], "power": [1, 0], "zone": [0]}
HALL = dict(METER, interval_s=900, gap_s=10, places=0, reactive=None)


def test_a_bad_power_predicts_and_sheds_nothing():
    power, count = channel("power_active_total", 0), channel("energy_import", 3)
    meter = Device("meter", (power, count), None)
    gateway = FakeGateway([meter, Device("heater", (), None)])
    shed = {"limit": 50000, "restore": 45000, "outputs": [2], "times": [[30, 60, 1]]}
    own = [("power_active_demand_predicted", 0)]
    function = gateway.add("hall", energy.Function, dict(HALL, shed=shed), own)
    power.value, power.quality = 90000, BAD
    count.quality = GOOD
    for s in range(100):
        gateway.clock.s = meter.s = s
        count.value = LARGE + s
        function.feed(meter)
    assert gateway.told() == []


# Machines


class Press:
    """A machine whose power shows its state; `steps` of its clock come in between."""

    def __init__(self, own, **settings):
        self.power, self.count = channel("power_active_total", 0), channel("energy_import", 3)
        self.meter = Device("meter", (self.power, self.count), None)
        self.gateway = FakeGateway([self.meter], clock=Clock(BOOT_S))
        base = {"power": [1, 0], "energy": [1, 1], "inputs": [], "zone": [0], "ideal_ms": None}
        base.update({"bands": [[100], [0, 3], 10], "dwell_ms": [0] * 6})
        base.update(settings)
        self.function = self.gateway.add("press", machine.Function, base, own)
        self.power.quality = self.count.quality = GOOD

    def read(self, s, power, count, step_s=0):
        self.gateway.clock.boot_s += step_s
        self.gateway.clock.s = self.meter.s = s
        self.power.value, self.count.value = power, count
        self.function.feed(self.meter)

    def periods(self):
        return [body for _, _, body in self.gateway.told() if "period" in body]


def test_steps_of_the_clock_change_no_time_in_state():
    plan = [[0] * 8, [[0, 0, 840, 1]], []]  # the second shift begins at 14:00
    press = Press([("machine_state", 0)], shifts=plan, shift_names=["early", "late"])
    # It is 12:59:00; the clock is put forward to 13:58, then back, then it is 14:00.
    for s in range(10):
        press.read(s, 500, 10 * s)
    for s in range(10, 20):
        press.read(s, 500, 10 * s, 3540 if s == 10 else 0)
    for s in range(20, 30):
        press.read(s, 500, 10 * s, -3600 if s == 20 else 0)
    press.read(30, 500, 300, 3800)
    (period,) = press.periods()  # the second in which it ends is the next one's
    assert '{"period":{"name":"early","s":[0,0,0,29,0,0],"kWh":[0.000' in period
    assert '"starts":1' in period


def test_a_counter_of_energy_that_goes_back_has_counted_nothing():
    press = Press([("machine_state", 0)])
    for s, count in enumerate((LARGE, LARGE + 7, 3, 8)):
        press.read(s, 500, count)
    assert sum(press.function._day.used) == 12


def test_pieces_of_a_counter_that_goes_back_is_bad_or_very_large():
    strokes = channel("pulse_count", 0)
    pieces = Pieces([None, Device("pins", (strokes,), None)], [1, 0, 2, 0])

    def new(value, quality=GOOD):
        strokes.value, strokes.quality = value, quality
        return pieces.new()

    assert [new(10), new(13), new(4), new(6)] == [0, 6, 0, 4]
    assert [new(None, BAD), new(9), new(LARGE)] == [0, 6, 2 * (LARGE - 9)]


# Process control


def test_spread_and_small_shifts_of_values_at_the_ends_of_the_range():
    spread = Spread()
    for value in (LARGE, LARGE + 2, LARGE - 2):
        spread.feed(value)
    assert (spread.mean(), spread.deviation()) == (LARGE * FINE, 200)
    for shift in (Ewma(100, 5, 30), Cusum(100, 5, 50)):
        shift.feed(-LARGE)
        assert shift.is_out
