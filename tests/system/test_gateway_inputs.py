"""Sensors and pins of a whole gateway: from the part to the message, over power cuts."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest

from console import troubles
from host_tools.emulation.parts.ads1115 import Ads1115
from host_tools.emulation.parts.adxl345 import Adxl345
from host_tools.emulation.parts.bme280 import Bme280
from host_tools.emulation.parts.ds18b20 import Ds18b20, OneWireLine
from host_tools.emulation.parts.mcp9600 import Mcp9600
from host_tools.emulation.parts.sht3x import Sht3x
from host_tools.gateway_image import gateway_files
from host_tools.image import FILE_SYSTEM_OFFSET, build_image
from host_tools.paths import PROJECT
from host_tools.site import load_site
from virtual_gateway import VirtualGateway

SITE = """
[site]
id = "hall-2"
ntp = ["time.local"]
[mqtt]
host = "broker.local"
[gateway.g1]
board = "espressif-esp32-devkitc"
[[gateway.g1.bus]]
id = "sensors"
kind = "i2c"
sda = 21
scl = 22
[[gateway.g1.bus]]
id = "pins"
kind = "pins"
[[gateway.g1.device]]
id = "cabinet"
bus = "sensors"
profile = "sensirion-sht3x"
every = "1s"
[[gateway.g1.device]]
id = "door"
bus = "pins"
profile = "digital-input"
pin = 18
every = "1h"
debounce = "30ms"
[[gateway.g1.device]]
id = "water"
bus = "pins"
profile = "pulse-input"
pin = 19
quantity = "volume_water"
pulses_per_unit = 100
start = "7.5 m³"
every = "10s"
[[gateway.g1.device]]
id = "valve"
bus = "pins"
profile = "digital-output"
pin = 23
safe = "on"
every = "10s"
"""
GOOD, UNCERTAIN, BAD = 0, 1, 2


class Gateway(VirtualGateway):
    def __init__(self, folder, site=SITE):
        super().__init__(folder, site, time_servers=("time.local", "pool.ntp.org"))
        self.sensor = Sht3x(self.scheduler, 25, 40)
        self.board.peripherals.i2c[0] = {0x44: self.sensor}
        self.board.set_pin(18, 0)

    def told(self, device):
        """[(ms since the world began, quality, values)] of a device since its clock was set."""
        start_ms = self.scheduler.start_utc_us // 1000
        return [
            (a.record.t_ms - start_ms, a.record.quality, tuple(a.record.body.by_channel.values()))
            for a in self.arrivals
            if a.device == device and a.record.t_ms is not None
        ]


@pytest.fixture
def gateway(tmp_path):
    with Gateway(tmp_path) as gateway:
        yield gateway


def test_a_sensor_is_read_each_second_and_bad_while_it_is_gone(gateway):
    gateway.run(10.5)
    gateway.sensor.is_present = False
    gateway.run(5)
    gateway.sensor.is_present = True
    gateway.run(5)
    told = gateway.told("cabinet")
    assert {tuple(map(str, values)) for _, quality, values in told if quality == GOOD} == {
        ("25.00", "40.00")
    }
    bad = [ms for ms, quality, values in told if (quality, values) == (BAD, (None, None))]
    assert bad and all(10_500 <= ms < 16_600 for ms in bad)
    assert [quality for ms, quality, _ in told if ms > 17_600][:2] == [GOOD, GOOD]
    assert troubles(gateway.console) == []


def test_edges_are_told_with_their_own_times(gateway):
    edges_ms = (12_345, 12_400, 15_000)
    for number, edge_ms in enumerate(edges_ms):
        for bounce in range(5):
            gateway.scheduler.at(
                (edge_ms + 3 * bounce) * 1000,
                lambda level=(number + bounce + 1) % 2: gateway.board.set_pin(18, level),
            )
    gateway.run(20)
    told = [(ms, int(values[0])) for ms, _, values in gateway.told("door") if ms > 12_000]
    assert [level for _, level in told] == [1, 0, 1]
    for (told_ms, _), edge_ms in zip(told, edges_ms, strict=True):
        # The clock was set over the network, which takes some milliseconds each way.
        assert abs(told_ms - edge_ms) <= 5
    assert troubles(gateway.console) == []


def test_pulses_are_counted_over_a_power_cut(gateway):
    parts = gateway.board.peripherals
    for second in range(5, 100):
        gateway.scheduler.at(second * 1_000_000, lambda: parts.pulse(19, 3))
    gateway.run(100)
    gateway.run(40)
    told = [values[0] for _, _, values in gateway.told("water")]
    assert told == sorted(told)
    assert str(told[-1]) == "10.350"  # 7.5 m³ and 285 pulses of 10 litres
    gateway.board.power_cut()
    parts.pulse(19, 1000)
    gateway.board.start()
    gateway.run(30)
    parts.pulse(19)
    gateway.run(20)
    told = [values[0] for _, _, values in gateway.told("water")]
    assert str(told[-1]) == "10.360"
    assert troubles(gateway.console) == []


def test_an_output_is_safe_from_the_start_and_without_a_configuration(gateway):
    board = gateway.board
    gateway.run(15)
    assert board.pins[23] == 1
    assert gateway.told("valve")[-1][1:] == (GOOD, (1,))
    board.stop()
    files = {name: data for name, data in gateway.files.items() if "config" not in name}
    gateway.flash.write(FILE_SYSTEM_OFFSET, build_image(files))
    board.pins.clear()
    board.start()
    gateway.run(5)
    assert board.pins == {23: 1}
    assert [line for line in gateway.console if "ENOENT" in line]


def test_an_output_that_the_site_has_no_more_is_left_alone(tmp_path, gateway):
    gateway.run(5)
    gateway.board.stop()
    site = SITE.partition('[[gateway.g1.bus]]\nid = "pins"')
    devices = [d for d in SITE.split("[[gateway.g1.device]]")[1:] if 'bus = "sensors"' in d]
    (tmp_path / "site.toml").write_text(site[0] + "[[gateway.g1.device]]" + devices[0])
    files = gateway_files(load_site(tmp_path / "site.toml"), "g1")
    gateway.flash.write(FILE_SYSTEM_OFFSET, build_image(files))
    for _ in range(2):
        gateway.board.pins.clear()
        gateway.board.start()
        gateway.run(5)
        told = dict(gateway.board.pins)
        gateway.board.stop()
    assert told == {}
    gateway.board.start()
    assert troubles(gateway.console) == []


def wire_everything(gateway):
    """The parts of examples/inputs, each at a value of its own."""
    world, parts = gateway.scheduler, gateway.board.peripherals
    parts.i2c[0] = {
        0x44: Sht3x(world, 30, 60),
        0x76: Bme280(world, 21, 45, 980),
        0x60: Mcp9600(world, hot=850, cold=31),
        0x48: Ads1115(world, Fraction(12, 10)),
    }
    parts.spi[1] = {15: Adxl345(world, lambda now_us: (math.sin(now_us / 500), 0, 1))}
    thermometers = {0x0000052B7D3A: Fraction("61.5"), 0x0000052C11F0: Fraction("-3.25")}
    parts.one_wire[4] = OneWireLine(*[Ds18b20(world, *both) for both in thermometers.items()])
    amplitude = 20 * math.sqrt(2) / 2000 * 10  # 20 A, in 10 ohms
    parts.volts = {
        34: Fraction(5 * 10, 43),
        35: lambda us: 1.6 + amplitude * math.sin(2 * math.pi * us / 20_000),
    }
    gateway.board.set_pin(19, 1)
    world.at(5_000_000, lambda: parts.pulse(18, 40))


def test_one_of_each_input(tmp_path):
    gateway = Gateway(tmp_path, (PROJECT / "examples/inputs/site.toml").read_text())
    wire_everything(gateway)
    gateway.board.start()
    gateway.run(70)
    gateway.board.stop()
    assert troubles(gateway.console) == []
    newest = {}
    for arrival in [arrival for arrival in gateway.arrivals if arrival.device != "gateway"]:
        for name, value in arrival.record.body.by_channel.items():
            newest[f"{arrival.device}.{name}"] = (value, arrival.record.quality)
    motion = [newest.pop(f"bearing.vibration_acceleration{end}") for end in ("", "_peak")]
    current, quality = newest.pop("motor.current")
    assert abs(current - 20) < Decimal("0.2") and quality == GOOD
    assert [quality for _, quality in motion] == [GOOD, GOOD]
    assert abs(motion[0][0] - Decimal("6.93")) < Decimal("0.3")  # 1 g over the root of two
    assert abs(motion[1][0] - Decimal("9.81")) < Decimal("0.3")
    air = [
        newest.pop(f"hall-air.{name}")[0] for name in ("temperature", "humidity", "pressure_air")
    ]
    assert [round(value) for value in air] == [21, 45, 980]
    assert {name: (str(value), quality) for name, (value, quality) in newest.items()} == {
        "cabinet.temperature": ("30.00", GOOD),
        "cabinet.humidity": ("60.00", GOOD),
        "furnace.temperature": ("850.00", GOOD),
        "furnace.temperature_cold_junction": ("31.00", GOOD),
        "oil-pressure.pressure": ("125.0", GOOD),
        "flow-pipe.temperature": ("61.50", GOOD),
        "return-pipe.temperature": ("-3.25", GOOD),
        "energy.energy_import": ("4821.740", GOOD),
        "tank.level": ("50.000", GOOD),
        "door.digital_input": ("1", GOOD),
        "horn.digital_output": ("0", GOOD),
    }
