"""The machine function on a gateway without buses."""

from fake_gateway import BOOT_S, Clock, FakeGateway, Store, channel, refused

from limen.commands import order
from limen.core.quality import BAD, GOOD
from limen.functions.machine import Function
from limen.service.poll import Device

OFF, IDLE, RUNNING, FAULT = 0, 1, 3, 4
ALWAYS = [[0] * 8, [[0, 0]], []]
# The early shift of Berlin ends at 14:10, which is 13:10 UTC; a break begins at 14:05.
SHIFTS = [[0] * 8, [[0, -1, 360, 0, 850, 1]], []]
BREAKS = [[0] * 8, [[0, -1, 845, 0, 850, -1]], []]
OWN = (
    ("machine_state", 0),
    ("part_count", 0),
    ("reject_count", 0),
    ("cycle_time", 3),
    ("availability", 1),
    ("performance", 1),
    ("quality_ratio", 1),
    ("oee", 1),
    ("utilisation", 1),
)


class Bench:
    """A press with its meter, a counter of parts, a counter of rejects and a lamp."""

    def __init__(self, store=None, clock=None, own=(), **settings):
        self.power = channel("power_active_total", 1)
        self.energy = channel("energy_import", 3)
        self.parts = channel("pulse_count", 0)
        self.rejects = channel("pulse_count", 0)
        self.lamp = channel("digital_input", 0)
        self.meter = Device("meter", (self.power, self.energy), None)
        self.pins = Device("pins", (self.parts, self.rejects), None)
        light = Device("lamp", (self.lamp,), None)
        self.gateway = FakeGateway([self.meter, self.pins, light], store, clock)
        self.store, self.told = self.gateway.store, self.gateway.told
        base = {"power": [1, 0], "energy": [1, 1], "parts": [2, 0, 1, 0], "rejects": [2, 1, 1, 0]}
        base.update({"inputs": [[3, 0, 1, FAULT]], "zone": [3600], "ideal_ms": 2000})
        base["bands"] = [[5000, 70000], [OFF, IDLE, RUNNING], 2000]
        base["dwell_ms"] = [0, 5000, 0, 0, 0, 0]
        base.update(settings)
        shown = [one for one in OWN if one[0] in own]
        self.machine = self.gateway.add("press", Function, base, shown or OWN[:1])
        self.lamp.quality = self.parts.quality = self.rejects.quality = GOOD

    def read(self, s, power, energy=0, quality=GOOD):
        self.meter.s = self.gateway.clock.s = s
        self.power.value, self.energy.value = power, energy
        self.power.quality = self.energy.quality = quality
        self.machine.feed(self.meter)

    def order(self, s, do, name="A-4711"):
        self.gateway.clock.s = s
        return order.run(self.gateway, {"machine": "press", "do": do, "order": name})


def states(bench):
    """(s since the hour, state) of all that was told."""
    return [(t, body[17:-1]) for t, _, body in bench.told() if "machine_state" in body]


def test_a_state_is_told_with_the_time_at_which_it_began():
    bench = Bench()
    for s in range(0, 100):
        bench.read(s, 1000 if s < 10 else 20000 if s < 20 or s in (50, 53) else 400000)
    assert states(bench) == [(-59.75, "0"), (-49.75, "1"), (-39.75, "3")]


def test_without_a_reading_the_state_is_unknown():
    bench = Bench()
    bench.read(0, 1000)
    bench.read(1, None, None, BAD)
    bench.read(100, 1000)
    assert states(bench) == [(-59.75, "0"), (-58.75, "null"), (40.25, "0")]


def test_an_input_comes_before_the_power():
    bench = Bench()
    bench.read(0, 1000)
    bench.lamp.value = 1
    bench.read(1, 400000)
    bench.lamp.value = 0
    bench.read(2, 400000)
    assert states(bench) == [(-59.75, "0"), (-58.75, "4"), (-57.75, "3")]


def test_parts_are_counted_with_their_cycle_time():
    bench = Bench(own=("part_count", "reject_count", "cycle_time", "machine_state"))
    bench.parts.value = bench.rejects.value = 7000
    bench.read(0, 1000)
    bench.parts.value += 1
    bench.read(5, 1000)
    bench.parts.value += 3
    bench.rejects.value += 1
    bench.read(14, 1000)
    assert [body for _, _, body in bench.told()] == [
        '{"machine_state":0}',
        '{"part_count":1,"reject_count":0}',
        '{"part_count":4,"reject_count":1,"cycle_time":3.000}',
    ]


def test_edges_of_an_input_are_parts_too():
    bench = Bench(own=("part_count",), parts=[3, 0, 4, 1], inputs=[])
    for s in range(0, 40):
        bench.lamp.value = s // 3 % 2
        bench.read(s, 1000)
    assert bench.told()[-1] == (-26.75 + 6, 0, '{"part_count":28}')


def working(bench, begin_s, end_s):
    """A part every 2 s, each tenth a reject, 10 Wh a second."""
    for s in range(begin_s, end_s):
        bench.parts.value = 7000 + s // 2
        bench.rejects.value = 70 + s // 20
        bench.read(s, 400000, 10 * s)


