"""A gateway on Ethernet with meters behind TCP, on the heap of a plain ESP32, in virtual time."""

import pytest

from console import troubles
from host_tools import interpreter
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.model_broker import add_model_broker
from host_tools.plan import plan_of_site
from host_tools.world import Listeners, World

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

SITE = """
[site]
id = "hall-2"
[mqtt]
host = "broker.local"
[gateway.g1]
board = "wireless-tag-wt32-eth01"
[gateway.g1.network]
links = ["ethernet", "wifi"]
[[gateway.g1.bus]]
id = "net"
kind = "modbus-tcp"
host = "192.168.1.50"
pipeline = 4
[[gateway.g1.bus]]
id = "server"
kind = "modbus-rtu-tcp"
host = "converter.local"
port = 4196
[[gateway.g1.device]]
id = "one"
profile = "siemens-pac2200-3200-4200"
bus = "net"
address = 1
every = "1s"
channels = { power_active_total = {}, energy_import = {}, voltage_l1 = {} }
[[gateway.g1.device]]
id = "two"
profile = "socomec-countis-e2x-diris-a"
bus = "net"
address = 2
every = "1s"
channels = { power_active_total = {}, energy_import = {} }
[[gateway.g1.device]]
id = "three"
profile = "eastron-sdm120"
bus = "server"
address = 3
every = "1s"
channels = { power_active_total = {}, voltage = {} }
"""
DEVICES = ("one", "two", "three")
STATES = {
    f'limen: {name}: {{"device":"{state}"}}'
    for name in DEVICES
    for state in ("silent", "answering")
}
"""A network is not there at once: its meters are silent, and then answer."""

SECOND_US = 1_000_000


class Plant:
    def __init__(self, folder):
        (folder / "site.toml").write_text(SITE)
        plan = plan_of_site(folder / "site.toml", None, PressModel(1), 1)
        plan.write_flash(folder / "flash.bin")
        self.said, self.arrivals = [], []
        listeners = Listeners(on_console=self.said.append, on_arrival=self.arrivals.append)
        self.world = World(VirtualScheduler(), plan, folder / "flash.bin", listeners)
        add_model_broker(self.world)
        self.world.board.start()

    def run(self, seconds):
        """How many good records of values each device told in so many seconds."""
        self.arrivals.clear()
        scheduler = self.world.scheduler
        scheduler.run_until(scheduler.now_us + seconds * SECOND_US)
        good = [
            arrival.device
            for arrival in self.arrivals
            if arrival.record.quality == 0 and hasattr(arrival.record.body, "by_channel")
        ]
        return [good.count(device) for device in DEVICES]

    @property
    def is_on_wifi(self):
        return self.world.board.station.joined is not None


@pytest.fixture
def plant(tmp_path):
    plant = Plant(tmp_path)
    plant.run(30)
    yield plant
    plant.world.close()


def test_meters_behind_the_cable_are_read_each_second(plant):
    assert (plant.is_on_wifi, plant.run(30)) == (False, [30, 30, 30])
    assert sorted(troubles(plant.said)) == sorted(STATES)


def test_wifi_serves_meters_and_broker_while_the_cable_is_out(plant):
    plant.world.board.cable.plug(False)
    plant.run(30)
    assert (plant.is_on_wifi, plant.run(30)) == (True, [30, 30, 30])
    plant.world.board.cable.plug(True)
    plant.run(30)
    assert (plant.is_on_wifi, plant.run(30)) == (False, [30, 30, 30])
    summary = plant.world.summary(plant.world.scheduler.now_us - 2 * SECOND_US)
    assert (summary.account.lost, summary.dropped, summary.errors) == ([], 0, [])
    assert all(verdict.is_good for verdict in summary.verdicts)
    assert plant.world.board.boots == 1
