"""A burst of a vibration: shape, velocity, orders, under both Pythons."""

import gc
from array import array

from limen.core.vibration import Vibration, goertzel_k

# A turn of a sine in 32 steps, with an amplitude of 10000.
QUARTER = (0, 1951, 3827, 5556, 7071, 8315, 9239, 9808, 10000)
HALF = QUARTER + (9808, 9239, 8315, 7071, 5556, 3827, 1951)
SINE = HALF + tuple([-one for one in HALF])


def loaded(samples, rate_hz=3200):
    vibration = Vibration(array("h", samples), rate_hz)
    vibration.load(len(samples))
    return vibration


def test_a_sine_at_100_hz():
    vibration = loaded([one // 10 for one in SINE * 24])
    assert abs(vibration.rms(100, 1) - 70710) < 60
    assert abs(vibration.peak(100, 1) - 100000) < 60
    assert abs(vibration.crest_factor(1000) - 1414) < 2
    assert abs(vibration.kurtosis(1000) - 1500) < 3
    assert abs(vibration.amplitude(100000, 1, 100, 1) - 100000) < 60
    assert vibration.amplitude(100000, 2, 100, 1) < 100
    # 707 / (2 pi 100 Hz), of which the rule of integration makes a thousandth more or less.
    assert abs(vibration.velocity_rms(20, 100000, 1) - 112540) < 600


def test_a_mean_is_no_vibration():
    samples = [one // 10 + 5000 for one in SINE * 24]
    vibration = loaded(samples)
    assert abs(vibration.rms(100, 1) - 70710) < 60
    assert abs(vibration.velocity_rms(20, 100000, 1) - 112540) < 600


def test_what_stands_still_has_neither_crest_factor_nor_kurtosis():
    vibration = loaded([1234] * 768)
    assert vibration.rms(1000, 1) == vibration.peak(1000, 1) == 0
    assert vibration.crest_factor(1000) is None and vibration.kurtosis(1000) is None
    assert vibration.velocity_rms(20, 1000, 1) == 0
    assert vibration.amplitude(100000, 1, 1000, 1) == 0


def test_the_largest_samples():
    vibration = loaded([32767, -32767] * 320)
    assert (vibration.rms(1, 1), vibration.peak(1, 1)) == (32767, 32767)
    assert (vibration.crest_factor(1000), vibration.kurtosis(1000)) == (1000, 1000)


def test_the_smallest_samples():
    vibration = loaded([1, 0, -1, 0] * 160)
    assert vibration.rms(1000, 1) == 707
    assert vibration.amplitude(800000, 1, 1000, 1) == 1000


def test_what_a_burst_is_too_short_or_too_slow_for():
    vibration = loaded(SINE * 4)
    assert vibration.velocity_rms(10, 1000, 1) is None
    assert vibration.amplitude(20000, 1, 1000, 1) is None  # not one turn
    assert vibration.amplitude(800000, 2, 1000, 1) is None  # half the rate


def test_goertzels_number():
    assert goertzel_k(1, 2) == 4 << 26
    assert goertzel_k(1, 4) == 2 << 26
    assert goertzel_k(1, 6) == 1 << 26
    assert goertzel_k(0, 6) == 0


def blocks(call):
    gc.collect()
    before = gc.mem_alloc()
    call()
    return gc.mem_alloc() - before


def test_more_samples_cost_no_more_memory():
    if not hasattr(gc, "mem_alloc"):
        return  # CPython counts no blocks

    def cost(turns):
        samples = array("h", SINE * turns)
        vibration = Vibration(samples, 3200)
        return blocks(lambda: everything(vibration, len(samples)))

    def everything(vibration, count):
        vibration.load(count)
        vibration.rms(1000, 1)
        vibration.kurtosis(1000)
        vibration.velocity_rms(40, 1000, 1)
        vibration.amplitude(100000, 3, 1000, 1)

    cost(10)
    gc.disable()
    short, long = cost(20), cost(60)
    gc.enable()
    assert long < short + 400
