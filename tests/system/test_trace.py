"""A line's traffic, recorded by a listener and replayed frame by frame."""

import csv
import json
from pathlib import Path

import pytest

from host_tools import cli
from host_tools.bus_trace import Cutter, ToldFrames, TraceWriter
from host_tools.contract import Values
from host_tools.emulation.line import Framing
from host_tools.emulation.mqtt_packets import Publish
from host_tools.emulation.press import PressModel
from host_tools.emulation.scheduler import VirtualScheduler
from host_tools.fault_plan import PlannedFault
from host_tools.model_broker import add_model_broker
from host_tools.plan import plan_of_site
from host_tools.plan_arguments import EXAMPLES
from host_tools.world import Listeners, World

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


BASE = "limen/v1/hall-2/press-07/"
EVERYTHING = {"id": "t", "for": "40s"}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The press without filters, so that all that is read is published."""
    folder = tmp_path_factory.mktemp("site")
    text = (
        (EXAMPLES["sdm630"] / "site.toml").read_text().partition("[gateway.press-07.device.ch")[0]
    )
    channels = "voltage_l1 = {}, power_active_total = {}, energy_import = {}"
    (folder / "site.toml").write_text(f"{text}channels = {{ {channels} }}\n")
    (folder / "secrets.toml").write_text((EXAMPLES["sdm630"] / "secrets.toml").read_text())
    return folder


class Telling:
    """A gateway that tells the traffic of its line; `values` are what it published meanwhile."""

    def __init__(self, site: Path, flash: Path, file):
        self.values: dict[str, list[str]] = {}
        self.frames = ToldFrames()
        self._writer = TraceWriter(file)
        plan = plan_of_site(site / "site.toml", None, PressModel(3, 20), 1)
        plan.write_flash(flash)
        self.listeners = Listeners()
        self.world = World(VirtualScheduler(), plan, flash, self.listeners)
        self._broker = add_model_broker(self.world)
        self._broker.subscribe(BASE + "cmd/trace/progress", self._on_told)

    def run(self) -> None:
        run_until = self.world.scheduler.run_until
        self.world.board.start()
        run_until(10_000_000)
        self.listeners.on_arrival = self._on_arrival
        self._broker.publish(Publish(BASE + "cmd/trace", json.dumps(EVERYTHING).encode(), 1))
        run_until(50_000_000)
        self.listeners.on_arrival = lambda arrival: None
        run_until(55_000_000)
        self.world.close()

    def _on_told(self, topic, payload, retain):
        self._writer.write(self.frames.take(json.loads(payload)))

    def _on_arrival(self, arrival):
        if isinstance(arrival.record.body, Values):
            for channel, value in arrival.record.body.by_channel.items():
                self.values.setdefault(channel, []).append(f"{value:f}")


def test_what_a_gateway_told_of_its_line_is_published_again(site, tmp_path, capsys):
    trace, out = tmp_path / "trace.csv", tmp_path / "out.csv"
    with open(trace, "w", newline="") as file:
        telling = Telling(site, tmp_path / "flash.bin", file)
        telling.run()
    assert not telling.frames.missing
    assert cli.main(["replay", "--trace", str(trace), "--site", str(site), "--out", str(out)]) == 0
    assert "0 from registers, 0 unknown." in capsys.readouterr().out
    for channel, before in telling.values.items():
        rows = [row for row in published(out) if row["channel"] == channel]
        after = [row["value"] for row in rows if row["kind"] == "data"]
        assert 38 <= len(before) <= 41
        # It asks at other moments, so at both ends it may see some readings more or less.
        places = [(ahead, at) for ahead in range(4) for at in range(4)]
        assert any(before[one : one + 36] == after[other : other + 36] for one, other in places)


def test_what_is_wrong_in_a_trace_is_told_at_once(tmp_path, capsys):
    path = tmp_path / "trace.csv"
    path.write_text(
        "time,frame\n2026-01-01T00:00:01+00:00,0104000000xx\nnoon,01\n"
        "2026-01-01T00:00:01+00:00,01,1\n2026-01-01T00:00:01,01\n"
        "2026-01-01T00:00:02+00:00,0104\n2026-01-01T00:00:01+00:00,0104\n"
    )
    assert cli.main(["replay", "--trace", str(path)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"limen replay: {path}:2: the frame '0104000000xx' is not written in hexadecimal digits, "
        "two a byte",
        f"{path}:3: 'noon' is not a time with its zone (the first of 2 like it)",
        f"{path}:4: the line has 3 of 2 columns: remove it",
        f"{path}:7: its time lies before that of the frame before: sort the lines by it",
    ]
    path.write_text("a,b\n")
    assert cli.main(["replay", "--trace", str(path)]) == 2
    assert "this is no trace: its heading is not time,frame" in capsys.readouterr().err
