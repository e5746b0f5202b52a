"""Mean, RMS and peak of a burst."""

from limen.core.burst import Burst, isqrt, total_rms


def burst_of(samples):
    burst = Burst()
    for sample in samples:
        burst.add(sample)
    return burst


def test_a_square_wave_around_a_mean():
    burst = burst_of([1000 + 300, 1000 - 300] * 50)
    assert burst.mean(1, 1) == 1000
    assert burst.rms(1, 1) == 300
    assert burst.peak(1, 1) == 300


def test_a_sine_has_its_amplitude_over_the_root_of_two():
    # Eight points of a sine of amplitude 10000: 7071 is 10000 / sqrt(2), rounded.
    burst = burst_of([0, 7071, 10000, 7071, 0, -7071, -10000, -7071])
    assert burst.rms(1, 1) == 7071
    assert burst.rms(100, 1) == 707103  # sqrt(49999520.5) * 100
    assert burst.peak(1, 10) == 1000


def test_results_are_scaled_before_they_are_rounded():
    burst = burst_of([-7, 7, 7, -8])
    assert burst.mean(1000, 1) == -250
    assert burst.mean(1, 3) == 0
    assert burst.rms(1000, 1) == 7259  # 1000 * sqrt(52.6875)
    assert burst.peak(1000, 1) == 7750


def test_the_largest_samples():
    burst = burst_of([32767, -32767] * 500)
    assert burst.rms(1, 1) == 32767
    assert (burst.least, burst.most) == (-32767, 32767)


def test_an_empty_burst_has_no_values():
    burst = burst_of([5, 6])
    burst.clear()
    assert [burst.mean(1, 1), burst.rms(1, 1), burst.peak(1, 1)] == [None, None, None]


def test_the_total_of_three_axes():
    axes = [burst_of([n, -n]) for n in (2, 3, 6)]
    assert total_rms(axes, 1, 1) == 7
    assert total_rms(axes, 1000, 1) == 7000


def test_integer_roots():
    assert [isqrt(n) for n in (0, 1, 2, 3, 4, 15, 16, 17)] == [0, 1, 1, 1, 2, 3, 4, 4]
    for root in (12345, 46341, 10**9 + 7):
        assert isqrt(root * root) == root
        assert isqrt(root * root - 1) == root - 1
