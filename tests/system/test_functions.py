"""Energy, machine and work orders on a whole gateway, over a power cut."""

import json
from decimal import Decimal

import pytest

from console import troubles
from host_tools import interpreter
from host_tools.contract import OrderChange, Period, Values
from host_tools.emulation.mqtt_packets import Publish
from virtual_gateway import VirtualGateway

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

SITE = """
[site]
id = "hall-2"
timezone = "Europe/Berlin"
ntp = ["time.local"]
[site.tariff]
currency = "EUR"
[[site.tariff.rate]]
name = "always"
price = "0.30 EUR/kWh"
[site.co2]
factor = "380 g/kWh"
[mqtt]
host = "broker.local"
[gateway.g1]
board = "espressif-esp32-devkitc"
[[gateway.g1.bus]]
id = "pins"
kind = "pins"
[[gateway.g1.device]]
id = "s0"
bus = "pins"
profile = "pulse-input"
pin = 19
quantity = "energy_import"
pulses_per_unit = 1000
every = "5s"
[[gateway.g1.device]]
id = "strokes"
bus = "pins"
profile = "pulse-input"
pin = 18
every = "1s"
[[gateway.g1.device]]
id = "motor"
bus = "pins"
profile = "digital-input"
pin = 22
every = "10s"
[[gateway.g1.energy]]
id = "hall-energy"
meter = "s0"
interval = "5min"
[[gateway.g1.machine]]
id = "press"
energy = "s0.energy_import"
parts = "strokes.pulse_count"
ideal_cycle = "2s"
state = [{ kind = "running", input = "motor.digital_input" }, { kind = "idle" }]
shift = [{ name = "all", from = "00:00", to = "24:00" }]
"""
BASE = "limen/v1/hall-2/g1/"


class Gateway(VirtualGateway):
    """A pulse each second is a Wh, and while the motor runs one each two seconds a part."""

    def __init__(self, folder):
        super().__init__(folder, SITE)
        self.answers = []
        self.broker.subscribe(BASE + "cmd/+/result", self._on_answer)
        self.board.set_pin(22, 0)
        self.motor = False
        self.scheduler.after(1_000_000, self._second)
        self.seconds = 0

    def _second(self):
        self.seconds += 1
        self.board.peripherals.pulse(19)
        if self.motor and self.seconds % 2:
            self.board.peripherals.pulse(18)
        self.scheduler.after(1_000_000, self._second)

    def _on_answer(self, topic, payload, _retain):
        self.answers.append(json.loads(payload))

    def switch(self, on):
        self.motor = on
        self.board.set_pin(22, int(on))

    def order(self, do):
        request = {"id": f"{do}-{self.seconds}", "machine": "press", "do": do, "order": "A-1"}
        self.broker.publish(Publish(BASE + "cmd/order", json.dumps(request).encode()))
        self.run(3)
        return self.answers[-1]

    def intervals(self):
        """{end in s: (used, total)}; what comes twice must be the same."""
        found = {}
        for arrival in self.arrivals:
            body = arrival.record.body
            if isinstance(body, Values) and "energy_import_interval" in body.by_channel:
                values = body.by_channel
                told = values["energy_import_interval"], values["energy_import"]
                assert found.setdefault(arrival.record.t_ms // 1000, told) == told
                assert values["cost"] == values["energy_import_interval"] * Decimal("0.3")
        return found


@pytest.fixture
def gateway(tmp_path):
    with Gateway(tmp_path) as gateway:
        yield gateway


def test_intervals_and_an_order_survive_a_power_cut(gateway):
    gateway.run(400)
    assert gateway.order("start")["ok"]
    gateway.switch(True)
    gateway.run(400)
    gateway.board.power_cut()
    gateway.run(700)
    gateway.board.start()
    gateway.run(100)
    gateway.switch(False)
    gateway.run(700)
    answer = gateway.order("end")
    assert answer["ok"], answer
    gateway.run(20)
    _check_intervals(gateway.intervals())
    started, ended = gateway.bodies(OrderChange)
    assert (started.change, ended.change) == ("started", "ended")
    assert sum(ended.seconds) in range(1900, 1910)
    assert ended.seconds[3] in range(430, 505) and ended.seconds[5] in range(690, 770)
    assert ended.parts in range(210, 255)
    assert gateway.bodies(Period) == []
    assert troubles(gateway.console) == [] and gateway.subscriber.errors == []


def _check_intervals(intervals):
    ends = sorted(intervals)
    assert len(ends) >= 5 and all(end % 300 == 0 for end in ends)
    totals = [intervals[end][1] for end in ends]
    used = [intervals[end][0] for end in ends]
    assert sum(used[1:]) == totals[-1] - totals[0]
    assert Decimal("0.300") in used
