"""The status light at the pins of an emulated board, in virtual time: each state has its rhythm."""

import pytest

from host_tools import interpreter
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.fault_plan import PlannedFault
from host_tools.gateway_image import configuration_files
from host_tools.image import firmware_files
from host_tools.model_broker import add_model_broker
from host_tools.paths import PROJECT
from host_tools.plan import plan_of_site
from host_tools.plan_arguments import EXAMPLES
from host_tools.site import load_site, sealed
from host_tools.world import Listeners, World
from small_board import VirtualRun

pytestmark = pytest.mark.skipif(not interpreter.find_or_none(), reason="needs MicroPython")

YELLOW, RED, GREEN, DARK = (24, 24, 0), (24, 0, 0), (0, 24, 0), (0, 0, 0)
INVERTED, ADDRESSABLE = 1, 2
MS = 1000
S = 1_000_000


class Plant:
    """The press with one meter at a board of that kind of light; `seen` has [ms, what]."""

    def __init__(self, folder, kind, faults=(), line=b""):
        plan = plan_of_site(EXAMPLES["sdm630"] / "site.toml", None, PressModel(1), 1)
        config = {key: part for key, part in plan.config.items() if key != "hash"}
        config["light"] = [4, kind]
        plan.faults = list(faults)
        plan.config = sealed(config)
        plan.files |= configuration_files(plan.config)
        plan.files["/config.jsonl"] += line
        plan.write_flash(folder / "flash.bin")
        self.scheduler = VirtualScheduler()
        self.world = World(self.scheduler, plan, folder / "flash.bin", Listeners())
        self.board = self.world.board
        self.seen = []
        self.shown = None
        self.board.on_pin = self.board.peripherals.light_changed = self._see

    def _see(self, pin, what):
        if pin == 4 and what != self.shown:
            self.shown = what
            self.seen.append((self.scheduler.now_us // MS, what))

    def rhythm(self, seconds):
        """[what, for how many ms] as seen in the next seconds, the first and the last left out."""
        del self.seen[:]
        self.scheduler.run_until(self.scheduler.now_us + round(seconds * S))
        pairs = zip(self.seen, self.seen[1:], strict=False)
        return [(what, round((end - ms) / 50) * 50) for (ms, what), (end, _) in pairs]


def _told(plant, seconds):
    """The distinct steps of the rhythm."""
    return set(plant.rhythm(seconds))


def test_each_state_has_its_colour_and_rhythm(tmp_path):
    plant = Plant(tmp_path, ADDRESSABLE)
    broker = add_model_broker(plant.world)
    broker.silent = True
    plant.board.wifi(False)
    plant.board.start()
    plant.rhythm(5)
    assert _told(plant, 12) == {(YELLOW, 250), (DARK, 1750)}
    plant.board.wifi(True)
    while plant.board.station.joined is None:
        plant.rhythm(1)
    plant.rhythm(3)
    assert _told(plant, 5) == {(YELLOW, 250), (DARK, 250), (DARK, 1250)}
    plant.rhythm(20)
    assert _told(plant, 5) == {(RED, 250), (DARK, 250)}
    broker.silent = False
    plant.rhythm(90)
    assert (plant.rhythm(60), plant.shown) == ([], GREEN)
    plant.world.close()


def test_a_device_that_does_not_answer_is_a_fault_until_it_does(tmp_path):
    plant = Plant(tmp_path, INVERTED, [PlannedFault("main-meter", "silent", 60 * S, 120 * S)])
    add_model_broker(plant.world)
    plant.board.start()
    plant.rhythm(50)
    assert (plant.rhythm(5), plant.shown) == ([], 0)
    plant.rhythm(40)
    assert _told(plant, 5) == {(0, 250), (1, 250)}
    plant.rhythm(100)
    assert (plant.rhythm(5), plant.shown) == ([], 0)
    plant.world.close()


def test_a_gateway_in_safe_mode_says_so(tmp_path):
    plant = Plant(tmp_path, ADDRESSABLE, line=b"[]\n")
    add_model_broker(plant.world)
    plant.board.start()
    plant.rhythm(60)
    assert plant.rhythm(4.1)[-6:].count((RED, 250)) == 3
    assert _told(plant, 5) == {(RED, 250), (DARK, 250), (DARK, 750)}
    plant.world.close()


@pytest.mark.parametrize(("board", "is_there"), [("lilygo-t-can485", 1), ("olimex-esp32-evb", 0)])
def test_the_configuration_names_the_light_of_the_board(board, is_there, tmp_path):
    text = (PROJECT / "examples/press/site.toml").read_text()
    (tmp_path / "site.toml").write_text(text.replace("lilygo-t-can485", board))
    if not is_there:  # nor a port
        text = (tmp_path / "site.toml").read_text()
        text = text.replace("baud = 9600", "baud = 9600\ntx = 4\nrx = 36\nde = 13")
        (tmp_path / "site.toml").write_text(text)
    compact = load_site(tmp_path / "site.toml").compile("press-07")
    assert compact.get("light") == ([4, ADDRESSABLE] if is_there else None)


def test_a_shining_light_allocates_nothing(tmp_path):
    program = """
import asyncio, gc, machine, light
machine.bitstream = light.bitstream = lambda pin, encoding, timing, data: None
class Gateway:
    class network:
        current = False
async def main():
    asyncio.create_task(light.shine([4, 2], Gateway))
    await asyncio.sleep(2)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    await asyncio.sleep(40)
    print("grown", gc.mem_alloc() - before)
asyncio.run(main())
"""
    files = {"/light.mpy": firmware_files()["/light.mpy"]}
    with VirtualRun(tmp_path, program, files=files) as run:
        assert run.run_for(60)[-1] == "grown 0"
