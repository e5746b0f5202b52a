"""Vibration in a site file: what a burst can measure, and every mistake."""

from fake_inputs import SPI, begins, checked, said


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
        assert begins(found, problem), (problem, found)


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
        assert begins(found, problem), (problem, found)


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
        assert begins(found, problem), (problem, found)
