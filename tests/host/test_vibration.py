"""The features of a burst are those that NumPy finds, and those of the known signal."""

from array import array

import numpy as np
import pytest

from host_tools.paths import PROJECT
from limen.core.vibration import SETTLED_LEAKS, Vibration, leak_of

RAW = PROJECT / "../shared/data/ims_bearing/raw_20kHz_2003.10.22.12.06.24.tsv"
SCALE = 10000


def loaded(samples, rate_hz):
    vibration = Vibration(array("h", [int(one) for one in samples]), rate_hz)
    vibration.load(len(samples))
    return vibration


def numpy_features(x, turn_hz, rate_hz):
    """Of samples as floats, with what the device promises written down once more."""
    around = x - x.mean()
    rms = around.std()
    turns = int(len(x) * turn_hz / rate_hz)
    whole = around[: int(turns * rate_hz / turn_hz)]
    phase = 2 * np.pi * turn_hz * np.arange(len(whole)) / rate_hz
    orders = [2 / len(whole) * abs(np.sum(whole * np.exp(-1j * n * phase))) for n in (1, 2, 3)]
    peak = abs(around).max()
    return [rms, peak, peak / rms, (around**4).mean() / rms**4, *orders]


def own_features(vibration, turn_millihz):
    orders = [vibration.amplitude(turn_millihz, n, SCALE, 1) / SCALE for n in (1, 2, 3)]
    return [
        vibration.rms(SCALE, 1) / SCALE,
        vibration.peak(SCALE, 1) / SCALE,
        vibration.crest_factor(SCALE) / SCALE,
        vibration.kurtosis(SCALE) / SCALE,
        *orders,
    ]


def numpy_velocity(x, rate_hz, first):
    """The RMS of the integral from sample `first` on, by Fourier's transform."""
    spectrum = np.fft.rfft(x - x.mean())
    f = np.fft.rfftfreq(len(x), 1 / rate_hz)
    spectrum[0] = 0
    spectrum[1:] /= 2j * np.pi * f[1:]
    return np.fft.irfft(spectrum, len(x))[first:].std()


def own_velocity(x, rate_hz, from_hz):
    return loaded(np.rint(x), rate_hz).velocity_rms(from_hz, 10**9, 1) / 1e9


def settled(rate_hz, from_hz):
    return SETTLED_LEAKS * leak_of(rate_hz, from_hz)


@pytest.mark.skipif(not RAW.exists(), reason="needs the recordings")
@pytest.mark.parametrize("column", range(8))
def test_the_features_of_a_bearing_are_those_of_numpy(column):
    x = np.loadtxt(RAW, usecols=column) * 1000  # thousandths of a g, which are whole numbers
    for burst in (x, x[:2048]):
        vibration = loaded(np.rint(burst), 20000)
        expected = numpy_features(np.rint(burst), 33.333, 20000)
        # An order that is not there has an amplitude of rounding: some 100,000ths of the whole.
        least = 3e-5 * expected[0]
        assert own_features(vibration, 33333) == pytest.approx(expected, rel=0.001, abs=least)


@pytest.mark.parametrize(
    ("rate_hz", "count", "from_hz"),
    [(3200, 2048, 10), (3200, 1312, 10), (1344, 1024, 10), (800, 512, 10), (100, 256, 4)]
    + [(20000, 20480, 10), (3200, 2048, 100)],
)
@pytest.mark.parametrize("seed", range(3))
def test_the_velocity_of_a_vibration_in_the_band_is_that_of_numpy(rate_hz, count, from_hz, seed):
    noise = np.random.default_rng(seed).normal(0, 1000, count)
    spectrum = np.fft.rfft(noise)
    f = np.fft.rfftfreq(count, 1 / rate_hz)
    spectrum[(f < from_hz) | (f > 0.4 * rate_hz)] = 0
    x = np.fft.irfft(spectrum, count)
    expected = numpy_velocity(x, rate_hz, settled(rate_hz, from_hz))
    assert own_velocity(x, rate_hz, from_hz) == pytest.approx(expected, rel=0.01)


@pytest.mark.skipif(not RAW.exists(), reason="needs the recordings")
@pytest.mark.parametrize("column", range(8))
def test_the_velocity_of_a_bearing_is_that_of_numpy(column):
    """What is slower than the band is taken out of it, as the device does."""
    x = np.rint(np.loadtxt(RAW, usecols=column) * 1000)
    spectrum = np.fft.rfft(x - x.mean())
    s = 2j * np.pi * np.fft.rfftfreq(len(x), 1 / 20000)
    corner = 2 * np.pi * 10 / 3
    spectrum *= s**2 / (s**2 + 2**0.5 * corner * s + corner**2)
    slow_free = np.fft.irfft(spectrum, len(x))
    expected = numpy_velocity(slow_free, 20000, settled(20000, 10))
    assert own_velocity(x, 20000, 10) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("hz", [10, 12, 15, 20, 50, 159.2, 500, 1000, 1280])
def test_the_velocity_of_a_sine_anywhere_in_the_band(hz):
    t = np.arange(2048) / 3200
    phase = 2 * np.pi * hz * t + 0.7
    expected = (1000 * np.cos(phase) / (2 * np.pi * hz))[settled(3200, 10) :].std()
    assert own_velocity(1000 * np.sin(phase), 3200, 10) == pytest.approx(expected, rel=0.012)


@pytest.mark.parametrize("hz", [1, 2])
def test_what_is_slower_than_the_band_is_not_in_the_velocity(hz):
    t = np.arange(2048) / 3200
    x = 1000 * np.sin(2 * np.pi * hz * t)
    assert own_velocity(x, 3200, 10) < 0.4 * 1000 / 2**0.5 / (2 * np.pi * hz)
