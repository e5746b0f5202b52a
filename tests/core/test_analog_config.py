"""Analog signals in a site file: their lines, in integers, and every mistake."""

from fake_inputs import begins, compiled, said, settings


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


def test_a_signal_that_goes_below_zero():
    changes = {"signal": "-10..10 V", "input": "0-1", "divider": ["68 kohm", "10 kohm"]}
    changes.update({"full_scale": "2048 mV", "from": "-5 bar", "to": "5 bar"})
    device = compiled("i2c", **ads1115(**changes))
    # At 62.5 µV a step, ±10 V through the divider are ±20512.8 steps.
    assert device["limits"] == [-22564, -21333, 21333, 22564]
    numerator, offset, denominator = device["line"]
    assert (numerator * 20513 + offset) // denominator == 5000
    for same in ("-10-10 V", "-10 - 10V", "-10 .. 10 V"):
        assert compiled("i2c", **ads1115(**dict(changes, signal=same))) == device
    below = "signal: goes below 0 V, which a "
    assert begins(said("i2c", ads1115(**dict(changes, input="0"))), "0." + below + "single input")
    assert begins(said("pins", analog(signal="-10..10 V")), "0." + below + "pin of the chip cannot")
    for wrong in ("±10 V", "10..-10 V", "-10 V", "-5..5", "-5.. V"):
        assert begins(said("i2c", ads1115(signal=wrong)), "0.signal: must be a range such as")


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
        '0.signal: must be a range such as "4-20 mA", "0-10 V" or "-2..2 V", not "20-4 mA"',
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
