"""Any site plays a recording: meters behind ports and networks, parts and signals at pins."""

import csv

import pytest
from rich.console import Console

from host_tools import cli, interpreter
from host_tools.emulation.recording import Recording
from host_tools.paths import PROJECT
from host_tools.plan import plan_of_site
from host_tools.replay import Replay
from host_tools.run_csv import to_csv

FOUND = interpreter.find_or_none()
pytestmark = pytest.mark.skipif(not FOUND, reason="needs MicroPython")

ROWS = """\
time,power_active_total [kW],energy_import [kWh],temperature,digital_input
2026-03-02T05:00:00Z,12,100,21.5,0
2026-03-02T05:01:00Z,30,100.2,22.25,1
2026-03-02T05:02:00Z,-4,100.7,-3,0
"""
HEAD = """
[site]
id = "hall-2"
[mqtt]
host = "10.0.0.5"
[gateway.g1]
board = "espressif-esp32-devkitc-ve"
"""
SITE = f"""{HEAD}
[[gateway.g1.bus]]
id = "net"
kind = "modbus-tcp"
host = "converter.local"
[[gateway.g1.bus]]
id = "raw"
kind = "modbus-rtu-tcp"
host = "192.168.1.20"
port = 4196
[[gateway.g1.bus]]
id = "sensors"
kind = "i2c"
sda = 21
scl = 22
[[gateway.g1.bus]]
id = "pins"
kind = "pins"
[[gateway.g1.device]]
id = "one"
profile = "eastron-sdm630"
bus = "net"
address = 1
channels.power_active_total = {{}}
[[gateway.g1.device]]
id = "two"
profile = "eastron-sdm120"
bus = "raw"
address = 7
channels.voltage = {{}}
[[gateway.g1.device]]
id = "cabinet"
bus = "sensors"
profile = "sensirion-sht3x"
[[gateway.g1.device]]
id = "energy"
bus = "pins"
profile = "pulse-input"
pin = 18
quantity = "energy_import"
pulses_per_unit = 1000
[[gateway.g1.device]]
id = "door"
bus = "pins"
profile = "digital-input"
pin = 19
[[gateway.g1.device]]
id = "tank"
bus = "pins"
profile = "analog-input"
pin = 34
signal = "0-10 V"
divider = ["33 kohm", "10 kohm"]
quantity = "level"
from = "0 %"
to = "100 %"
"""


def replayed(folder, site, every_ms=10_000, rows=ROWS):
    """(summary, {device.channel: its values in their order}) of the recording through a site."""
    (folder / "rows.csv").write_text(rows)
    recording = Recording(folder / "rows.csv")
    signals = recording.signals()
    plan = plan_of_site(site, None, signals, 0)
    plan.override(every_ms=every_ms)
    replay = Replay(plan, recording.times[0] // 1_000_000, folder / "flash.bin")
    replay.play(signals.end_us, Console(quiet=True))
    rows = csv.DictReader(to_csv(replay.story.arrivals, replay.world.gateway).splitlines())
    told = {}
    for row in rows:
        if row["quality"] == "good":
            told.setdefault(f"{row['device']}.{row['channel']}", []).append(row["value"])
    return replay.world.summary(signals.end_us), told


def without_repetitions(values):
    return [one for place, one in enumerate(values) if [one] != values[max(0, place - 1) : place]]


def test_meters_behind_a_network_and_parts_at_pins(tmp_path):
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "secrets.toml").write_text('[wifi]\nssid = "h"\npassword = "12345678"\n')
    summary, told = replayed(tmp_path, tmp_path / "site.toml")
    assert summary.is_good
    assert summary.unjudged == []
    judged = {verdict.device: verdict for verdict in summary.verdicts}
    assert list(judged) == ["one", "two", "cabinet", "energy", "door", "tank"]
    assert all(verdict.read > 3 for verdict in judged.values())
    assert judged["door"].bound_text() == "0"
    assert judged["energy"].grain.counts == 2
    powers = without_repetitions(told["one.power_active_total"])
    assert [float(power) for power in powers] == [12_000, 30_000, -4_000]
    assert without_repetitions(told["cabinet.temperature"])[1:] == ["22.25", "-3.00"]
    assert without_repetitions(told["door.digital_input"]) == ["0", "1", "0"]
    assert float(told["energy.energy_import"][-1]) == pytest.approx(0.7 / 4)
    assert without_repetitions(told["tank.level"]) == ["54.225"]


def test_a_gateway_without_meters(tmp_path):
    """At 10 s, as an accelerometer's bursts take long to play."""
    summary, told = replayed(tmp_path, PROJECT / "examples/inputs/site.toml")
    assert [verdict.text() for verdict in summary.verdicts] == ["ok"] * len(summary.verdicts)
    assert without_repetitions(told["furnace.temperature"])[-1] == "-3.00"
    assert summary.is_good


SHAKEN = f"""{HEAD}
[[gateway.g1.bus]]
id = "fast"
kind = "spi"
sck = 14
mosi = 13
miso = 19
frequency = "2 MHz"
[[gateway.g1.device]]
id = "bearing"
profile = "analogdevices-adxl345"
bus = "fast"
cs = 32
rate = "3200 Hz"
range = "16 g"
axis = "z"
channels.vibration_acceleration = {{}}
channels.vibration_acceleration_peak = {{}}
channels.vibration_kurtosis = {{}}
"""


