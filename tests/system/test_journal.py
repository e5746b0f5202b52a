"""A gateway whose broker is away for long, with its journal on the emulated flash."""

import pytest

from host_tools import interpreter
from host_tools.emulation.flash_file import FlashFile
from host_tools.emulation.mqtt_packets import Publish
from host_tools.emulation.press import PressModel
from host_tools.image import build_image
from host_tools.partitions import layout_of
from host_tools.plan import plan_of_site
from meter_site import SECRETS
from outage import SITE, run_outage
from time_scene import Scene

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")


def cut_power(world):
    world.board.power_cut()
    world.board.start()


def test_an_outage_with_a_power_cut_in_it_costs_ten_seconds_at_most(tmp_path):
    outage = run_outage(tmp_path, 420, 60, {250: cut_power})
    assert outage.exits == []
    assert outage.missing() == set()
    boots = {boot: [seq for _, number, seq in outage.names if number == boot] for boot in (1, 2)}
    assert max(boots[1]) >= 250 - 10
    assert max(boots[2]) > 250
    gateway = outage.world.gateway
    assert gateway.conflicts == 0
    assert outage.world.subscriber.errors == []
    ((boot, ending),) = gateway.endings.items()
    assert (boot.number, ending.before.clean) == (1, False)
    assert ending.before.data == max(boots[1])
    assert ending.settled == ending.SETTLED


def test_a_backlog_is_read_with_the_birth_of_the_configuration_that_made_it(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "site.toml").write_text(SITE.replace("power_active_total", "voltage_l1"))
    (other / "secrets.toml").write_text(SECRETS)
    new = plan_of_site(other / "site.toml", None, PressModel(1), 1)
    layout = layout_of(4)

    def change(world):
        world.board.power_cut()
        flash = FlashFile(tmp_path / "flash.bin")
        flash.write(layout.vfs, build_image(new.files, layout.vfs_bytes))
        world.board.start()

    outage = run_outage(tmp_path, 200, 60, {150: change})
    gateway = outage.world.gateway
    assert outage.exits == []
    assert outage.world.subscriber.errors == []
    births = {cfg: set(birth.devices["meter"]) for cfg, birth in gateway.births.items()}
    assert sorted(map(sorted, births.values())) == [["power_active_total"], ["voltage_l1"]]
    values = {boot.inc: names for boot, names in outage.channels.items()}
    assert sorted(map(sorted, values.values())) == [["power_active_total"], ["voltage_l1"]]
    assert outage.missing() == set()


def test_a_restart_that_was_asked_for_is_told_as_a_clean_end(tmp_path):
    with Scene(tmp_path, every="1s") as scene:
        scene.run_to(30)
        topic = "limen/v1/hall-2/press-07/cmd/restart"
        scene.broker.publish(Publish(topic, b'{"id":"r"}', 1, False))
        scene.run_to(80)
        ((boot, ending),) = scene.gateway.endings.items()
        assert (boot.number, ending.before.clean) == (1, True)
        assert ending.settled == ending.SETTLED
        scene.assert_nothing_lost()


def test_a_boot_whose_number_flash_refuses_gives_its_records_names_of_their_own(tmp_path):
    with Scene(tmp_path, every="1s") as scene:
        scene.run_to(30)
        for end_s, refuses in ((70, True), (110, False)):
            scene.world.board.power_cut()
            scene.world.board.flash_faults.refuse(refuses)
            scene.world.board.start()
            scene.run_to(end_s)
        boots = {arrival.boot for arrival in scene.arrivals}
        assert (len(boots), len({boot.inc for boot in boots})) == (3, 2)
        assert scene.gateway.conflicts == 0
        assert scene.world.subscriber.errors == []
