"""Sensors and pins in a site file: what becomes of them, and every mistake."""

from limen.core.config import check

CHIP = {
    "chip": "esp32",
    "network": "wifi",
    "uart": [1, 2],
    "output": [4, 5, 12, 13, 14, 18, 19, 21, 22, 23, 32, 33],
    "input": [34, 35],
    "port": [],
}
WIRES = {"id": "wires", "kind": "i2c", "sda": 21, "scl": 22}
SPI = {"id": "fast", "kind": "spi", "sck": 14, "mosi": 13, "miso": 12}
WIRE = {"id": "wire", "kind": "onewire", "pin": 4}
PINS = {"id": "pins", "kind": "pins"}
P1 = {"id": "port", "kind": "p1", "rx": 34, "tx": 13}
BUSES = {"i2c": WIRES, "spi": SPI, "onewire": WIRE, "pins": PINS, "p1": P1}


def checked(bus, devices, chip="esp32"):
    """(configuration, problems) of a gateway with these devices on one bus."""
    written = [
        dict({"id": "d%d" % n, "bus": bus["id"]}, **device) for n, device in enumerate(devices)
    ]
    site = {
        "site": {"id": "hall-2"},
        "mqtt": {"host": "broker.local"},
        "gateway": {"g1": {"board": "one", "bus": [bus], "device": written}},
    }
    return check(site, "g1", {}, {"one": dict(CHIP, chip=chip)})


def compiled(kind, **device):
    configuration, problems = checked(BUSES[kind], [device])
    assert problems == []
    (found,) = configuration["device"]
    return found


def said(kind, *devices, **options):
    """The problems of some devices, sorted, as "number.key: sentence"; MicroPython has no order."""
    compact, problems = checked(options.pop("bus", BUSES[kind]), devices, **options)
    assert (compact is None) == bool(problems)
    return sorted(
        [".".join([str(key) for key in path[3:]]) + ": " + text for path, text in problems]
    )


def settings(device):
    """What the driver gets beside what every device has."""
    common = ("id", "bus", "model", "driver", "channel")
    return {key: value for key, value in device.items() if key not in common}


def test_a_sensor_needs_no_more_than_its_name():
    device = compiled("i2c", profile="sensirion-sht3x")
    assert device == {
        "id": "d0",
        "bus": 0,
        "model": "Sensirion SHT3x",
        "driver": "sht3x",
        "address": 0x44,
        "channel": [
            {"name": "temperature", "unit": "°C", "kind": "gauge", "places": 2, "every_ms": 10000},
            {"name": "humidity", "unit": "%", "kind": "gauge", "places": 2, "every_ms": 10000},
        ],
    }


def test_channels_have_reports_alarms_and_resolutions():
    alarm = {"high": "30 °C", "hysteresis": "1 °C"}
    channels = {"temperature": {"resolution": "0.1 °C", "alarm": alarm}}
    device = compiled("i2c", profile="bosch-bme280", address=0x77, channels=channels)
    (channel,) = device["channel"]
    assert (channel["places"], channel["alarm"][0]["limit"]) == (1, 300)
    assert settings(device) == {"address": 0x77}


def test_buses_and_their_controllers():
    configuration, _ = checked(dict(WIRES, frequency="400 kHz"), [{"profile": "bosch-bme280"}])
    assert configuration["bus"] == [
        {"id": "wires", "kind": "i2c", "sda": 21, "scl": 22, "hz": 400000, "i2c": 0}
    ]
    device = {"profile": "st-lis3dh", "cs": 5}
    configuration, _ = checked(SPI, [device])
    assert configuration["bus"][0]["spi"] == 1
    assert configuration["bus"][0]["hz"] == 1000000
    configuration, _ = checked(WIRE, [{"profile": "maxim-ds18b20"}])
    assert configuration["bus"] == [{"id": "wire", "kind": "onewire", "pin": 4}]


