"""The worlds of the examples: what their pages promise is published, in the minute of the demo."""

from pathlib import Path

import pytest
from rich.console import Console

from host_tools import cli
from host_tools.emulation.model import Pace
from host_tools.emulation.outputs import Outputs
from host_tools.example_world import load_world
from host_tools.paths import PROJECT
from host_tools.plan import plan_of_world
from host_tools.replay import Program, play
from host_tools.run_csv import to_csv

SECONDS = 75
NAMES = sorted(path.parent.name for path in PROJECT.glob("examples/*/model.py"))

PROMISED = {
    "press-shop": {("meter", "high"), ("press", "machine_state")},
    "compressor-room": {("net", "low")},
    "pump-station": {("suction", "low"), ("discharge", "low")},
    "building-pv": {("grid", "energy_import"), ("building-energy", "charger")},
}
"""What comes of each: device and channel, or the alarm after its last dot."""


def demo_of(name: str, seed: int = 1) -> tuple[str, object]:
    world = load_world(Path(name))
    plan = plan_of_world(world, None, seed, world.demo)
    program = Program(plan, world.start_utc_s, SECONDS * 1_000_000)
    replay = play(program, Console(quiet=True))
    text = to_csv(replay.story.arrivals, replay.world.gateway)
    return text, replay.world.summary(program.end_us)


@pytest.mark.parametrize("name", NAMES)
def test_a_demo_shows_what_its_page_promises(name):
    text, summary = demo_of(name)
    assert summary.is_good, text
    rows = [line.split(",") for line in text.splitlines()[1:]]
    seen = {(row[1], row[2].rpartition(".")[2]) for row in rows}
    assert PROMISED[name] <= seen, seen


def test_a_seed_gives_the_same_bytes_twice():
    assert demo_of("building-pv", 7)[0] == demo_of("building-pv", 7)[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_a_function_of_seed_and_time(name):
    world = load_world(Path(name))

    def told(seed, steps):
        signals = world.signals(seed, Outputs(), Pace(compress=7))
        devices = {device: signals.of_device(device) for device in signals.names}
        return {
            (device, quantity, step): one.step_value(quantity, step)
            for step in steps
            for device, one in devices.items()
            for quantity in sorted(one.quantities())
        }

    steps = range(0, 5000, 97)
    assert told(1, steps) == told(1, reversed(steps))
    assert told(1, steps) != told(2, steps)


def test_a_world_that_is_not_there_is_a_sentence(tmp_path, capsys):
    assert cli.main(["replay", "--world", "press-shopp"]) == 2
    assert f"there are {', '.join(NAMES)}" in capsys.readouterr().err
    (tmp_path / "model.py").write_text("START = 1\n")
    assert cli.main(["replay", "--world", str(tmp_path)]) == 2
    assert "it does not say HOURS, DEMO, devices" in capsys.readouterr().err
