"""A technician's whole way: site file, `limen flash`, and the board that boots from those bytes."""

import shutil

import pytest

from emulated_port import served
from host_tools import cli, interpreter
from host_tools.emulation.chips import ESP32
from host_tools.emulation.nor_flash import NorFlash
from host_tools.emulation.press import PressModel
from host_tools.emulation.rom_loader import RomLoader
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.serial_carriers import PtyCarrier
from host_tools.emulation.stand_in_image import stand_in_image
from host_tools.gateway_image import gateway_files
from host_tools.image import build_image
from host_tools.model_broker import add_model_broker
from host_tools.partitions import (
    FILE_SYSTEM,
    JOURNAL,
    TABLE_OFFSET,
    layout_of,
    partition_of,
)
from host_tools.paths import PROJECT
from host_tools.plan import plan_of_flash
from host_tools.setup_access import setup_files
from host_tools.site import load_site
from host_tools.world import Listeners, World

GATEWAY = "press-07"
SECRETS = """
[wifi]
ssid = "Halle 2"
password = "vorsicht-kante"
[mqtt]
user = "press-07"
password = "gripper"
"""
SECOND_US = 1_000_000
IMAGE = stand_in_image(ESP32, "MicroPython v1.25.0 on 2025-04-15; a stand-in")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(PROJECT / "examples/press/site.toml", folder)
    (folder / "secrets.toml").write_text(SECRETS)
    return folder / "site.toml"


@pytest.fixture(scope="module")
def flash(site, tmp_path_factory):
    """The flash of an emulated chip, written by esptool through the chip's ROM loader."""
    if not interpreter.find_or_none():
        pytest.skip("no MicroPython on this machine")
    path = tmp_path_factory.mktemp("chip") / "flash.bin"
    chip = NorFlash(path)
    image = path.with_name("stand-in.bin")
    image.write_bytes(IMAGE)
    with served(PtyCarrier(RomLoader(chip))) as port:
        arguments = ["--site", str(site), "--gateway", GATEWAY, "--port", port, "--no-watch"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LIMEN_CACHE", str(path.parent))
            assert cli.main(["flash", *arguments, "--image", str(image)]) == 0
    chip.close()
    return path


class Demo:
    """The world of `limen demo --flash-file`, in virtual time; the flash is a copy of its own."""

    def __init__(self, flash, folder, credentials):
        self.exits = []
        mine = shutil.copy(flash, folder / "flash.bin")
        plan = plan_of_flash(mine, PressModel(1), 1)
        listeners = Listeners(on_exit=self.exits.append)
        self.world = World(VirtualScheduler(), plan, mine, listeners)
        self.broker = add_model_broker(self.world)
        self.broker.credentials = credentials

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.world.close()

    def run_for(self, seconds):
        scheduler = self.world.scheduler
        self.world.board.start()
        scheduler.run_until(scheduler.now_us + seconds * SECOND_US)
        assert self.exits == []
        return self.world.gateway


def test_esptool_wrote_the_image_and_its_table_and_nothing_else(site, flash):
    layout = layout_of(4)
    image = build_image(
        gateway_files(load_site(site), GATEWAY) | setup_files(load_site(site), GATEWAY),
        layout.vfs_bytes,
    )
    content = flash.read_bytes()
    assert content[layout.vfs : layout.journal] == image
    assert partition_of(content, FILE_SYSTEM) == (layout.vfs, layout.vfs_bytes)
    assert partition_of(content, JOURNAL) == (layout.journal, layout.journal_bytes)
    application = 0x10000 + len(IMAGE) - (0x10000 - ESP32.bootloader_address)
    assert content[0x10000:application] == IMAGE[0x10000 - ESP32.bootloader_address :]
    behind = TABLE_OFFSET + len(layout.table())
    others = content[behind:0x10000] + content[application : layout.vfs] + content[layout.journal :]
    assert set(others) == {0xFF}


def test_the_board_boots_from_those_bytes_and_says_who_it_is(site, flash, tmp_path):
    config = load_site(site).compile(GATEWAY)
    with Demo(flash, tmp_path, {"press-07": "gripper"}) as demo:
        gateway = demo.run_for(20)
        assert (demo.broker.refusals, demo.world.subscriber.errors) == (0, [])
    (birth,) = gateway.births.values()
    assert (gateway.name, birth.cfg) == ("hall-2/press-07", config["hash"])
    (device,) = config["device"]
    channels = [channel["name"] for channel in device["channel"]]
    assert {name: list(of) for name, of in birth.devices.items()} == {device["id"]: channels}
    assert gateway.newest["main-meter", "voltage_l1"].value > 200


def test_it_keeps_its_incarnation_on_that_flash(flash, tmp_path):
    with Demo(flash, tmp_path, {"press-07": "gripper"}) as demo:
        demo.run_for(10)
        demo.world.board.power_cut()
        boots = list(demo.run_for(10).boots)
    assert [boot.number for boot in boots] == [1, 2]
    assert boots[0].inc == boots[1].inc


def test_it_shows_the_flashed_password_and_no_other(flash, tmp_path):
    with Demo(flash, tmp_path, {"press-07": "gropper"}) as demo:
        gateway = demo.run_for(20)
    assert demo.broker.refusals > 0
    assert gateway.births == {}