def test_sensors():
    device = compiled("i2c", profile="microchip-mcp9600", thermocouple="J", address=0x67)
    assert settings(device) == {"address": 0x67, "thermocouple": 1}
    device = compiled("onewire", profile="maxim-ds18b20", rom="28-0123456789AB", bits=10)
    assert settings(device) == {"rom": "28ab8967452301", "bits": 10}
    assert settings(compiled("onewire", profile="maxim-ds18b20")) == {"rom": None, "bits": 12}


def test_accelerometers():
    device = compiled("i2c", profile="analogdevices-adxl345", samples=100)
    assert settings(device) == {"address": 0x53, "rate_hz": 400, "range_g": 16, "windows": 4}
    assert [channel["name"] for channel in device["channel"]] == [
        "vibration_acceleration",
        "vibration_acceleration_peak",
    ]
    device = compiled(
        "spi", profile="analogdevices-adxl345", cs=5, rate="3200 Hz", range="2 g", samples=256
    )
    assert settings(device) == {"cs": 5, "rate_hz": 3200, "range_g": 2, "windows": 8}


def test_a_current_loop():
    device = compiled(
        "pins",
        profile="analog-input",
        pin=34,
        quantity="pressure",
        signal="4-20 mA",
        shunt="100 ohm",
        channels={"pressure": {"resolution": "0.01 bar"}},
        **{"from": "0 bar", "to": "10 bar"},
    )
    assert settings(device) == {
        "pin": 34,
        "line": [1, -400000, 1600],
        "limits": [360000, 380000, 2050000, 2100000],
    }
    (channel,) = device["channel"]
    assert (channel["name"], channel["unit"], channel["places"]) == ("pressure", "bar", 2)


def analog(**changes):
    device = {"profile": "analog-input", "pin": 34, "quantity": "level", "signal": "0-10 V"}
    device.update({"from": "0 %", "to": "100 %", "divider": ["33 kohm", "10 kohm"]})
    device.update(changes)
    return device


def test_a_voltage_through_a_divider():
    # At the pin 10 V are 10/43 of it: 2325581 µV.
    device = compiled("pins", **analog())
    assert device["channel"][0]["places"] == 3
    assert device["line"] == [43, 0, 1000]
    assert device["limits"] == [-116279, 150000, 2372093, 2441860]


def test_a_falling_line_and_an_offset():
    changes = {"signal": "0.5-2.3 V", "divider": ["0.001 ohm", "1 Mohm"]}
    device = compiled("pins", **analog(**dict(changes, **{"from": "100 %", "to": "-20 %"})))
    numerator, offset, denominator = device["line"]
    assert numerator < 0
    at_low = numerator * 500000 + offset
    assert abs(at_low - 100000 * denominator) < denominator


def ads1115(**changes):
    device = {"profile": "ti-ads1115", "input": "0", "quantity": "pressure"}
    device.update({"signal": "4-20 mA", "shunt": "100 ohm", "from": "0 bar", "to": "10 bar"})
    device.update(changes)
    return device


def test_a_converter_on_i2c():
    # At 125 µV a step, 4 mA are 3200 steps and 20 mA 16000.
    assert settings(compiled("i2c", **ads1115())) == {
        "address": 0x48,
        "mux": 4,
        "gain": 1,
        "line": [25, -80000, 32],
        "limits": [2880, 3040, 16400, 16800],
    }
    device = compiled("i2c", **ads1115(input="2-3", full_scale="6144 mV", address=0x4B))
    assert (device["mux"], device["gain"], device["limits"][0]) == (3, 0, 1920)


def test_the_inputs_of_a_converter_are_devices_of_their_own():
    assert said("i2c", ads1115(), ads1115(input="1"), ads1115(input="0-1")) == []
    assert said("i2c", ads1115(), ads1115()) == [
        "1.address: 0x48 on this bus belongs to device[0] already"
    ]


