"""Drivers on the emulated board, against parts that were written from their data sheets.

A small program opens one bus with the firmware's own modules and prints what a device's channels
are at each reading. All numbers here are facts of the parts, in units; none is read from a driver.
"""

import json
import math
from fractions import Fraction

import pytest

from host_tools.emulation.parts.ads1115 import Ads1115
from host_tools.emulation.parts.adxl345 import Adxl345
from host_tools.emulation.parts.bme280 import Bme280
from host_tools.emulation.parts.ds18b20 import Ds18b20, OneWireLine
from host_tools.emulation.parts.lis3dh import Lis3dh
from host_tools.emulation.parts.mcp9600 import Mcp9600
from host_tools.emulation.parts.sht3x import Sht3x
from host_tools.image import library_files
from limen.core.config import check
from small_board import VirtualRun

PROGRAM = """
import asyncio, json
from limen import drivers
from limen.core.channel import Channel
from limen.hal import pins, wires

class Store(dict):
    def set(self, name, value):
        self[name] = value

class Task:
    def __init__(self, bus, part):
        self.channels = [Channel(spec, None) for spec in part["channel"]]
        kind = drivers.load(bus.kind, part["driver"])[1]
        self.reader = kind(bus, part, self.channels)

    async def read(self):
        for channel in self.channels:
            channel.fresh = True
        await self.reader.read()
        print(json.dumps([[c.value, c.quality] for c in self.channels]))

async def main():
    with open("/input.json") as file:
        config = json.load(file)
    part = config["bus"][0]
    port = pins if part["kind"] == "pins" else getattr(wires, part["kind"])(part)
    bus = drivers.load(part["kind"])[0](port, part, Store())
    tasks = [Task(bus, device) for device in config["device"]]
    while True:
        for task in tasks:
            await task.read()
        await asyncio.sleep_ms(EVERY_MS)

asyncio.run(main())
"""
CHIP = {
    "chip": "esp32",
    "network": "wifi",
    "uart": [1, 2],
    "output": [4, 5, 12, 13, 14, 18, 19, 21, 22, 23, 32, 33],
    "input": [34, 35, 36, 39],
    "port": [],
}
BUSES = {
    "i2c": {"kind": "i2c", "sda": 21, "scl": 22},
    "spi": {"kind": "spi", "sck": 14, "mosi": 13, "miso": 12, "frequency": "5 MHz"},
    "onewire": {"kind": "onewire", "pin": 4},
    "pins": {"kind": "pins"},
}
GOOD, UNCERTAIN, BAD = 0, 1, 2
NONE = [None, BAD]


def configuration(kind, *devices):
    """The compact form of a site with these devices on one bus."""
    written = [{"id": f"d{n}", "bus": "b"} | device for n, device in enumerate(devices)]
    gateway = {"board": "one", "bus": [BUSES[kind] | {"id": "b"}], "device": written}
    site = {"site": {"id": "s"}, "mqtt": {"host": "h"}, "gateway": {"g": gateway}}
    compact, problems = check(site, "g", {}, {"one": CHIP})
    assert problems == []
    return compact


class InputRun(VirtualRun):
    """A board that reads some devices again and again."""

    def __init__(self, folder, kind, *devices, every_ms=1000):
        files = {f"/lib/{name}": data for name, data in library_files().items()}
        files["/input.json"] = json.dumps(configuration(kind, *devices)).encode()
        program = PROGRAM.replace("EVERY_MS", str(every_ms))
        super().__init__(folder, program, files=files)
        self.parts = self.board.peripherals

    def readings(self, seconds):
        """What was printed in so many more seconds."""
        before = len(self.lines)
        return [json.loads(line) for line in self.run_for(seconds)[before:]]


@pytest.mark.parametrize("celsius", ["-40", "-12.345", "0", "25.001", "124.9"])
def test_sht3x(tmp_path, celsius):
    with InputRun(tmp_path, "i2c", {"profile": "sensirion-sht3x"}) as run:
        percent = Fraction(celsius) / 4 + 50
        run.parts.i2c[0] = {0x44: Sht3x(run.scheduler, Fraction(celsius), percent)}
        ((temperature, humidity),) = run.readings(1)
        assert (temperature[1], humidity[1]) == (GOOD, GOOD)
        assert abs(temperature[0] - Fraction(celsius) * 100) <= 1
        assert abs(humidity[0] - percent * 100) <= 1


