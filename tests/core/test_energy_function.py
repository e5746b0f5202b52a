"""The energy function on a gateway made here, with the real path and outbox."""

from limen.core.channel import Channel
from limen.core.quality import BAD, GOOD
from limen.core.text import Text
from limen.delivery.outbox import Outbox
from limen.delivery.plain import Plain
from limen.functions.energy import Function
from limen.service.path import Path
from limen.service.poll import Device

HEAD = {"hash": "1c0ffee1", "site": "hall-2", "gateway": "press-07"}
BOOT_S = 825_512_400 - 60  # a minute before 2026-02-27 13:00 UTC
ALWAYS = [[0] * 8, [[0, 0]], []]
DAY_AND_NIGHT = [[0] * 7 + [1], [[0, 1, 855, 0], [0, 1]], []]


class Clock:
    def __init__(self, boot_s=BOOT_S, is_set=True):
        self.boot_s = boot_s
        self.is_set = is_set
        self.s = self.ms = 0

    def utc_s(self, s, ms):
        return self.boot_s + s + (250 + ms) // 1000

    def utc_ms(self, ms):
        return (250 + ms) % 1000


class Store:
    def __init__(self):
        self.values = {}
        self.saved = {}

    def get(self, name, default=None):
        return self.values.get(name, default)

    def set(self, name, value):
        self.values[name] = value

    def save(self):
        self.saved = dict(self.values)


class Output:
    def __init__(self):
        self.levels = []

    def write(self, level):
        self.levels.append(level)


def channel(index, name, places):
    return Channel(index, {"name": name, "places": places, "every_ms": 1000})


PLACES = {
    "power_active_demand": 0,
    "power_active_demand_max": 0,
    "power_active_demand_sliding": 0,
    "power_active_demand_predicted": 0,
    "tariff": 0,
    "cost": 8,
    "co2": 6,
}


class Bench:
    """A meter, its energy function with the channels `only`, and what comes out."""

    def __init__(self, store=None, clock=None, only=("cost",), **settings):
        self.store = store or Store()
        self.clock = clock or Clock()
        self.power = channel(0, "power_active_total", 1)
        self.energy = channel(1, "energy_import", 3)
        self.reactive = channel(2, "energy_reactive_import", 3)
        meter = Device("meter", (self.power, self.energy, self.reactive), None)
        self.output = Device("heater", (), Output())
        channels = tuple(channel(i, name, PLACES.get(name, 3)) for i, name in enumerate(only))
        self.function = Device("hall-energy", channels, None)
        self.devices = [Device("gateway", (), None), meter, self.output, self.function]
        self.outbox = Outbox(8192, 1024, 2, 24)
        self.path = Path(self.clock, self.outbox)
        base = {"counters": [[1, 1]], "names": ["energy_import"], "power": [1, 0], "zone": [3600]}
        base.update({"interval_s": 900, "gap_s": 10, "places": 0, "reactive": None})
        base.update(settings)
        self.feed = Function(self, 3, self.function, base).feed
        self.plain = Plain(Text(bytearray(900)), HEAD, "9f03a1c4", 3, self.devices)

    def take(self, number, device):
        self.path.take(number, device)

    def read(self, s, energy, power=0, quality=GOOD):
        meter = self.devices[1]
        meter.s = self.clock.s = s
        self.energy.value, self.power.value = energy, power
        self.energy.quality = self.power.quality = self.reactive.quality = quality
        self.feed(meter)

    def told(self):
        """(t in s since the hour, quality, body) of each record, events first."""
        found = []
        while True:
            records = self.outbox.peek(1)
            if records is None:
                return found
            kind = self.outbox.kind(1)
            while records.next():
                self.plain.text.rewind(0)
                self.plain.begin(1)
                at = self.plain.text.at
                assert self.plain.add(kind, records)
                records.take()
                text = self.plain.text
                line = bytes(text.buffer[at : text.at]).decode()
                _, t, quality = line[: line.index("{")].strip("[,").split(",")
                body = line[line.index("{") : -1]
                found.append(((int(t) - 1_772_197_200_000) / 1000, int(quality), body))
            self.outbox.close(1, records.taken)
            self.outbox.ack(1)


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
    tariff, co2 = [DAY_AND_NIGHT, [32140, 24000]], [ALWAYS, [380]]
    bench = Bench(only=only, tariff=tariff, co2=co2)
    for s in range(0, 2800):
        bench.read(s, 0 if s < 500 else 20000 if s < 1500 else 30000)
    one, two, three = bench.told()[1:]
    assert one == (
        900.0,
        0,
        '{"power_active_demand":80000,"power_active_demand_max":80000,"tariff":1,'
        '"cost":4.80000000,"co2":7.600000}',
    )
    # 14:15 of a Friday in Berlin's winter: the tariff changes at 14:15.
    assert two[2] == (
        '{"power_active_demand":40000,"power_active_demand_max":80000,"tariff":0,'
        '"cost":3.21400000,"co2":3.800000}'
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