def test_a_shift_and_its_oee():
    bench = Bench(shifts=SHIFTS, shift_names=["early", "late"], breaks=BREAKS)
    bench.parts.value, bench.rejects.value = 7000, 70
    working(bench, 0, 400)
    for s in range(400, 700):
        bench.read(s, 20000, 4000 + s)
    shift = [told for told in bench.told() if "period" in told[2]]
    assert shift == [
        (
            600.25,
            0,
            '{"period":{"name":"early","s":[0,259,0,400,0,0],"kWh":[0.000,0.259,0.000,4.400,'
            '0.000,0.000],"starts":1,"parts":199,"rejects":19,"oee":[100.0,99.5,90.5,90.0]}}',
        )
    ]


def test_a_day_ends_at_local_midnight():
    bench = Bench(clock=Clock(BOOT_S + 10 * 3600))  # 23:59 in Berlin
    bench.parts.value = bench.rejects.value = 0
    working(bench, 0, 62)
    (day,) = [told for told in bench.told() if "period" in told[2]]
    assert day[0] == 36000.25
    assert day[2].startswith('{"period":{"name":"2026-02-27","s":[0,0,0,59,0,0]')


def test_ratios_of_the_running_day_come_each_minute():
    own = ("availability", "performance", "quality_ratio", "oee", "utilisation")
    bench = Bench(own=own)
    bench.parts.value, bench.rejects.value = 7000, 70
    working(bench, 0, 62)
    assert bench.told()[-1] == (
        0.25,
        0,
        '{"availability":100.0,"performance":100.0,"quality_ratio":90.0,"oee":90.0,"utilisation":100.0}',
    )


BILL = {"tariff": [ALWAYS, [32000]], "co2": [ALWAYS, [38000]]}


def ended_order():
    """An order over 100 s, of which 20 s paused."""
    bench = Bench(own=("machine_state",), **BILL)
    bench.parts.value, bench.rejects.value = 7000, 70
    working(bench, 0, 20)
    assert bench.order(20, "start") == {"state": "started"}
    working(bench, 21, 60)
    assert bench.order(60, "pause") == {"state": "paused"}
    working(bench, 61, 80)
    assert bench.order(80, "start") == {"state": "resumed"}
    working(bench, 81, 121)
    return bench


def test_an_order_from_its_start_to_its_end():
    bench = ended_order()
    assert bench.order(121, "end")["sum"]["parts"] == 41
    told = [(t, body) for t, _, body in bench.told() if "order" in body]
    assert told[:3] == [
        (-39.75, '{"order":{"id":"A-4711","state":"started"}}'),
        (0.25, '{"order":{"id":"A-4711","state":"paused"}}'),
        (20.25, '{"order":{"id":"A-4711","state":"resumed"}}'),
    ]
    # 10 Wh a second for 81 seconds, 38 g of CO2 and 3.2 ct for 100 Wh.
    assert told[3] == (
        61.25,
        '{"order":{"id":"A-4711","state":"ended","parts":41,"rejects":5,"s":[0,0,0,81,0,0],'
        '"oee":[100.0,101.2,87.8,88.9],'
        '"kWh":0.810,"co2":0.30780,"cost":0.25920,'
        '"part":{"kWh":0.02250,"co2":0.00855,"cost":0.00720}}}',
    )


def test_an_order_survives_a_power_cut():
    bench = ended_order()
    bench.gateway.clock.s = 140
    bench.order(121, "pause")
    store = Store()
    store.values = bench.store.saved
    later = Bench(store, Clock(BOOT_S + 1000), **BILL)
    later.parts.value, later.rejects.value = 9000, 100
    sentence = 'order "A-4711" is on this machine; end it first'
    assert refused(later.order, 3, "start", "B") == sentence
    assert later.order(3, "start") == {"state": "resumed"}
    working(later, 4, 9)
    assert later.order(9, "end")["sum"]["s"] == [0, 0, 0, 86, 0, 1]


def test_what_cannot_be_is_refused_with_a_sentence():
    bench = Bench()
    assert refused(bench.order, 0, "end") == 'order "A-4711" is not on this machine'
    bench.order(0, "start")
    assert refused(bench.order, 1, "start") == 'order "A-4711" runs already'
    assert refused(bench.order, 1, "pause", "B") == 'order "B" is not on this machine'
    bench.order(1, "pause")
    assert refused(bench.order, 1, "pause") == 'order "A-4711" is paused already'
    assert refused(bench.order, 1, "stop") == '"do" must be one of start, pause, end'
    assert refused(bench.order, 1, "start", 'a"b') == (
        '"order" must be plain letters, digits and signs, without quotes'
    )
    assert refused(order.run, bench.gateway, {"do": "end", "order": "A", "machine": "meter"}) == (
        'there is no machine "meter"'
    )


def test_the_longest_event_of_an_order_fits_into_a_record():
    bench = Bench(**BILL)
    bench.order(0, "start", "W" * 20)
    running = bench.machine.order
    running.tally.ms = [999_999_000] * 6
    running.tally.parts, running.tally.rejects = 999_999, 99_999
    running.book(3, 0, 999_999_999, True, 0)
    told = bench.order(1, "end", "W" * 20)["sum"]
    assert (told["kWh"], told["part"]) == ("1000000", None)
    assert 200 < len(bench.told()[-1][2]) <= 230
