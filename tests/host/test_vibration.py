"""The features of a burst are those that NumPy finds, and those of the known signal."""

from array import array

import numpy as np
import pytest

from host_tools.paths import PROJECT
from limen.core.vibration import Vibration

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


def numpy_velocity(x, rate_hz, from_hz):
    """The RMS of the integral behind an ideal filter of first order, by Fourier's transform."""
    spectrum = np.fft.rfft(x - x.mean())
    f = np.fft.rfftfreq(len(x), 1 / rate_hz)
    spectrum[0] = 0
    spectrum[1:] /= 2 * np.pi * np.sqrt(f[1:] ** 2 + (from_hz / 2) ** 2)
    return np.sqrt(2 * np.sum(abs(spectrum) ** 2)) / len(x)


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
    ("rate_hz", "count"), [(3200, 2048), (1344, 1024), (400, 512), (20000, 20480)]
)
def test_the_velocity_of_a_vibration_of_many_parts_is_that_of_fourier(rate_hz, count):
    from_hz = max(10, rate_hz // 100)
    noise = np.random.default_rng(3).normal(0, 1000, count)
    spectrum = np.fft.rfft(noise)
    f = np.fft.rfftfreq(count, 1 / rate_hz)
    spectrum[(f < 2 * from_hz) | (f > 0.4 * rate_hz)] = 0
    x = np.rint(np.fft.irfft(spectrum, count))
    found = loaded(x, rate_hz).velocity_rms(from_hz, 10**9, 1) / 1e9
    assert found == pytest.approx(numpy_velocity(x, rate_hz, from_hz), rel=0.1)


@pytest.mark.parametrize("hz", [10, 20, 50, 159.2, 500, 1000, 1280])
def test_the_velocity_of_a_sine_over_the_band_that_is_told(hz):
    """At the lower end 11 % are missing, and nowhere more."""
    t = np.arange(2048) / 3200
    x = np.rint(1000 * np.sin(2 * np.pi * hz * t + 0.7))
    found = loaded(x, 3200).velocity_rms(10, 10**9, 1) / 1e9
    expected = 1000 / 2**0.5 / (2 * np.pi * hz)
    assert found == pytest.approx(expected, rel=0.13 if hz < 20 else 0.04)