def test_sht3x_garbled_absent_and_back(tmp_path):
    with InputRun(tmp_path, "i2c", {"profile": "sensirion-sht3x"}) as run:
        part = Sht3x(run.scheduler, 20, 50)
        run.parts.i2c[0] = {0x44: part}
        first = run.readings(1)[0]
        part.garble = lambda answer: answer[:2] + bytes([answer[2] ^ 1]) + answer[3:]
        assert run.readings(1)[-1] == [NONE, first[1]]
        part.is_present = False
        assert run.readings(2)[-1] == [NONE, NONE]
        part.is_present = True
        part.garble = lambda answer: answer
        assert run.readings(2)[-1] == first


@pytest.mark.parametrize(
    ("celsius", "percent", "hectopascal"),
    [("-39.5", 5, 305), ("-5.25", 80, 850), ("0", 50, 1013), ("21.7", 45, 955), ("84", 99, 1099)],
)
def test_bme280(tmp_path, celsius, percent, hectopascal):
    with InputRun(tmp_path, "i2c", {"profile": "bosch-bme280", "address": 0x77}) as run:
        part = Bme280(run.scheduler, Fraction(celsius), percent, hectopascal)
        run.parts.i2c[0] = {0x77: part}
        (values,) = run.readings(1)
        assert [quality for _, quality in values] == [GOOD] * 3
        temperature, humidity, pressure = [value for value, _ in values]
        assert abs(temperature - Fraction(celsius) * 100) <= 1
        assert abs(humidity - percent * 100) <= 8  # the data sheet's integers are that coarse
        assert abs(pressure - hectopascal * 100) <= 4


def test_mcp9600_keeps_its_type(tmp_path):
    device = {"profile": "microchip-mcp9600", "address": 0x60, "thermocouple": "J"}
    with InputRun(tmp_path, "i2c", device) as run:
        part = Mcp9600(run.scheduler, hot=Fraction("-25.0625"), cold=Fraction("18.5"), wired="J")
        run.parts.i2c[0] = {0x60: part}
        assert run.readings(1) == [[[-2506, GOOD], [1850, GOOD]]]
        part.lose_power()
        assert run.readings(2)[-2:] == [[NONE, [1850, GOOD]], [[-2506, GOOD], [1850, GOOD]]]
        part.is_open = True
        assert run.readings(1)[-1] == [NONE, [1850, GOOD]]


LOOP = {"quantity": "pressure", "signal": "4-20 mA", "shunt": "100 ohm"}
LOOP |= {"from": "0 bar", "to": "10 bar"}


@pytest.mark.parametrize(
    ("milliamperes", "expected"),
    [
        ("4", [0, GOOD]),
        ("12", [5000, GOOD]),
        ("20", [10000, GOOD]),
        ("3.7", [-188, UNCERTAIN]),
        ("3.59", NONE),
        ("0", NONE),
        ("20.8", [10500, UNCERTAIN]),
        ("21.01", NONE),
    ],
)
def test_a_current_loop_at_the_chip_and_at_an_ads1115(tmp_path, milliamperes, expected):
    volts = Fraction(milliamperes) / 10
    chip, external = tmp_path / "chip", tmp_path / "external"
    chip.mkdir()
    external.mkdir()
    with InputRun(chip, "pins", {"profile": "analog-input", "pin": 34} | LOOP) as run:
        run.parts.volts[34] = volts
        assert run.readings(1) == [[expected]]
    device = {"profile": "ti-ads1115", "input": "2", "address": 0x49} | LOOP
    with InputRun(external, "i2c", device) as run:
        run.parts.i2c[0] = {0x49: Ads1115(run.scheduler, 0, 0, volts)}
        (((value, quality),),) = run.readings(1)
        assert quality == expected[1]
        assert value == expected[0] or abs(value - expected[0]) <= 1


def test_the_inputs_of_one_ads1115(tmp_path):
    volts = {"quantity": "voltage_dc", "signal": "0-2 V", "from": "0 V", "to": "2 V"}
    devices = [
        {"profile": "ti-ads1115", "input": name, "full_scale": "4096 mV"} | volts
        for name in ("0", "1", "0-1", "2-3")
    ]
    with InputRun(tmp_path, "i2c", *devices) as run:
        part = Ads1115(run.scheduler, Fraction(19, 10), Fraction(4, 10), 3, Fraction(31, 10))
        run.parts.i2c[0] = {0x48: part}
        assert run.readings(1)[:4] == [
            [[1900, GOOD]],
            [[400, GOOD]],
            [[1500, GOOD]],
            [[-100, UNCERTAIN]],
        ]


