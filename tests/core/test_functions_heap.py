"""What a reading leaves on the heap, once it has gone through the functions: nothing."""

import gc

from fake_gateway import BOOT_S, Clock, FakeGateway, channel

from limen.core.quality import GOOD
from limen.functions import energy, machine
from limen.service.poll import Device

ALWAYS = [[0] * 8, [[0, 0]], []]


class SmallClock(Clock):
    """Ticks past whole seconds, which is all that is needed."""

    def utc_s(self, s, ms):
        return BOOT_S + s

    def utc_ms(self, ms):
        return 1


def test_a_reading_through_energy_machine_and_order_allocates_nothing():
    if not hasattr(gc, "mem_alloc"):
        return  # CPython counts no blocks
    power, count = channel("power_active_total", 1), channel("energy_import", 3)
    meter = Device("meter", (power, count), None)
    gateway = FakeGateway([meter], clock=SmallClock())
    settings = {"counters": [[1, 1]], "names": ["energy_import"], "power": [1, 0], "zone": [3600]}
    settings.update({"interval_s": 900, "gap_s": 10, "places": 0, "reactive": None, "sliding": 15})
    settings["tariff"] = [ALWAYS, [32000]]
    own = [("energy_import_interval", 3)]
    functions = [gateway.add("energy", energy.Function, settings, own)]
    settings = {"power": [1, 0], "energy": [1, 1], "inputs": [], "ideal_ms": None, "zone": [3600]}
    settings.update({"bands": [[5000, 70000], [0, 1, 3], 2000], "dwell_ms": [0, 5000, 0, 0, 0, 0]})
    settings.update({"shifts": ALWAYS, "shift_names": ["all"], "tariff": [ALWAYS, [32000]]})
    functions.append(gateway.add("press", machine.Function, settings, [("machine_state", 0)]))
    power.quality = count.quality = GOOD

    def read(s):
        gateway.clock.s = meter.s = s
        power.value = 100000 if s % 3 else 20000
        count.value = 40 * s
        for function in functions:
            function.feed(meter)

    read(61)
    read(62)
    gc.collect()
    before = gc.mem_alloc()
    nothing = gc.mem_alloc() - before
    before = gc.mem_alloc()
    for s in range(63, 69):
        read(s)
    assert gc.mem_alloc() - before <= nothing
