"""What a burst of samples without a gap says of a vibration: shape, velocity, orders of a speed.

The samples are scaled so that the farthest from their mean has 14 or 15 bits. So all sums are
exact, or rounded far below a thousandth, and no step of a loop leaves the small integers, but for a
pure tone below a hundredth of the rate.

- Crest factor and kurtosis are those around the mean; 3 is the kurtosis of noise, and a bearing
  that begins to break has more.
- The velocity is an integral without what is slower than a third of the lowest frequency (a
  Butterworth filter of second order), of samples weighted so that the sum of steps is that of a
  continuous movement. From the lowest frequency to 0.4 of the rate it is right within 1 %. The
  burst's first part, in which the integral forgets where it began, does not count.
- The amplitude at a frequency is Goertzel's, in Reinsch's form, which is exact at low frequencies
  too, over as many whole turns as the burst has, so that one order does not leak into another.

Source: J. Stoer, R. Bulirsch, Introduction to Numerical Analysis, 2.3 (Goertzel, Reinsch).
"""

from limen.core.burst import Burst, isqrt
from limen.core.compat import const
from limen.core.scaling import rounded

_TOP = const(0x4000)
_HALF_BITS = const(15)
_HALF = const(0x4000)
_Q = const(26)
_K_BITS = const(13)
_K_LOW = const(0x1FFF)
_K_HALF = const(0x1000)
_PI = const(3373259426)  # times 2 ** 30
_PI_BITS = const(30)
# Of the newest sample, the one before, and the one before that: found by search among integers, as
# the best up to 0.4 of the rate, where a plain sum makes 32 % too much.
_NEW, _BEFORE, _EARLIER = const(56), const(9), const(-1)
_WEIGHT = const(64)
_LEAST_LEAK = const(8)
# Three times as long as the integral takes to forget a factor of e, which are two leaks.
SETTLED_LEAKS = const(6)
_ROOT = const(10000)
MILLI = const(1000)


class Vibration:
    """Of `samples`, an array of signed numbers, `count` are taken by `load`, at `rate_hz`.

    Results are scaled by numerator / denominator and rounded; None where there is no vibration.
    """

    def __init__(self, samples, rate_hz):
        self._samples = samples
        self._rate_hz = rate_hz
        self._burst = Burst()
        self.count = 0

    def load(self, count):
        """Move and scale the samples where they are; they may have 15 bits and a sign."""
        samples, burst = self._samples, self._burst
        self.count = count
        burst.clear()
        for at in range(count):
            burst.add(samples[at])
        mean = burst.mean(1, 1)
        farthest = max(burst.most - mean, mean - burst.least)
        self._shift = shift = 0
        while 0 < farthest << shift < _TOP:
            shift += 1
        # The mean has a fraction; scaled up, it is taken off to the last bit.
        mean = burst.mean(1 << shift, 1) if count else 0
        if farthest >= 2 * _TOP:
            shift, mean = -1, rounded(mean, 2)
        self._shift = shift
        for at in range(count):
            x = samples[at]
            samples[at] = (x << shift if shift >= 0 else x >> 1) - mean
        burst.clear()
        for at in range(count):
            burst.add(samples[at])

    def _scaled(self, numerator, denominator):
        """The scale of the samples as they are now."""
        if self._shift < 0:
            return 2 * numerator, denominator
        return numerator, denominator << self._shift

    def rms(self, numerator, denominator):
        return self._burst.rms(*self._scaled(numerator, denominator))

    def peak(self, numerator, denominator):
        return self._burst.peak(*self._scaled(numerator, denominator))

    def crest_factor(self, numerator):
        """Peak over RMS."""
        rms = self._burst.rms(MILLI, 1)
        return rounded(self._burst.peak(MILLI, 1) * numerator, rms) if rms else None

    def kurtosis(self, numerator):
        """The fourth moment over the square of the second."""
        samples = self._samples
        squares = fourths = high = 0
        for at in range(self.count):
            square = samples[at] * samples[at] + _HALF >> _HALF_BITS
            squares += square
            square *= square
            fourths += square & 0x7FFF
            high += square >> _HALF_BITS
        fourths += high << _HALF_BITS
        return rounded(fourths * self.count * numerator, squares * squares) if squares else None

    def velocity_rms(self, from_hz, numerator, denominator):
        """From `from_hz` on; the scale is that from samples to the velocity of one second's.

        None where the burst is too short for that.
        """
        leak = leak_of(self._rate_hz, from_hz)
        settled = SETTLED_LEAKS * leak
        if self.count <= 2 * settled:
            return None
        farthest, shift = self._integrate(leak, settled, None, 0), 0
        while farthest >> shift >= 2 * _TOP:
            shift += 1
        velocity = Burst()
        self._integrate(leak, settled, velocity, shift)
        # As its poles are sqrt(1 - 1 / leak) from zero, the sum of steps is larger by that, always.
        root = isqrt(_ROOT * _ROOT * (leak - 1) // leak)
        numerator, denominator = self._scaled(numerator << shift, denominator)
        return velocity.rms(numerator * root, denominator * _ROOT * _WEIGHT * self._rate_hz)

    def _integrate(self, leak, settled, burst, shift):
        """The farthest that the integral goes; what is behind `settled` goes to the burst."""
        samples = self._samples
        total = lag = before = earlier = farthest = 0
        twice = 2 * leak
        for at in range(self.count):
            x = samples[at]
            leaked = total // leak
            lag += leaked
            total += _NEW * x + _BEFORE * before + _EARLIER * earlier - leaked - lag // twice
            earlier = before
            before = x
            if at >= settled:
                if burst:
                    burst.add(total >> shift)
                farthest = max(farthest, abs(total))
        return farthest

    def amplitude(self, turn_millihz, order, numerator, denominator):
        """At `order` times the speed; None without a turn in the burst, or with too low a rate."""
        turns = self.count * turn_millihz // (self._rate_hz * MILLI)
        if not turns or 2 * order * turn_millihz >= self._rate_hz * MILLI:
            return None
        count = turns * self._rate_hz * MILLI // turn_millihz
        k = goertzel_k(order * turn_millihz, self._rate_hz * MILLI)
        last, before = self._resonate(k, count)
        power = (last - before) ** 2 + (k * last * before >> _Q)
        numerator, denominator = self._scaled(numerator, denominator)
        # Sixteen times the square of the amplitude, so that its root can be rounded.
        square = 16 * power * numerator * numerator // (count * denominator) ** 2
        return (isqrt(square) + 1) // 2

    def _resonate(self, k, count):
        samples = self._samples
        high, low = k >> _K_BITS, k & _K_LOW
        s = step = 0
        for at in range(count):
            part = high * (s & _K_LOW) + low * (s >> _K_BITS) + _K_HALF >> _K_BITS
            step += samples[at] - high * (s >> _K_BITS) - part
            s += step
        return s, s - step


def leak_of(rate_hz, from_hz):
    """The part of an integral that leaks with each sample, -3 dB at a third of `from_hz`."""
    # 3 / (2 pi sqrt(2)) is 27 / 80.
    return max(_LEAST_LEAK, rounded(27 * rate_hz, 80 * from_hz))


def goertzel_k(frequency, rate):
    """4 sin²(pi * frequency / rate), times 2 ** 26; by the series of the cosine."""
    angle = rounded(2 * _PI * frequency, rate)
    square = angle * angle >> _PI_BITS
    # 2 - 2 cos(angle)
    term, total, n = square, square, 2
    while term:
        term = -rounded(term * square, (n + 1) * (n + 2) << _PI_BITS)
        n += 2
        total += term
    return rounded(total, 1 << _PI_BITS - _Q)