def test_a_signal_that_goes_below_zero(tmp_path):
    device = {"profile": "ti-ads1115", "quantity": "pressure", "signal": "-10..10 V"}
    device |= {"input": "2-3", "divider": ["68 kohm", "10 kohm"], "full_scale": "2048 mV"}
    device |= {"from": "-5 bar", "to": "5 bar"}
    with InputRun(tmp_path, "i2c", device) as run:
        middle = Fraction(165, 100)
        part = Ads1115(run.scheduler, 0, 0, middle, middle)
        run.parts.i2c[0] = {0x48: part}
        assert run.readings(1)[-1] == [[0, GOOD]]
        part.inputs[2] = middle - Fraction(10, 78) * 8
        assert run.readings(1)[-1] == [[-4000, GOOD]]


def test_ds18b20_sensors_on_one_line(tmp_path):
    serials = (0x0123456789AB, 2)
    devices = [
        {"profile": "maxim-ds18b20", "rom": f"28-{serial:012x}", "bits": bits}
        for serial, bits in zip(serials, (12, 10), strict=True)
    ]
    with InputRun(tmp_path, "onewire", *devices) as run:
        parts = [
            Ds18b20(run.scheduler, serial, celsius)
            for serial, celsius in zip(
                serials, (Fraction("-10.125"), Fraction("25.3")), strict=True
            )
        ]
        run.parts.one_wire[4] = OneWireLine(*parts)
        first = run.readings(2)
        assert first[:2] == [[[-1013, GOOD]], [[2525, GOOD]]]
        parts[0].temperature = Fraction("0.5")
        assert sorted(run.readings(4)[-2:]) == [[[50, GOOD]], [[2525, GOOD]]]
        parts[0].garble = lambda pad: pad[:-1] + bytes([pad[-1] ^ 0x80])
        parts[1].is_present = False
        assert run.readings(4)[-2:] == [[NONE], [NONE]]


def test_a_ds18b20_that_has_not_measured_is_bad(tmp_path):
    with InputRun(tmp_path, "onewire", {"profile": "maxim-ds18b20"}) as run:
        part = Ds18b20(run.scheduler, 7, 21)
        part._convert = lambda: None  # its supply breaks down when it measures
        run.parts.one_wire[4] = OneWireLine(part)
        assert run.readings(2)[-1] == [NONE]


def sway(now_us):
    """50 Hz of 1 g along x, 2 g of 120 Hz along y, at rest upwards."""
    angle = 2 * math.pi * now_us / 1e6
    return math.sin(50 * angle), 2 * math.sin(120 * angle), 1


G = 9.80665
MOTION = {
    "channels": {
        "acceleration_z": {},
        "vibration_acceleration_x": {},
        "vibration_acceleration_y": {},
        "vibration_acceleration_z": {},
        "vibration_acceleration": {},
        "vibration_acceleration_peak": {},
    }
}


@pytest.mark.parametrize(
    ("profile", "part_class", "kind", "settings"),
    [
        ("analogdevices-adxl345", Adxl345, "i2c", {"rate": "800 Hz"}),
        ("analogdevices-adxl345", Adxl345, "spi", {"rate": "3200 Hz", "cs": 5, "samples": 2048}),
        ("st-lis3dh", Lis3dh, "i2c", {"rate": "400 Hz", "range": "4 g"}),
        ("st-lis3dh", Lis3dh, "spi", {"rate": "1344 Hz", "cs": 5, "range": "8 g", "samples": 512}),
    ],
)
def test_vibration(tmp_path, profile, part_class, kind, settings):
    with InputRun(tmp_path, kind, {"profile": profile} | settings | MOTION) as run:
        part = part_class(run.scheduler, sway)
        run.parts.i2c[0] = {0x53: part, 0x18: part}
        run.parts.spi[1] = {5: part}
        values = run.readings(4)[0]
        assert [quality for _, quality in values] == [GOOD] * 6
        expected = {
            "vibration_acceleration": math.sqrt((1 + 4) / 2),
            "vibration_acceleration_peak": 2,
            "vibration_acceleration_x": math.sqrt(1 / 2),
            "vibration_acceleration_y": math.sqrt(4 / 2),
            "vibration_acceleration_z": 0,
            "acceleration_z": 1,
        }
        names = [
            channel["name"]
            for channel in configuration(kind, {"profile": profile} | settings | MOTION)["device"][
                0
            ]["channel"]
        ]
        for name, (value, _) in zip(names, values, strict=True):
            # Bursts begin anywhere in the wave, so the RMS is that of a sample of it.
            assert abs(value / 1000 - expected[name] * G) < 0.06 * G + 0.03 * expected[name] * G