def test_current_transformers():
    device = {"profile": "current-transformer", "pin": 34}
    clamp = compiled("pins", primary="100 A", secondary="50 mA", burden="22 ohm", **device)
    # 50 mA in 22 ohms are 1.1 V: a step of 0.1 mV is 1/110 A.
    assert settings(clamp) == {
        "pin": 34,
        "period_us": 20000,
        "bursts": 10,
        "line": [100, 0, 11],
    }
    assert clamp["channel"][0]["places"] == 3
    clamp = compiled("pins", primary="30 A", secondary="1 V", mains="60 Hz", periods=5, **device)
    assert (clamp["period_us"], clamp["bursts"], clamp["line"]) == (16667, 5, [3, 0, 1])


def test_pulses():
    device = compiled("pins", profile="pulse-input", pin=18)
    assert settings(device) == {
        "pin": 18,
        "unit": 0,
        "line": [1, 0, 1],
        "edge": "falling",
        "shortest_ms": 60,
        "pull": "up",
    }
    assert device["channel"][0]["name"] == "pulse_count"
    meter = {"profile": "pulse-input", "quantity": "energy_import", "start": "12345.6 kWh"}
    device = compiled("pins", pin=18, pulses_per_unit=375, **meter)
    assert device["line"] == [8, 37036800, 3]  # in Wh
    meter = {"profile": "pulse-input", "quantity": "volume_water", "pull": "none"}
    device = compiled("pins", pin=34, pulses_per_unit="0.1", **meter)
    assert (device["line"], device["pull"]) == ([10000, 0, 1], None)


def test_digital_inputs_and_outputs():
    device = compiled("pins", profile="digital-input", pin=18, debounce="50ms", invert=True)
    assert settings(device) == {"pin": 18, "debounce_ms": 50, "invert": True, "pull": "up"}
    outputs = [
        {"profile": "digital-output", "pin": 18, "safe": "on", "invert": True},
        {"profile": "digital-output", "pin": 19, "safe": "on"},
    ]
    configuration, _ = checked(PINS, outputs)
    assert configuration["bus"] == [{"id": "pins", "kind": "pins", "outputs": [[18, 0], [19, 1]]}]
    assert settings(configuration["device"][0]) == {"pin": 18, "safe": 1, "invert": True}


def test_unknown_models():
    names = '"analogdevices-adxl345", "bosch-bme280", "microchip-mcp9600", "sensirion-sht3x", '
    names += '"st-lis3dh", "ti-ads1115"'
    assert said("i2c", {}) == [
        '0.profile: is missing; write for example profile = "analogdevices-adxl345"'
    ]
    assert said("i2c", {"profile": "bme280", "whatever": 1}) == [
        '0.profile: must be one of %s, not "bme280"' % names
    ]
    assert said("onewire", {"profile": ["x"]}) == [
        '0.profile: must be one of "maxim-ds18b20", not a list'
    ]


def test_addresses():
    bme280, sht3x = {"profile": "bosch-bme280"}, {"profile": "sensirion-sht3x"}
    assert said("i2c", dict(bme280, address=0x44), sht3x, sht3x, dict(sht3x, address=0x45)) == [
        "0.address: must be 0x76 or 0x77, not 68",
        "2.address: 0x44 on this bus belongs to device[1] already",
    ]


def test_accelerometers_and_their_rates():
    adxl345 = {"profile": "analogdevices-adxl345"}
    assert said("i2c", dict(adxl345, rate="1600 Hz"), dict(adxl345, address=0x1D, every="1s")) == [
        "0.rate: is too fast for I2C, which does 800 Hz; use SPI"
    ]
    assert said("i2c", dict(adxl345, rate="1700 Hz")) == [
        '0.rate: must be one of 25, 50, 100, 200, 400, 800, 1600, 3200 Hz, not "1700 Hz"'
    ]
    assert said("i2c", {"profile": "st-lis3dh", "every": "100ms"}) == [
        "0.every: is shorter than the burst of 256 samples, which takes 720ms"
    ]
    lis3dh = {"profile": "st-lis3dh"}
    assert said("spi", lis3dh, dict(lis3dh, cs=34), dict(lis3dh, cs=13)) == [
        "0.cs: is missing; write for example cs = 5",
        "0.mosi: pin 13 is taken by device[2].cs already",
        "1.cs: pin 34 of this board cannot be used as an output",
    ]


