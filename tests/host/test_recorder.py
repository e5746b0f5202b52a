"""A recording of what gateways publish: its rows, what goes on after a kill, and the way back."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from socket import create_server

import pytest
from paho.mqtt import client as paho

from host_tools import cli, table_file
from host_tools.client import ClockSet, Gap, Sample
from host_tools.contract import Boot, Channel
from host_tools.emulation import brokers
from host_tools.emulation.recording import Recording
from host_tools.paths import PROJECT
from host_tools.recorder import Recorder

BOOT = Boot("9f03a1c4", 3)
T_MS = 1_795_291_200_000
UNITS = {"voltage": "V", "power_active_total": "W", "temperature": ""}
PATIENCE_S = 20


def sample(seq, t_ms, value, channel="voltage", device="m", **facts):
    values = {
        "gateway": "hall-2/press-07", "device": device, "channel": channel,
        "value": None if value is None else Decimal(value), "quality": "good", "t_ms": t_ms,
        "uptime_ms": None, "boot": BOOT, "seq": seq,
        "about": Channel(channel, UNITS[channel], "gauge", 1),
    }  # fmt: skip
    return Sample(**values | facts)


def recorded(tmp_path, *items, name="out.csv") -> Path:
    recorder = Recorder(tmp_path / "part")
    for item in items:
        recorder.take(item)
    recorder.write(tmp_path / name)
    recorder.close()
    return tmp_path / name


def test_rows_are_in_the_order_of_their_times_and_hold_the_newest_values(tmp_path):
    path = recorded(
        tmp_path,
        sample(3, T_MS + 2000, "231.5"),
        sample(1, T_MS, "230.10"),
        sample(2, T_MS + 1000, "-12", "power_active_total"),
        sample(4, T_MS + 3000, None, quality="bad"),
        sample(5, T_MS + 3000, None, "temperature", quality="bad"),
    )
    assert path.read_text() == (
        "time,m.voltage [V],m.power_active_total [W]\n"
        "2026-11-21T20:00:00.000+00:00,230.10,\n"
        "2026-11-21T20:00:01.000+00:00,230.10,-12\n"
        "2026-11-21T20:00:02.000+00:00,231.5,-12\n"
        "2026-11-21T20:00:03.000+00:00,,-12\n"
    )


def test_a_recording_comes_back_exactly(tmp_path):
    path = recorded(
        tmp_path,
        sample(1, T_MS, "230.10"),
        sample(1, T_MS, "-12.5", "power_active_total"),
        sample(2, T_MS + 1000, "231.45"),
    )
    recording = Recording(path)
    assert list(recording.times) == [T_MS * 1000, T_MS * 1000 + 1_000_000]
    assert [recording.value("voltage", row) for row in (0, 1)] == [
        Decimal("230.1"), Decimal("231.45"),
    ]  # fmt: skip
    assert recording.value("power_active_total", 1) == Decimal("-12.5")
    assert recording.skipped == 0


def test_several_devices_come_back_or_one_that_is_chosen(tmp_path):
    path = recorded(tmp_path, sample(1, T_MS, "1"), sample(2, T_MS, "2", device="other-meter"))
    recording = Recording(path)
    assert recording.devices == ["m", "other-meter"]
    assert [recording.value("voltage", 0, device) for device in recording.devices] == [1, 2]
    with pytest.raises(Exception, match="no device 'other'; the nearest is 'other-meter'"):
        Recording(path, device="other")
    assert Recording(path, device="other-meter").value("voltage", 0) == 2


def test_a_clock_that_is_set_late_places_what_came_before(tmp_path):
    early = {"uptime_ms": 500, "quality": "uncertain"}
    recorder = Recorder(tmp_path / "part")
    for item in (
        sample(1, None, "1", **early),
        sample(1, None, "9", boot=Boot("9f03a1c4", 4), **early),
        ClockSet("hall-2/press-07", BOOT, 2, 1500, T_MS + 1000, "ntp", BOOT.number),
        sample(3, T_MS + 1000, "2"),
        Gap("hall-2/press-07", BOOT, 4, 6),
    ):
        recorder.take(item)
    assert recorder.write(tmp_path / "out.csv") == 2
    times = Recording(tmp_path / "out.csv").times
    assert list(times) == [T_MS * 1000, T_MS * 1000 + 1_000_000]
    assert (recorder.unplaced(), recorder.missing()) == (1, 3)


def test_parquet_comes_back_exactly(tmp_path):
    pytest.importorskip("pyarrow")
    items = sample(1, T_MS, "230.10"), sample(2, T_MS + 1001, "-0.005", "power_active_total")
    path = recorded(tmp_path, *items, sample(3, T_MS + 2000, "231"), name="out.parquet")
    recording = Recording(path)
    assert list(recording.times) == [T_MS * 1000 + 1_001_000, T_MS * 1000 + 2_000_000]
    assert recording.value("power_active_total", 0) == Decimal("-0.005")
    assert recording.value("voltage", 1) == Decimal(231)


def test_without_pyarrow_parquet_is_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert cli.main(["record", "--out", str(tmp_path / "a.parquet")]) == 2
    assert "Parquet needs pyarrow, which is not part of the set-up" in capsys.readouterr().err
    with pytest.raises(Exception, match="needs pyarrow"):
        table_file.require_pyarrow()


def test_a_file_that_cannot_be_is_a_sentence(tmp_path, capsys):
    (tmp_path / "there.csv").touch()
    for name, sentence in (
        ("a.txt", "must end in .csv or .parquet"),
        ("there.csv", "is there already"),
        ("no/a.csv", "is not there"),
    ):
        assert cli.main(["record", "--out", str(tmp_path / name)]) == 2
        assert sentence in capsys.readouterr().err


def publish(port, *seqs):
    frame = {"inc": "9f03a1c4", "boot": 3, "cfg": "1c0ffee1", "low": seqs[0]}
    channel = {"name": "voltage", "unit": "V", "kind": "gauge", "places": 1}
    devices = [{"id": "m", "model": "X", "channel": [channel]}]
    birth = frame | {"firmware": "0.1.0", "reset": "wdt", "device": devices}
    records = [[seq, T_MS + 1000 * seq, 0, {"voltage": 230 + seq}] for seq in seqs]
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, "gateway")
    client.connect("127.0.0.1", port)
    client.loop_start()
    base = "limen/v1/hall-2/press-07/"
    client.publish(base + "birth", json.dumps(birth), 1, retain=True).wait_for_publish(PATIENCE_S)
    client.publish(base + "dev/m/data", json.dumps(frame | {"r": records}), 1).wait_for_publish(
        PATIENCE_S
    )
    client.disconnect()
    client.loop_stop()


def count_in(part: Path) -> int:
    if not part.exists():
        return 0
    with closing(sqlite3.connect(part)) as database:
        try:
            return database.execute("SELECT count(*) FROM sample").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def until(is_true):
    end_s = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < end_s, "it takes too long"
        time.sleep(0.02)


def test_a_recording_that_was_killed_goes_on_without_loss(tmp_path):
    with closing(create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    broker = brokers.start("auto", port, tmp_path / "broker")
    out = tmp_path / "out.csv"
    part = tmp_path / "out.csv.part"
    command = [sys.executable, "-m", "host_tools", "record", "--broker", f"127.0.0.1:{port}"]
    command += ["hall-2/+", "--out", str(out)]

    def start():
        return subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True)

    publish(port, 1, 2)  # before anybody listens: only the birth stays
    first = start()
    until(lambda: part.exists() and b"births of" in part.read_bytes())
    publish(port, 3, 4)
    until(lambda: count_in(part) == 2)
    first.kill()
    first.wait()
    first.stderr.close()
    publish(port, 5, 6)
    second = start()
    until(lambda: count_in(part) == 4)
    publish(port, 7, 8)
    until(lambda: count_in(part) == 6)
    second.send_signal(signal.SIGINT)
    _, told = second.communicate(timeout=PATIENCE_S)
    broker.kill()
    assert second.returncode == 0
    assert told.splitlines() == [
        f"limen record: going on with {part}", f"limen record: 6 rows in {out}"
    ]  # fmt: skip
    assert not part.exists()
    assert [Recording(out).value("voltage", row) for row in range(6)] == list(range(233, 239))
    assert list(Recording(out).times) == [(T_MS + 1000 * seq) * 1000 for seq in range(3, 9)]