@pytest.mark.parametrize(
    ("profile", "part_class", "settings"),
    [
        ("analogdevices-adxl345", Adxl345, {"rate": "3200 Hz", "samples": 2048}),
        ("st-lis3dh", Lis3dh, {"rate": "1344 Hz", "samples": 1024}),
    ],
)
def test_a_stream_without_a_gap(tmp_path, profile, part_class, settings):
    """A shaft of 1500 turns a minute: 1 g along z, and a tenth of it at the second order."""

    def shake(now_us):
        turn = 2 * math.pi * 25 * now_us / 1e6
        return 0, 0, math.sin(turn) + math.sin(2 * turn) / 10

    names = "velocity", "order_1", "order_2"
    device = {"profile": profile, "cs": 5, "speed": "1500 1/min"} | settings
    device["channels"] = {f"vibration_{name}": {} for name in names}
    with InputRun(tmp_path, "spi", device) as run:
        run.parts.spi[1] = {5: part_class(run.scheduler, shake)}
        (velocity, order_1, order_2) = run.readings(2)[0]
        assert velocity[1] == order_1[1] == order_2[1] == GOOD
        assert abs(velocity[0] / 1000 - 44.2) < 0.5
        assert abs(order_1[0] / 1000 - G) < 0.02 * G
        assert abs(order_2[0] / 1000 - G / 10) < 0.02 * G


def test_an_accelerometer_beyond_its_range_is_uncertain(tmp_path):
    device = {"profile": "st-lis3dh", "range": "2 g", "samples": 32}
    with InputRun(tmp_path, "i2c", device) as run:
        run.parts.i2c[0] = {0x18: Lis3dh(run.scheduler, lambda now_us: (0, 0, 2.5))}
        assert run.readings(1)[0][0][1] == UNCERTAIN


def test_pulses(tmp_path):
    device = {"profile": "pulse-input", "pin": 18, "quantity": "energy_import"}
    device |= {"pulses_per_unit": 1000, "start": "99 kWh"}
    with InputRun(tmp_path, "pins", device) as run:
        # A bouncing contact: more than the 60 ms from pulse to pulse allow.
        run.scheduler.at(2_500_000, lambda: run.parts.pulse(18, 40))
        for n in range(10):
            run.scheduler.at(4_400_000 + 60_000 * n, lambda: run.parts.pulse(18))
        values = [reading[0] for reading in run.readings(7)]
        assert values[0] == [99000, GOOD]
        assert [99040, UNCERTAIN] in values
        assert values[-1] == [99050, GOOD]


def test_pulses_over_many_rounds_of_the_counter(tmp_path):
    device = {"profile": "pulse-input", "pin": 18, "shortest": "1ms", "every": "30s"}
    with InputRun(tmp_path, "pins", device, every_ms=29000) as run:
        for n in range(1, 200):
            run.scheduler.at(n * 1_000_000, lambda: run.parts.pulse(18, 997))
        total, quality = run.readings(240)[-1][0]
        assert (total, quality) == (199 * 997, GOOD)
        assert total > 6 * 32000


def test_a_current_transformer(tmp_path):
    device = {"profile": "current-transformer", "pin": 35, "primary": "100 A"}
    device |= {"secondary": "50 mA", "burden": "22 ohm", "periods": 2}
    with InputRun(tmp_path, "pins", device) as run:
        # 40 A through a transformer of 100 A to 50 mA, in 22 ohms, around 1.65 V.
        amplitude = 40 * math.sqrt(2) / 2000 * 22
        run.parts.volts[35] = lambda us: 1.65 + amplitude * math.sin(2 * math.pi * us / 20_000)
        ((value, quality),) = run.readings(1)[0]
        assert quality == GOOD
        assert abs(value - 40000) < 200


def test_an_analog_accelerometer(tmp_path):
    """A shaft of 1500 turns a minute: 1 g, and a tenth of it at the second order."""
    names = "acceleration", "velocity", "order_1", "order_2"
    device = {"profile": "analog-vibration", "pin": 35, "sensitivity": "300 mV/g"}
    device |= {"speed": "1500 1/min", "divider": ["1 kohm", "2 kohm"]}
    device["channels"] = {f"vibration_{name}": {} for name in names}
    with InputRun(tmp_path, "pins", device) as run:

        def volts(now_us):
            turn = 2 * math.pi * 25 * now_us / 1e6
            return 1.25 + 0.2 * (math.sin(turn) + math.sin(2 * turn) / 10)

        run.parts.volts[35] = volts
        found = run.readings(2)[0]
        assert [quality for _, quality in found] == [GOOD] * 4
        rms, velocity, order_1, order_2 = [value / 1000 for value, _ in found]
        # The last turn of the burst is not whole.
        assert abs(rms - G * math.sqrt(1.01 / 2)) < 0.01 * G
        assert abs(velocity - 44.2) < 0.5
        assert abs(order_1 - G) < 0.002 * G
        assert abs(order_2 - G / 10) < 0.002 * G
