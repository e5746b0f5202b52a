"""Analog inputs, current transformers and accelerometers at a converter of the chip."""

from fake_pins import Channel, Converter, device, read, world
from fake_turn import run

from limen import drivers
from limen.core.quality import BAD, GOOD, UNCERTAIN


def test_the_mean_of_an_analog_input():
    bus, clock = world()
    levels = [1200000, 1200800]
    bus.port.levels_uv = lambda us: levels[us // 50 % 2]
    one = device(bus, "analog", line=(1, -400000, 160), limits=(360000, 380000, 2050000, 2100000))
    assert read(one) == (5003, GOOD)  # 1200400 µV are 5002.5
    levels[:] = [359000, 360000]
    assert read(one) == (None, BAD)


def wave(amplitude_uv, period_us=20000, middle_uv=1650000):
    """A triangle, whose RMS is its amplitude over the root of three."""

    def level(us):
        quarter = 4 * (us % period_us)
        if quarter < period_us:
            height = quarter
        elif quarter < 3 * period_us:
            height = 2 * period_us - quarter
        else:
            height = quarter - 4 * period_us
        return middle_uv + amplitude_uv * height // period_us

    return level


def transformer(bus, amplitude_uv, **settings):
    bus.port.levels_uv = wave(amplitude_uv, **settings)
    # 100 A are 1 V: 10 mA a step of 0.1 mV.
    return device(bus, "current_transformer", period_us=20000, bursts=3, line=(1, 0, 1))


def test_the_rms_of_a_current():
    bus, clock = world()
    value, quality = read(transformer(bus, 600000))
    assert quality == GOOD
    assert 3461 <= value <= 3467  # 3464.1; the test's converter reads every 50 µs
    value, _ = read(transformer(bus, 0))
    assert value == 0


def test_a_current_beyond_the_converter_is_uncertain():
    bus, clock = world()
    assert read(transformer(bus, 900000))[1] == UNCERTAIN
    assert read(transformer(bus, 600000, middle_uv=740000))[1] == UNCERTAIN


def test_a_converter_that_is_too_slow_has_no_value():
    bus, clock = world()
    bus.port.analog = lambda pin: Converter(wave(600000), clock, 1100)
    slow = device(bus, "current_transformer", period_us=20000, bursts=3, line=(1, 0, 1))
    assert read(slow) == (None, BAD)


VIBRATION = (
    ("vibration_acceleration", 3),
    ("vibration_acceleration_peak", 3),
    ("vibration_velocity", 3),
    ("vibration_crest_factor", 3),
    ("vibration_zone", 0),
    ("vibration_order_1", 3),
)


def shaken(bus, amplitude_uv=500000, **settings):
    """100 Hz at 2500 Hz: 25 steps a turn; 100 mV are 1 g."""
    bus.port.levels_uv = wave(amplitude_uv, 10000, 1300000)
    _, device_class = drivers.load("pins", "analog_vibration")
    channels = [Channel(name, places) for name, places in VIBRATION]
    values = {"pin": 34, "rate_hz": 2500, "samples": 1024, "line": (980665, 0, 100000000)}
    values["signature"] = [10, 1000, 100000, [28000, 45000, 71000]]
    values.update(settings)
    return device_class(bus, values, channels), channels


def results(one):
    device, channels = one
    run(device.read())
    return [(channel.value, channel.quality) for channel in channels]


def test_a_burst_of_an_analog_accelerometer():
    bus, clock = world()
    began_us = clock.us
    found = results(shaken(bus))
    assert [quality for _, quality in found] == [GOOD] * 6
    # 1023 periods, and the last sample's conversion.
    assert clock.us - began_us == 1024 * 400 + 50
    rms, peak, velocity, crest_factor, zone, order = [value for value, _ in found]
    # A triangle of 5 g: over the root of three, and 8 / pi² of it at the first order. Its corner
    # may lie between two samples.
    assert abs(rms - 28309) < 60 and 0 <= 49033 - peak < 2000
    assert abs(crest_factor * rms // 1000 - peak) < 30
    assert abs(order - 39744) < 200
    # The third harmonic has a ninth of the acceleration, so a 27th of the velocity.
    assert abs(velocity - 44760) < 450
    assert zone == 1


def test_an_order_waits_for_a_speed_and_an_analog_accelerometer_for_a_signal():
    bus, clock = world()
    one = shaken(bus, signature=[10, 1000, 0, [28000, 45000, 71000]])
    assert results(one)[-1] == (None, BAD)
    assert results(one)[0][1] == GOOD
    one[0].signature.millihz = 1000001
    assert results(one)[-1] == (None, BAD)
    assert results(shaken(bus, 1200000))[0][1] == UNCERTAIN


def test_a_sample_that_is_late_begins_the_burst_anew():
    bus, clock = world()
    one = shaken(bus)
    usual = bus.port.levels_uv
    late = [3, 700]

    def level(us):
        if late and (us - began_us) // 400 >= late[0]:
            late.pop(0)
            clock.us += 650
        return usual(us)

    began_us = clock.us
    one[0]._converter.levels_uv = level
    assert results(one)[0][1] == GOOD
    assert late == []
    late[:] = [0] * 1024
    assert results(one) == [(None, BAD)] * 6