def test_several_sensors_on_one_wire():
    sensor = {"profile": "maxim-ds18b20"}
    one = dict(sensor, rom="28-000000000001")
    missing = ".rom: is missing on a bus of several sensors; "
    missing += 'write for example rom = "28-0123456789ab"'
    assert said("onewire", sensor, one, dict(sensor, rom="28-1")) == [
        "1" + missing,
        '2.rom: must be a ROM code such as "28-0123456789ab", not "28-1"',
    ]
    assert said("onewire", one, sensor) == ["1" + missing]
    assert said("onewire", one, one) == ["1.rom: is that of another device on this bus"]
    assert said("onewire", one, dict(sensor, rom="28-000000000002")) == []


def test_analog_signals_that_cannot_be_measured():
    loop = {"signal": "4-20 mA", "divider": ["1 ohm", "1 ohm"]}
    measures = " at the pin, and this chip measures 150 to 2450 mV; use for example "
    assert said("pins", analog(pin=4)) == [
        "0.pin: pin 4 has no converter beside Wi-Fi; on this chip pins 32 to 39 have one"
    ]
    assert said("pins", analog(**loop)) == [
        '0.shunt: is missing; write for example shunt = "100 ohm"'
    ]
    assert said("pins", analog(shunt="250 ohm", **loop)) == [
        '0.shunt: makes the signal 900 to 5250 mV%s"100 ohm"' % measures
    ]
    assert said("pins", analog(shunt="40 ohm", **loop)) == [
        '0.shunt: makes the signal 144 to 840 mV%s"100 ohm"' % measures
    ]
    assert said("pins", analog(divider=["10 kohm", "10 kohm"])) == [
        '0.divider: makes the signal up to 5000 mV%s["33 kohm", "10 kohm"] for 10 V' % measures
    ]
    assert said("i2c", ads1115(full_scale="2048 mV")) == [
        "0.full_scale: is less than the signal makes at the input; use a larger one, or a divider"
    ]


def test_analog_signals_that_are_not_understood():
    assert said("pins", analog(signal="20-4 mA", quantity="levl", divider=3)) == [
        '0.divider: must be the upper and the lower resistor, such as ["33 kohm", "10 kohm"]',
        '0.quantity: "levl" is no gauge that is known here; did you mean "level"?',
        '0.signal: must be a range such as "4-20 mA" or "0-10 V", not "20-4 mA"',
    ]
    assert said("pins", analog(to="0 %")) == ["0.to: must not be the same as from"]
    assert said("pins", analog(to="10 bar", **{"from": "0"})) == [
        '0.from: "0" has no unit; write "0 %"',
        '0.to: "10 bar" is not in %; write a number and its unit, such as "10 %"',
    ]
    clamp = {"profile": "current-transformer", "pin": 34, "primary": "100 W"}
    assert said("pins", dict(clamp, secondary="50 mA")) == [
        '0.burden: is missing; write for example burden = "22 ohm"',
        '0.primary: "100 W" is not in A; write a number and its unit, such as "10 A"',
    ]


def test_pulses_need_a_counter():
    pulses = {"profile": "pulse-input", "pin": 18}
    assert said("pins", pulses, chip="esp32c3") == [
        "0: this chip, esp32c3, has no pulse counter: pulses would be lost while the program is "
        "busy, and the total be wrong; use a board with an ESP32 or ESP32-S3"
    ]
    five = [dict(pulses, pin=pin) for pin in (4, 5, 12, 13, 14)]
    assert said("pins", *five) == []
    assert said("pins", *five, chip="esp32s3") == [
        "4: this chip, esp32s3, has no more than 4 pulse counters"
    ]


