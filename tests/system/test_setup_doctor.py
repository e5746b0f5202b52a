"""The doctor of setup mode, on a line with a meter, on the memory that setup mode leaves it."""

import re

import pytest

from host_tools import interpreter
from host_tools.emulation.board import HEAP_BYTES
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.fault_plan import PlannedFault
from host_tools.image import linked_firmware
from host_tools.model_broker import add_model_broker
from host_tools.paths import PROJECT
from host_tools.plan import plan_of_site
from host_tools.world import Listeners, World

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

TAKEN_BY_SETUP_MODE = 24 * 1024  # the most, as test_setup_mode holds


def program():
    """A main.py that starts the doctor as setup mode does, by its name in the linked firmware."""
    text = linked_firmware().modules["setup_acts"]
    (line,) = re.findall("from setup_doctor import [^;\n]+", text)
    return f"import asyncio\n{line}\nasyncio.run(examine_board(print))\n".encode()


def sentences(folder, faults=(), broker_runs=True):
    """What the doctor says of the press, less its progress."""
    plan = plan_of_site(PROJECT / "examples/press/site.toml", None, PressModel(1), 1)
    plan.faults = list(faults)
    plan.files["/main.py"] = program()
    plan.write_flash(folder / "flash.bin")
    said, scheduler = [], VirtualScheduler()
    heap = HEAP_BYTES - TAKEN_BY_SETUP_MODE
    listeners = Listeners(on_console=said.append)
    world = World(scheduler, plan, folder / "flash.bin", listeners, heap=heap)
    broker = add_model_broker(world)
    if not broker_runs:
        broker.stop()
    world.board.start()
    scheduler.run_until(100_000_000)
    world.close()
    return [line for line in said if "earch" not in line]


def test_all_is_well(tmp_path):
    said = sentences(tmp_path)
    assert said[:5] == [
        "This is press-07 of hall-2.",
        "Joining wifi; at most 20 s for a network.",
        "wifi: joined.",
        "broker.local:1883: it lets this gateway in.",
        "rs485, an RS-485 line:",
    ]
    assert said[5] == "  Address 1 at 9600 8N1: main-meter answers."
    assert said[-1] == "That is all."


def test_a_dead_broker_and_a_dead_meter_are_named(tmp_path):
    dead = PlannedFault("main-meter", "silent", 0, 200_000_000)
    said = sentences(tmp_path, [dead], broker_runs=False)
    assert said[3] == "broker.local:1883: The broker ended the connection."
    assert said[-2:] == ["  Address 1: main-meter does not answer.", "That is all."]
