"""The energy function on a gateway without buses."""

from fake_gateway import BOOT_S, Clock, FakeGateway, Store, channel

from limen.core.quality import BAD, GOOD
from limen.functions.energy import Function
from limen.service.poll import Device

ALWAYS = [[0] * 8, [[0, 0]], []]
DAY_AND_NIGHT = [[0] * 7 + [1], [[0, 1, 855, 0], [0, 1]], []]


class Output:
    def __init__(self):
        self.levels = []

    def write(self, level):
        self.levels.append(level)


PLACES = {
    "power_active_demand": 0,
    "power_active_demand_max": 0,
    "power_active_demand_sliding": 0,
    "power_active_demand_predicted": 0,
    "tariff": 0,
    "cost": 8,
    "co2": 8,
}


class Bench:
    """A meter, its energy function with the channels `only`, and what comes out."""

    def __init__(self, store=None, clock=None, only=("cost",), **settings):
        self.power = channel("power_active_total", 1)
        self.energy = channel("energy_import", 3)
        self.reactive = channel("energy_reactive_import", 3)
        self.meter = Device("meter", (self.power, self.energy, self.reactive), None)
        self.output = Device("heater", (), Output())
        self.gateway = FakeGateway([self.meter, self.output], store, clock)
        self.store, self.told = self.gateway.store, self.gateway.told
        base = {"counters": [[1, 1]], "names": ["energy_import"], "power": [1, 0], "zone": [3600]}
        base.update({"interval_s": 900, "gap_s": 10, "places": 0, "reactive": None})
        base.update(settings)
        own = [(name, PLACES.get(name, 3)) for name in only]
        self.feed = self.gateway.add("hall-energy", Function, base, own).feed

    def read(self, s, energy, power=0, quality=GOOD):
        self.meter.s = self.gateway.clock.s = s
        self.energy.value, self.power.value = energy, power
        self.energy.quality = self.power.quality = self.reactive.quality = quality
        self.feed(self.meter)


INTERVAL = ("energy_import_interval", "energy_import")


def test_an_interval_is_told_at_its_end():
    bench = Bench(only=INTERVAL)
    for s in range(0, 1900):
        bench.read(s, 7_000_000 + s)
    assert bench.told() == [
        (0.0, 1, '{"energy_import_interval":0.059,"energy_import":7000.059}'),
        (900.0, 0, '{"energy_import_interval":0.900,"energy_import":7000.959}'),
        (1800.0, 0, '{"energy_import_interval":0.900,"energy_import":7001.859}'),
    ]


def test_demand_peak_cost_and_co2_are_those_of_the_interval():
    only = ("power_active_demand", "power_active_demand_max", "tariff", "cost", "co2")
    tariff, co2 = [DAY_AND_NIGHT, [32140, 24000]], [ALWAYS, [38000]]
    bench = Bench(only=only, tariff=tariff, co2=co2)
    for s in range(0, 2800):
        bench.read(s, 0 if s < 500 else 20000 if s < 1500 else 30000)
    one, two, three = bench.told()[1:]
    assert one == (
        900.0,
        0,
        '{"power_active_demand":80000,"power_active_demand_max":80000,"tariff":1,'
        '"cost":4.80000000,"co2":7.60000000}',
    )
    # 14:15 of a Friday in Berlin's winter: the tariff changes at 14:15.
    assert two[2] == (
        '{"power_active_demand":40000,"power_active_demand_max":80000,"tariff":0,'
        '"cost":3.21400000,"co2":3.80000000}'
    )
    assert three[0] == 2700.0


def test_after_a_power_cut_at_any_moment_an_interval_is_told_with_the_same_values():
    bench = Bench(only=INTERVAL)
    for s in range(0, 962):
        bench.read(s, s)
    told = bench.told()
    store = Store()
    store.values = bench.store.saved
    later = Bench(store, Clock(BOOT_S + 5000), only=INTERVAL)
    later.read(3, 9000)
    assert later.told() == [
        (900.0, 0, '{"energy_import_interval":0.900,"energy_import":0.959}'),
        (1800.0, 1, '{"energy_import_interval":0.001,"energy_import":0.960}'),
    ]
    assert told[1] == (900.0, 0, '{"energy_import_interval":0.900,"energy_import":0.959}')
    later.read(700, 9100)
    # What was counted without power is in the first interval that is read again.
    assert later.told() == [
        (5400.0, 1, '{"energy_import_interval":8.040,"energy_import":9.000}'),
    ]


