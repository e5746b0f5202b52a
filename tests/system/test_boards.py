"""Every board starts a gateway of its own and publishes what its meter says, in virtual time.

One of each chip does so in real time, too, from a blank flash that the real esptool writes.
"""

import asyncio
import contextlib

import pytest
from esptool.cmds import attach_flash, detect_chip, reset_chip, write_flash
from esptool.loader import DEFAULT_TIMEOUT

from host_tools import interpreter
from host_tools.board import board_names, load_board
from host_tools.demo import Stage
from host_tools.emulation.chips import CHIPS
from host_tools.emulation.nor_flash import NorFlash
from host_tools.emulation.press import PressModel
from host_tools.emulation.rom_loader import RomLoader
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.emulation.serial_carriers import Rfc2217Carrier
from host_tools.emulation.serial_chip import SerialChip
from host_tools.emulation.stand_in_image import stand_in_image
from host_tools.image import build_image
from host_tools.model_broker import add_model_broker
from host_tools.partitions import layout_of
from host_tools.plan import plan_of_site
from host_tools.serial_port import open_port
from host_tools.world import Listeners, World
from meter_site import SECRETS, meter_site

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

FIRST_PUBLISH_US = 15_000_000


def pins_of(board):
    """Nothing where there is a port, else the first free pins that do not decide the start."""
    facts = load_board(board)
    if facts["port"]:
        return ""
    free = [pin for pin in facts["output"] if pin not in facts["strapping"]]
    return "tx = {}\nrx = {}\nde = {}".format(*free[:3])


def plan_of(board, folder):
    site = folder / "site.toml"
    site.write_text(meter_site(board, pins_of(board), "voltage_l1"))
    (folder / "secrets.toml").write_text(SECRETS)
    return plan_of_site(site, None, PressModel(1), 1)


@pytest.mark.parametrize("board", board_names())
def test_a_board_runs_up_to_its_first_publish(board, tmp_path):
    plan = plan_of(board, tmp_path)
    plan.write_flash(tmp_path / "flash.bin")
    exits = []
    listeners = Listeners(on_exit=exits.append)
    world = World(VirtualScheduler(), plan, tmp_path / "flash.bin", listeners)
    add_model_broker(world)
    world.board.start()
    world.scheduler.run_until(FIRST_PUBLISH_US)
    world.close()
    assert exits == []
    assert world.gateway.newest["meter", "voltage_l1"].value > 200


def write(port, parts):
    """What `esptool write-flash` does, in one session."""
    with open_port(port, baudrate=115200, timeout=DEFAULT_TIMEOUT) as line:
        esp = detect_chip(line)
        attach_flash(esp)
        write_flash(esp, parts, compress=True, no_progress=True)
        reset_chip(esp)


async def flash_and_publish(board, folder, patience_s):
    """Esptool writes a blank board; its console, once it has published or the time is over."""
    facts, plan = load_board(board), plan_of(board, folder)
    chip, layout = CHIPS[facts["chip"]], layout_of(facts["flash_mb"])
    banner = "MicroPython v1.25.0 on 2025-04-15; a stand-in"
    image = stand_in_image(chip, banner, facts["flash_mb"], layout.table())
    files = build_image(plan.files, layout.vfs_bytes)
    said = bytearray()
    async with contextlib.AsyncExitStack() as stack:
        flash = NorFlash(folder / "flash.bin", facts["flash_mb"] << 20)
        stack.callback(flash.close)
        stage = await Stage.build(stack, plan, folder / "flash.bin", "amqtt")
        served = SerialChip(flash, RomLoader(flash, chip), stage.world.board, True)
        carrier = Rfc2217Carrier(served)
        stage.world.listeners.on_console = lambda line: said.extend(line.encode() + b"\n")
        await carrier.open()
        stack.callback(carrier.close)
        served.power_on()
        parts = [(chip.bootloader_address, image), (layout.vfs, files)]
        await asyncio.to_thread(write, carrier.url, parts)
        async with asyncio.timeout(patience_s):
            while ("meter", "voltage_l1") not in stage.world.gateway.newest:
                await asyncio.sleep(0.05)
        return stage.world.gateway.newest["meter", "voltage_l1"].value, bytes(said)


@pytest.mark.parametrize(
    "board",
    ["lilygo-t-can485", "waveshare-esp32-s3-rs485-can", "espressif-esp32-c3-devkitm-1"],
)
def test_esptool_makes_a_gateway_of_a_blank_board(board, tmp_path):
    value, said = asyncio.run(flash_and_publish(board, tmp_path, 60))
    assert value > 200, said
