"""The gateway keeps its network through what drivers are known to do, in virtual time."""

import json

import pytest

from console import troubles
from host_tools.emulation.press import PressModel
from host_tools.emulation.radio import AccessPoint
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.gateway_image import SECRETS, configuration_files
from host_tools.model_broker import add_model_broker
from host_tools.plan import plan_of_site
from host_tools.plan_arguments import EXAMPLES
from host_tools.site import sealed
from host_tools.world import Listeners, World

SECOND_US = 1_000_000
RMII = {"phy_type": "LAN8720", "phy_addr": 0, "mdc": 23, "mdio": 18, "ref_clk": 17}
W5500 = {"phy_type": "W5500", "phy_addr": 0, "spi": [1, 14, 13, 12], "cs": 15, "int": 4}
HALL = {"ssid": "hall", "password": "right-password"}
YARD = {"ssid": "yard", "password": "yard-password"}


class Plant:
    """A gateway with such networks in its secrets, or with what `changes` its configuration."""

    def __init__(self, folder, networks=(HALL,), access_points=(), **changes):
        plan = plan_of_site(EXAMPLES["sdm630"] / "site.toml", None, PressModel(1), 1)
        config = {key: part for key, part in plan.config.items() if key != "hash"} | changes
        plan.config = sealed(config)
        secrets = {"wifi": list(networks), "mqtt": {}}
        plan.files |= configuration_files(plan.config) | {SECRETS: json.dumps(secrets).encode()}
        plan.write_flash(folder / "flash.bin")
        self.said, self.exits = [], []
        listeners = Listeners(on_console=self.said.append, on_exit=self.exits.append)
        self.world = World(VirtualScheduler(), plan, folder / "flash.bin", listeners)
        self.board = self.world.board
        if access_points:
            self.board.station.access_points = list(access_points)
        self.broker = add_model_broker(self.world)
        self.board.start()

    def run_for(self, seconds):
        scheduler = self.world.scheduler
        scheduler.run_until(scheduler.now_us + seconds * SECOND_US)
        assert self.exits == []

    @property
    def ssid(self):
        joined = self.board.station.joined
        return joined and joined.ssid

    def delivers(self, seconds=30):
        """Whether records arrive within so many seconds."""
        before = len(self.world.ledger.acknowledged)
        self.run_for(seconds)
        return len(self.world.ledger.acknowledged) > before


def test_the_preferred_network_is_joined_and_the_next_when_it_goes(tmp_path):
    points = [AccessPoint("yard", YARD["password"], -40), AccessPoint("hall", HALL["password"])]
    plant = Plant(tmp_path, (HALL, YARD), points)
    plant.run_for(20)
    assert (plant.ssid, plant.delivers()) == ("hall", True)
    plant.board.wifi(False, "hall")
    plant.run_for(60)
    assert (plant.ssid, plant.delivers()) == ("yard", True)
    plant.world.close()
    assert troubles(plant.said) == []


def test_a_weak_network_gives_way_to_a_good_one(tmp_path):
    points = [AccessPoint("hall", HALL["password"], -90), AccessPoint("yard", YARD["password"])]
    plant = Plant(tmp_path, (HALL, YARD), points)
    plant.run_for(20)
    assert plant.ssid == "yard"
    plant.world.close()


def test_a_refused_password_is_told_and_the_next_network_tried(tmp_path):
    points = [AccessPoint("hall", "another-password"), AccessPoint("yard", YARD["password"])]
    plant = Plant(tmp_path, (HALL, YARD), points)
    plant.run_for(20)
    assert plant.ssid == "yard"
    assert troubles(plant.said) == [
        "limen: hall: The network does not accept the password: correct it in secrets.toml and "
        "flash again."
    ]
    plant.world.close()


def test_a_stuck_driver_is_switched_off_and_on(tmp_path):
    plant = Plant(tmp_path)
    plant.run_for(10)
    plant.board.wifi(False)
    plant.board.station.stick()
    plant.run_for(40)
    plant.board.wifi(True)
    assert plant.delivers(90)
    plant.world.close()


def test_a_lost_address_shows_by_the_silence_of_the_broker(tmp_path):
    plant = Plant(tmp_path)
    plant.run_for(20)
    plant.board.station.lose_address()
    plant.run_for(100)
    assert not plant.delivers(20)
    assert plant.delivers(200)
    plant.world.close()
    summary = plant.world.summary(plant.world.scheduler.now_us - 2 * SECOND_US)
    assert (summary.account.lost, summary.dropped) == ([], 0)


@pytest.mark.parametrize("wires", [RMII, W5500])
def test_wifi_takes_the_place_of_a_pulled_cable_until_it_is_back(tmp_path, wires):
    plant = Plant(tmp_path, ethernet=wires)
    plant.run_for(20)
    assert (plant.ssid, plant.delivers()) == (None, True)
    plant.board.cable.plug(False)
    plant.run_for(60)
    assert plant.board.station.joined is not None
    assert plant.delivers()
    plant.board.cable.plug(True)
    plant.run_for(60)
    assert (plant.board.station.joined, plant.delivers()) == (None, True)
    plant.world.close()
    summary = plant.world.summary(plant.world.scheduler.now_us - 2 * SECOND_US)
    assert (summary.account.lost, summary.dropped) == ([], 0)


def test_ethernet_alone_with_a_static_address(tmp_path):
    address = ["192.168.1.20", "255.255.255.0", "192.168.1.1", "192.168.1.1"]
    plant = Plant(tmp_path, ethernet=RMII, wifi=False, address=address)
    plant.board.cable.plug(False)
    plant.run_for(30)
    plant.board.cable.plug(True)
    assert plant.delivers(60)
    plant.world.close()