def test_while_the_clock_is_not_set_intervals_are_held():
    clock = Clock(is_set=False)
    bench = Bench(clock=clock, only=INTERVAL)
    for s in range(0, 1000):
        bench.read(s, s)
    assert bench.told() == []
    clock.is_set = True
    bench.read(1000, 1000)
    told = bench.told()
    assert [(t, quality) for t, quality, _ in told] == [(0.0, 1), (900.0, 1)]
    assert told[1][2].endswith('"energy_import":0.920}')


def test_a_bad_meter_leaves_its_interval_open():
    bench = Bench(only=INTERVAL)
    for s in range(0, 70):
        bench.read(s, s)
    bench.read(70, None, None, BAD)
    bench.told()
    for s in range(2000, 2003):
        bench.read(s, s)
    assert bench.told() == [
        (900.0, 1, '{"energy_import_interval":0.010,"energy_import":0.069}'),
    ]


def test_without_a_counter_power_is_integrated_and_the_name_says_so():
    name = "energy_import_integrated"
    settings = {"counters": [], "names": [name], "interval_s": 300}
    bench = Bench(only=(name + "_interval", name), **settings)
    for s in range(0, 962):
        bench.read(s, 0, 36000 if s < 660 else -500)
    told = [(t, body) for t, _, body in bench.told()]
    assert told == [
        (0.0, '{"energy_import_integrated_interval":0.059,"energy_import_integrated":0.059}'),
        (300.0, '{"energy_import_integrated_interval":0.300,"energy_import_integrated":0.359}'),
        (600.0, '{"energy_import_integrated_interval":0.300,"energy_import_integrated":0.659}'),
        (900.0, '{"energy_import_integrated_interval":0.001,"energy_import_integrated":0.660}'),
    ]


def test_the_power_factor_is_that_of_the_energies():
    only = ("power_factor_total",)
    both = {"counters": [[1, 1], [1, 2]], "names": ["energy_import", "energy_reactive_import"]}
    bench = Bench(only=only, reactive=[1, None, [1, 1]], **both)
    bench.reactive.value = 0
    for s in range(0, 962):
        bench.reactive.value = 4 * s
        bench.read(s, 3 * s)
    assert bench.told()[-1] == (900.0, 0, '{"power_factor_total":0.600}')


def test_the_running_interval_is_predicted_from_the_power_now():
    bench = Bench(only=("power_active_demand_predicted",))
    for s in range(0, 512):
        bench.read(s, 10 * s, 80000)
    told = bench.told()
    assert told[0] == (-49.75, 0, '{"power_active_demand_predicted":844}')
    # 4.51 kWh in 450 s, then 8 kW for 450 s.
    assert told[-1] == (450.25, 0, '{"power_active_demand_predicted":22040}')


def test_the_sliding_demand_moves_on_each_minute():
    bench = Bench(only=("power_active_demand_sliding",), sliding=15)
    for s in range(0, 1082):
        bench.read(s, 10 * s if s < 1000 else 10000)
    assert bench.told() == [
        (900.25, 0, '{"power_active_demand_sliding":36000}'),
        (960.25, 0, '{"power_active_demand_sliding":35240}'),
        (1020.25, 0, '{"power_active_demand_sliding":32840}'),
    ]


def test_outputs_are_dropped_while_the_prediction_is_beyond_the_limit():
    shed = {"limit": 50000, "restore": 45000, "outputs": [2], "times": [[30, 60, 1]]}
    bench = Bench(only=("cost",), shed=shed)
    for s in range(0, 600):
        bench.read(s, 0, 520000 if s < 100 else 100000)
    assert bench.output.reader.levels == [0, 1]
    assert bench.told() == [
        (0.25, 0, '{"shed":"heater","state":"dropped","predicted":52000,"limit":50000}'),
        (60.25, 0, '{"shed":"heater","state":"restored","predicted":9333,"limit":50000}'),
    ]