def test_pulses_that_cannot_be_counted():
    pulses = {"profile": "pulse-input", "pin": 18}
    assert said("pins", dict(pulses, shortest="1ms", every="1min", start="1 kWh")) == [
        "0.every: is too long: pulses each 1ms fill the counter in 32s",
        '0.start: "1 kWh": this quantity has no unit; write the number alone',
    ]
    assert said("pins", dict(pulses, pin=34)) == [
        '0.pull: pin 34 of this chip has no pull resistor; wire one and write pull = "none"'
    ]
    assert said("pins", dict(pulses, pulses_per_unit=0)) == [
        "0.pulses_per_unit: must be more than 0"
    ]


def test_digital_mistakes():
    output = {"profile": "digital-output", "pin": 34}
    assert said("pins", dict(output, safe=1)) == [
        "0.pin: pin 34 of this board cannot be used as an output",
        '0.safe: must be one of "off", "on", not 1',
    ]
    button = {"profile": "digital-input", "pin": 18}
    assert said("pins", dict(button, debounce=3), button) == [
        '0.debounce: must be a duration such as "10s", not 3',
        "1.pin: pin 18 is taken by device[0].pin already",
    ]


def test_a_third_bus_has_no_controller():
    buses = [dict(WIRES, id="w%d" % n, sda=pin, scl=pin + 1) for n, pin in enumerate((4, 12, 18))]
    site = {
        "site": {"id": "hall-2"},
        "mqtt": {"host": "broker.local"},
        "gateway": {
            "g1": {
                "board": "one",
                "bus": buses,
                "device": [{"id": "a", "bus": "w0", "profile": "sensirion-sht3x"}],
            }
        },
    }
    _, problems = check(site, "g1", {}, {"one": CHIP})
    assert problems == [
        (("gateway", "g1", "bus", 2), "this chip has controllers for 2 buses of kind i2c")
    ]


def port(**changes):
    """The compact form of the bus of a smart meter."""
    bus = dict({key: value for key, value in P1.items() if changes.get(key, 0) is not None})
    bus.update({key: value for key, value in changes.items() if value is not None})
    configuration, problems = checked(bus, [{"profile": "dsmr-p1"}])
    assert problems == []
    return configuration["bus"][0]


def test_a_smart_meter_needs_no_more_than_its_pins():
    assert port() == {
        "id": "port", "kind": "p1", "uart": 2, "rx": 34, "tx": 13, "request": None,
        "baud": 115200, "bits": 8, "parity": None, "stop": 1, "invert": True,
        "timeout_ms": 12000, "rx_bytes": 2048,
    }  # fmt: skip
    device = compiled("p1", profile="dsmr-p1")
    assert [channel["name"] for channel in device["channel"]] == [
        "energy_import_t1", "energy_import_t2", "energy_export_t1", "energy_export_t2",
        "power_import_total", "power_export_total", "volume_gas",
    ]  # fmt: skip
    assert device["channel"][0]["p1"] == ["kWh", 0, 1 << 27 | 1 << 16 | 8 << 8 | 1]
    assert device["channel"][6]["p1"][:2] == ["m³", 3]
    assert [rule[0] for rule in device["counters"]] == [0, 1, 2, 3, 6]


def test_a_smart_meter_before_version_4_and_one_as_it_is_written():
    old = port(dsmr="2")
    assert (old["baud"], old["bits"], old["parity"]) == (9600, 7, 0)
    odd = port(dsmr="2", parity="none", bits=8, invert=False)
    assert (odd["baud"], odd["bits"], odd["parity"], odd["invert"]) == (9600, 8, None, False)
    assert port(tx=None, request=21)["tx"] == 21


