"""Every board starts a gateway of its own and publishes what its meter says, in virtual time."""

import pytest

from host_tools import interpreter
from host_tools.board import board_names, load_board
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.world import Listeners, World, add_model_broker, plan_of_site

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

SITE = """
[site]
id = "hall-2"
ntp = []
[mqtt]
host = "broker.local"
[gateway.g1]
board = "{board}"
[[gateway.g1.bus]]
id = "rs485"
kind = "modbus-rtu"
{pins}
[[gateway.g1.device]]
id = "meter"
profile = "eastron-sdm630"
bus = "rs485"
address = 1
every = "1s"
channels.voltage_l1 = {{}}
"""
SECRETS = '[wifi]\nssid = "hall"\npassword = "secret-secret"\n'
FIRST_PUBLISH_US = 15_000_000


def pins_of(board):
    """Nothing where there is a port, else the first free pins that do not decide the start."""
    facts = load_board(board)
    if facts["port"]:
        return ""
    free = [pin for pin in facts["output"] if pin not in facts["strapping"]]
    return "tx = {}\nrx = {}\nde = {}".format(*free[:3])


@pytest.mark.parametrize("board", board_names())
def test_a_board_runs_up_to_its_first_publish(board, tmp_path):
    site = tmp_path / "site.toml"
    site.write_text(SITE.format(board=board, pins=pins_of(board)))
    (tmp_path / "secrets.toml").write_text(SECRETS)
    plan = plan_of_site(site, None, PressModel(1), 1)
    plan.write_flash(tmp_path / "flash.bin")
    exits = []
    listeners = Listeners(on_exit=exits.append)
    world = World(VirtualScheduler(), plan, tmp_path / "flash.bin", listeners)
    add_model_broker(world)
    world.board.cable.plug(True)
    world.board.start()
    world.scheduler.run_until(FIRST_PUBLISH_US)
    world.close()
    assert exits == []
    assert world.gateway.newest["meter", "voltage_l1"].value > 200
