"""A line's traffic, recorded by a listener and replayed frame by frame."""

import csv
from pathlib import Path

import pytest

from host_tools import cli
from host_tools.bus_trace import Cutter, TraceWriter
from host_tools.emulation.line import Framing
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.fault_plan import PlannedFault
from host_tools.world import EXAMPLES, Listeners, World, add_model_broker, plan_of_site

SECONDS = 120


@pytest.fixture(scope="module")
def trace(tmp_path_factory) -> Path:
    """What a listener hears of two minutes of the press, in which the meter is dead for 20 s."""
    folder = tmp_path_factory.mktemp("trace")
    plan = plan_of_site(EXAMPLES["sdm630"] / "site.toml", None, PressModel(3, 20), 1)
    plan.faults = [PlannedFault("main-meter", "silent", 50_000_000, 70_000_000)]
    plan.write_flash(folder / "flash.bin")
    world = World(VirtualScheduler(), plan, folder / "flash.bin", Listeners())
    add_model_broker(world)
    (line,) = world.wiring.lines.values()
    framing = Framing(9600)
    cutter = Cutter(framing)
    with open(folder / "trace.csv", "w", newline="") as file:
        writer = TraceWriter(file)
        line.port(
            framing,
            lambda data: writer.write(cutter.feed(data, world.scheduler.utc_us())),
        )
        world.board.start()
        world.scheduler.run_until(SECONDS * 1_000_000)
        world.close()
        writer.write(cutter.end())
    return folder / "trace.csv"


def published(path: Path) -> list[dict]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_a_trace_replays_what_was_on_the_line(trace, tmp_path, capsys):
    out = tmp_path / "out.csv"
    command = ["replay", "--trace", str(trace), "--site", "examples/press", "--out", str(out)]
    assert cli.main(command) == 0
    told = capsys.readouterr().out
    assert " 0 unknown." in told
    frames = set(csv_row["frame"] for csv_row in published(trace))
    powers = [row for row in published(out) if row["channel"] == "power_active_total"]
    values = [row["value"] for row in powers if row["kind"] == "data" and row["value"]]
    assert len(set(values)) > 20 and len(frames) > 100
    # The meter was dead from second 50 to 70 of what was recorded, the gateway's boot included.
    bad = [row["time"] for row in powers if row["quality"] == "bad"]
    assert bad and bad[0][:17] == "2026-01-01T00:00:"
    assert 45 <= int(bad[0][17:19]) <= 59
    first = out.read_bytes()
    assert cli.main(command) == 0 and out.read_bytes() == first


def test_what_is_wrong_in_a_trace_is_told_at_once(tmp_path, capsys):
    path = tmp_path / "trace.csv"
    path.write_text(
        "time,frame\n2026-01-01T00:00:01+00:00,0104000000xx\nnoon,01\n"
        "2026-01-01T00:00:01+00:00,01,1\n2026-01-01T00:00:01,01\n"
        "2026-01-01T00:00:02+00:00,0104\n2026-01-01T00:00:01+00:00,0104\n"
    )
    assert cli.main(["replay", "--trace", str(path)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"limen replay: {path}:2: the frame is not written in hexadecimal digits",
        f"{path}:3: 'noon' is not a time with its zone",
        f"{path}:4: the line has 3 of 2 columns",
        f"{path}:5: '2026-01-01T00:00:01' is not a time with its zone",
        f"{path}:7: its time lies before that of the frame before",
    ]
    path.write_text("a,b\n")
    assert cli.main(["replay", "--trace", str(path)]) == 2
    assert "this is no trace: its heading is not time,frame" in capsys.readouterr().err