def test_what_a_port_cannot_be():
    assert said("p1", {"profile": "dsmr-p1"}, {"profile": "dsmr-p1"}) == [
        "1.bus: has device[0] already: a port is that of one meter"
    ]
    alone = {"id": "port", "kind": "p1", "rx": 34}
    assert [text.split(";")[0] for text in said("p1", {"profile": "dsmr-p1"}, bus=alone)] == [
        "0.tx: is missing: the chip drives a pin for sending although nothing is sent"
    ]
    busy = dict(P1, uart=0, rx=99)
    assert said("p1", {"profile": "dsmr-p1"}, bus=busy)[-1] == (
        "0.uart: must be 1 or 2 on this board, not 0"
    )
    secret = dict(P1, key="00112233")
    assert (
        said("p1", {"profile": "dsmr-p1"}, bus=secret)[0]
        .split(";")[0]
        .endswith("telegrams that are encrypted, as in Austria and Luxembourg, are not read")
    )
    assert said("p1", {"profile": "dsmr-p1", "channels": {"energy_imports": {}}})[0].startswith(
        "0.channels.energy_imports: DSMR P1 has no such channel"
    )


def vibrating(*names, **changes):
    adxl345 = {"profile": "analogdevices-adxl345", "cs": 5, "rate": "3200 Hz", "samples": 2048}
    adxl345["channels"] = {"vibration_" + name: {} for name in names}
    adxl345.update(changes)
    return adxl345


def test_what_needs_a_burst_without_a_gap():
    names = "velocity", "zone", "order_1"
    zones = ["1.4 mm/s", "2.8 mm/s", "4.5 mm/s"]
    one = vibrating(*names, axis="x", speed="1480 1/min", zones=zones)
    configuration, problems = checked(SPI, [one])
    assert problems == []
    (device,) = configuration["device"]
    assert device["signature"] == [10, 1280, 24667, [1400, 2800, 4500]]
    assert device["axis"] == 0
    assert device["model"] == "Analog Devices ADXL345, 10 Hz to 1280 Hz along x"
    channels = {channel["name"]: channel for channel in device["channel"]}
    assert channels["vibration_zone"]["states"] == {"0": "A", "1": "B", "2": "C", "3": "D"}
    configuration, _ = checked(SPI, [vibrating("acceleration")])
    assert "signature" not in configuration["device"][0]


ANALOG = {"profile": "analog-vibration", "pin": 34, "sensitivity": "100 mV/g"}


def test_an_analog_accelerometer():
    names = ("acceleration", "velocity", "order_1")
    channels = {"vibration_" + name: {} for name in names}
    one = dict(ANALOG, channels=channels, speed="1480 1/min", divider=["10 kohm", "30 kohm"])
    configuration, problems = checked({"id": "pins", "kind": "pins"}, [one])
    assert problems == []
    (device,) = configuration["device"]
    # 3/4 of 100 mV for a g at the pin: a step of 0.1 mV is 1/750 of it.
    line = device["line"]
    assert line[1] == 0 and line[0] * 750 * 100000 == line[2] * 980665
    assert device["model"] == "analog accelerometer, 10 Hz to 1000 Hz"
    assert device["signature"] == [10, 1000, 24667, []]
    assert (device["rate_hz"], device["samples"]) == (2500, 1024)


def test_an_analog_accelerometer_that_cannot_be():
    velocity = {"vibration_velocity": {}}
    for changes, problem in (
        ({"sensitivity": "0 mV/g"}, "0.sensitivity: must be more than 0"),
        ({"sensitivity": "100 mV"}, '0.sensitivity: "100 mV" is not in mV/g; write a'),
        ({"rate": "3200 Hz"}, "0.rate: must be one of 250, 500, 1000, 1250, 2000, 2500, 31"),
        ({"samples": 512, "channels": velocity}, "0.samples: must be 1024 or more at this r"),
        ({"every": "800ms"}, "0.every: is shorter than twice the burst of 409ms, in which t"),
        ({"pin": 4}, "0.pin: pin 4 has no converter beside Wi-Fi; on this chip pins 32 to 39 h"),
        ({"axis": "x"}, "0.axis: unknown key; known here: channels, div"),
        ({"channels": {"acceleration_x": {}}}, "0.channels.acceleration_x: analog acceleromet"),
    ):
        found = said("pins", dict(ANALOG, **changes))
        assert [text for text in found if text[: len(problem)] == problem], (problem, found)


