"""Emulated parts, read by Adafruit's CircuitPython drivers: those that nobody here has written.

What a peer reads from a part is what the part was set to, and what our own driver reads from it on
the emulated board (tests/system/test_inputs.py). So part and driver cannot share a mistake.
"""

from fractions import Fraction

import pytest

import circuitpython
from circuitpython import I2C
from host_tools.emulation.parts.ads1115 import Ads1115
from host_tools.emulation.parts.adxl345 import Adxl345
from host_tools.emulation.parts.bme280 import Bme280
from host_tools.emulation.parts.ds18b20 import Ds18b20, OneWireLine
from host_tools.emulation.parts.lis3dh import Lis3dh
from host_tools.emulation.parts.mcp9600 import Mcp9600
from host_tools.emulation.parts.sht3x import Sht3x
from host_tools.emulation.scheduler import VirtualScheduler


@pytest.fixture
def world():
    return VirtualScheduler()


@pytest.mark.parametrize(("celsius", "percent"), [("-39.9", 3), ("-0.01", 99.5), ("24.5", 50)])
def test_sht3x(monkeypatch, world, celsius, percent):
    driver = circuitpython.load(monkeypatch, world, "adafruit_sht31d")
    part = Sht3x(world, Fraction(celsius), percent)
    peer = driver.SHT31D(I2C(world, {0x44: part}))
    assert peer.temperature == pytest.approx(float(celsius), abs=0.003)
    assert peer.relative_humidity == pytest.approx(percent, abs=0.002)


def test_sht3x_of_a_wrong_checksum(monkeypatch, world):
    driver = circuitpython.load(monkeypatch, world, "adafruit_sht31d")
    part = Sht3x(world)
    peer = driver.SHT31D(I2C(world, {0x44: part}))
    part.garble = lambda answer: answer[:5] + bytes([answer[5] ^ 1])
    with pytest.raises(RuntimeError):
        _ = peer.temperature


@pytest.mark.parametrize(
    ("celsius", "percent", "hectopascal"),
    [("-30.25", 20, 310), ("-0.5", 60, 1013), ("25", 45, 955), ("80", 90, 1090)],
)
def test_bme280(monkeypatch, world, celsius, percent, hectopascal):
    driver = circuitpython.load(monkeypatch, world, "adafruit_bme280.basic")
    part = Bme280(world, Fraction(celsius), percent, hectopascal)
    peer = driver.Adafruit_BME280_I2C(I2C(world, {0x77: part}))
    assert peer.temperature == pytest.approx(float(celsius), abs=0.01)
    assert peer.humidity == pytest.approx(percent, abs=0.02)
    assert peer.pressure == pytest.approx(hectopascal, abs=0.02)


@pytest.mark.parametrize(("gain", "full_scale"), [(2 / 3, 6.144), (1, 4.096), (4, 1.024)])
def test_ads1115(monkeypatch, world, gain, full_scale):
    driver = circuitpython.load(monkeypatch, world, "adafruit_ads1x15")
    volts = [Fraction(3, 10), Fraction(-7, 10), 0, Fraction(9, 10)]
    ads = driver.ADS1115(I2C(world, {0x48: Ads1115(world, *volts)}), gain=gain)
    for number, voltage in enumerate(volts):
        assert driver.AnalogIn(ads, number).value == round(voltage / Fraction(full_scale) * 32768)
    assert driver.AnalogIn(ads, 0, 1).value == pytest.approx(32768 / full_scale, abs=1)
    assert driver.AnalogIn(ads, 0, 3).value == pytest.approx(-0.6 * 32768 / full_scale, abs=1)


@pytest.mark.parametrize(
    ("hot", "cold"), [("-200", "-40"), ("-0.0625", 0), (0, 25), (1300, "61.5")]
)
def test_mcp9600(monkeypatch, world, hot, cold):
    driver = circuitpython.load(monkeypatch, world, "adafruit_mcp9600")
    part = Mcp9600(world, Fraction(hot), Fraction(cold), wired="J" if hot == 1300 else "K")
    kind = "K" if hot != 1300 else "J"
    peer = driver.MCP9600(I2C(world, {0x67: part}), tctype=kind)
    assert peer.temperature == float(hot)
    assert peer.ambient_temperature == float(cold)
    assert peer.delta_temperature == float(Fraction(hot) - Fraction(cold))


STANDARD_GRAVITY = 9.80665


def test_adxl345(monkeypatch, world):
    driver = circuitpython.load(monkeypatch, world, "adafruit_adxl34x")
    part = Adxl345(world, lambda now_us: (0.5, -1, 1.5))
    peer = driver.ADXL345(I2C(world, {0x53: part}))
    # Adafruit takes a step as 4 mg, the data sheet as 1/256 g.
    assert (peer.raw_x, peer.raw_y, peer.raw_z) == (128, -256, 384)
    found = [axis / STANDARD_GRAVITY for axis in peer.acceleration]
    assert found == pytest.approx([0.5, -1, 1.5], rel=0.03)


@pytest.mark.parametrize(("code", "g"), [(0, 1.5), (1, 3), (2, 6), (3, 15)])
def test_lis3dh(monkeypatch, world, code, g):
    driver = circuitpython.load(monkeypatch, world, "adafruit_lis3dh")
    part = Lis3dh(world, lambda now_us: (g, -g, g / 2))
    peer = driver.LIS3DH_I2C(I2C(world, {0x18: part}))
    peer.range = code
    found = [axis / STANDARD_GRAVITY for axis in peer.acceleration]
    # Adafruit has 16380 steps for 1 g at ±2 g, the data sheet 16000.
    assert found == pytest.approx([g, -g, g / 2], rel=0.03)


def test_ds18b20(monkeypatch, world):
    driver = circuitpython.load(monkeypatch, world, "adafruit_ds18x20")
    bus = circuitpython.load(monkeypatch, world, "adafruit_onewire.bus")
    celsius = {1: "-55", 2: "-10.125", 0x77: "0.5", 0x1234567890AB: "125"}
    parts = [Ds18b20(world, serial, Fraction(value)) for serial, value in celsius.items()]
    line = bus.OneWireBus((world, OneWireLine(*parts)))
    found = {}
    for address in line.scan():
        found[int.from_bytes(address.serial_number, "little")] = driver.DS18X20(line, address)
    assert {serial: peer.temperature for serial, peer in found.items()} == {
        serial: float(value) for serial, value in celsius.items()
    }
    parts[0].temperature = Fraction("25.3")
    found[1].resolution = 9
    assert (found[1].resolution, found[1].temperature) == (9, 25.0)