def test_what_a_shaken_sensor_makes_of_its_burst_is_compared_where_it_is_known(tmp_path):
    (tmp_path / "site.toml").write_text(SHAKEN)
    rows = "time,vibration_acceleration [m/s²]\n2026-03-02T05:00:00Z,2\n2026-03-02T05:02:00Z,5\n"
    summary, told = replayed(tmp_path, tmp_path / "site.toml", rows=rows)
    assert summary.is_good
    judged = {verdict.channel["name"]: verdict for verdict in summary.verdicts}
    assert list(judged) == ["vibration_acceleration", "vibration_acceleration_peak"]
    assert all(verdict.read > 3 for verdict in judged.values())
    assert summary.unjudged == ["bearing vibration_kurtosis"]
    assert float(told["bearing.vibration_acceleration_peak"][0]) == pytest.approx(2.83, rel=0.05)


def test_a_device_of_which_nothing_can_be_compared_is_read_all_the_same(tmp_path):
    lines = SHAKEN.splitlines(keepends=True)
    site = "".join(line for line in lines if not line.startswith("channels.vibration_acceleration"))
    (tmp_path / "site.toml").write_text(site)
    rows = "time,vibration_acceleration [m/s²]\n2026-03-02T05:00:00Z,2\n2026-03-02T05:01:00Z,2\n"
    summary, _ = replayed(tmp_path, tmp_path / "site.toml", rows=rows)
    assert summary.is_good and not summary.verdicts
    assert summary.unjudged == ["bearing vibration_kurtosis"]


def test_a_smart_meter(tmp_path):
    summary, told = replayed(tmp_path, PROJECT / "examples/smart-meter/site.toml")
    assert summary.is_good
    assert summary.samples > 100
    powers = without_repetitions(told["meter.power_import_total"])
    assert powers == ["12000", "30000", "0"]
    assert without_repetitions(told["meter.power_export_total"]) == ["0", "4000"]


OVEN = """\
vendor = "Acme"
model = "Oven 3"
source = ["a test"]
function = 4
word_order = "DCBA"
max_registers = 8
default = ["temperature", "energy_import"]
[[register]]
quantity = "temperature"
address = 7
type = "s16"
scale = 0.5
offset = 10
unit = "degC"
resolution = "0.1 degC"
[[register]]
quantity = "energy_import"
address = 300
type = "bcd32"
scale = 10
unit = "Wh"
resolution = "10 Wh"
[serial]
baud = 19200
source = ["a test"]
"""


def test_meters_that_only_their_profiles_describe(tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/acme-oven-3.toml").write_text(OVEN)
    (tmp_path / "secrets.toml").write_text('[wifi]\nssid = "h"\npassword = "12345678"\n')
    head, *devices = SITE.split("[[gateway.g1.device]]\n")
    own = [part.replace("eastron-sdm120", "acme-oven-3") for part in devices[:2]]
    own[0] = own[0].replace("eastron-sdm630", "sunspec-meter")
    own[1] = own[1].replace("channels.voltage = {}\n", "")
    (tmp_path / "site.toml").write_text("[[gateway.g1.device]]\n".join([head, *own]))
    summary, told = replayed(tmp_path, tmp_path / "site.toml")
    assert summary.is_good and summary.unjudged == []
    powers = without_repetitions(told["one.power_active_total"])
    assert [float(power) for power in powers] == [12_000, 30_000, -4_000]
    assert without_repetitions(told["two.temperature"]) == ["21.5", "22.5", "-3.0"]
    assert without_repetitions(told["two.energy_import"]) == ["50.00", "50.10", "50.35"]


@pytest.mark.skipif(
    not (FOUND and FOUND.is_chip_like), reason="needs a 32-bit MicroPython, with its heap"
)
def test_a_gateway_that_never_comes_online_says_why(tmp_path, capsys):
    """The reference site's board has no room for it and a TLS connection."""
    (tmp_path / "rows.csv").write_text(ROWS)
    site = PROJECT / "examples/reference/site.toml"
    options = ["--site", str(site), "--recording", str(tmp_path / "rows.csv"), "--every", "1min"]
    assert cli.main(["replay", *options]) == 1
    told = capsys.readouterr().err
    assert "The gateway has published nothing." in told
    assert "There is not enough memory for the TLS handshake: take a board with PSRAM" in told


def test_a_current_transformer_on_mains_of_60_hz(tmp_path):
    head, *_ = SITE.split("[[gateway.g1.bus]]\n")
    one = """
    [[gateway.g1.bus]]
    id = "pins"
    kind = "pins"
    [[gateway.g1.device]]
    id = "motor"
    bus = "pins"
    profile = "current-transformer"
    pin = 34
    primary = "100 A"
    secondary = "0.333 V"
    mains = "60 Hz"
    """
    (tmp_path / "site.toml").write_text(head + one)
    summary, _ = replayed(tmp_path, tmp_path / "site.toml")
    assert summary.is_good


@pytest.mark.parametrize("pair", ["0-3", "2-3"])
def test_a_signal_between_two_inputs_of_a_converter(tmp_path, pair):
    device = f"""\
[[gateway.g1.bus]]
id = "wires"
kind = "i2c"
sda = 21
scl = 22
[[gateway.g1.device]]
id = "between"
profile = "ti-ads1115"
bus = "wires"
input = "{pair}"
quantity = "pressure"
signal = "-2..2 V"
from = "-5 bar"
to = "5 bar"
"""
    (tmp_path / "site.toml").write_text(HEAD + device)
    rows = "time,pressure [bar]\n2026-03-02T05:00:00Z,-4.5\n2026-03-02T05:01:00Z,3\n"
    summary, told = replayed(tmp_path, tmp_path / "site.toml", rows=rows)
    assert summary.is_good
    assert without_repetitions(told["between.pressure"]) == ["-4.500", "3.000"]