def test_the_speed_of_a_shaft_is_that_of_a_channel():
    speed = {"profile": "analog-input", "pin": 35, "signal": "0-2 V", "from": "0 1/min"}
    speed.update({"to": "3000 1/min", "quantity": "rotational_speed", "id": "drive"})
    order = {"vibration_order_1": {}, "vibration_order_2": {}}
    one = dict(ANALOG, channels=order, speed="drive.rotational_speed", per_turn="2.5")
    configuration, problems = checked({"id": "pins", "kind": "pins"}, [one, speed])
    assert problems == []
    (function,) = configuration["function"]
    # A count is 0.001 1/min, which is 1/60 mHz, and a turn is two and a half of the drive's.
    assert function == {
        "id": "shafts",
        "function": "shaft",
        "model": None,
        "channel": [],
        "follows": [2],
        "shafts": [[[2, 0], 1, [1, 0, 150]]],
    }
    assert configuration["device"][0]["signature"] == [10, 1000, 0, []]
    for changes, problem in (
        ({"speed": "drive.frequency"}, '0.speed: drive reads no channel "frequency"'),
        ({"speed": "drives.frequency"}, '0.speed: there is no device "drives" on this gateway'),
        ({"speed": "1480 1/min"}, "0.per_turn: is for a speed that is in a channel"),
        ({"per_turn": 0}, "0.per_turn: must be more than 0"),
        ({"speed": "d0.vibration_order_1"}, '0.speed: "d0.vibration_order_1" is in m/s²; a spe'),
    ):
        found = said("pins", dict(one, **changes), speed)
        assert [text for text in found if text[: len(problem)] == problem], (problem, found)


def test_a_vibration_that_cannot_be_measured():
    lis3dh = {"profile": "st-lis3dh", "rate": "1344 Hz"}
    zones = ["1.4 mm/s", "2.8 mm/s", "4.5 mm/s"]
    for one, problem in (
        (vibrating("velocity", samples=512), "0.samples: must be 1312 or more at this rate"),
        (
            vibrating("velocity", **{"from": "1 Hz"}),
            "0.samples: cannot be enough at this rate for 1 Hz; take a slower one",
        ),
        (
            vibrating("kurtosis", **{"from": "1280 Hz"}),
            "0.from: must be 1 Hz to less than 1280 Hz, up to which this sensor measures",
        ),
        (vibrating("order_1"), "0.speed: is missing for the orders; write for example speed ="),
        (vibrating("order_1", speed="60 1/min"), "0.speed: makes not one turn in a bur"),
        (vibrating("order_1", speed="0 1/min"), "0.speed: must be 1 to 100000 1/min"),
        (
            vibrating("order_8", speed="9660 1/min"),
            "0.channels.vibration_order_8: is at 1288 Hz, and this sensor measures up to 1280 Hz",
        ),
        (vibrating("zone"), "0.zones: are missing for vibration_zone: three limits of ISO 20816"),
        (vibrating("zone", zones=["4.5 mm/s"]), "0.zones: must be three rising limits, such as ["),
        (vibrating("zone", zones=[3, "1 m", "2"]), "0.zones.0: must be a text in"),
        (
            vibrating("zone", zones=zones, **lis3dh),
            "0.channels.vibration_zone: needs 10 to 1000 Hz, and this is 10 to 149 Hz; take an ADX",
        ),
        (
            vibrating("zone", zones=zones, **{"from": "20 Hz"}),
            "0.channels.vibration_zone: needs 10 to 1000 Hz, and this is 20 to 1280 Hz; take an AD",
        ),
    ):
        found = said("spi", one)
        assert [text for text in found if text[: len(problem)] == problem], (problem, found)
