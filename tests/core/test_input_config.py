"""Sensors and pins in a site file: what becomes of them, and every mistake."""

from fake_inputs import CHIP, PINS, SPI, WIRE, WIRES, checked, compiled, said, settings

from limen.core.config import check


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
        "0.address: must be 0x76 or 0x77, not 68, which is 0x44",
        "2.address: 0x44 on this bus belongs to device[1] already",
    ]


def test_addresses_that_are_none():
    for wrong, told in ((True, "true"), ("0x44", '"0x44"'), (-1, "-1"), (300, "300")):
        found = said("i2c", {"profile": "sensirion-sht3x", "address": wrong})
        assert found == ["0.address: must be 0x44 or 0x45, not " + told]


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
