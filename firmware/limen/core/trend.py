"""Where a value is heading: a straight line through its last points that outliers do not bend.

The slope is the median of the slopes between the points of the older half and those of the newer,
pair by pair (Theil's short-cut); the level is the median of what the points then are now. Of either
a quarter of the points may be anything. The line holds when three points in four lie within `fit`
of it, and when it rises or falls over the window by more than twice that: else it is noise.

Slopes are counts in 2**20 s, some twelve days.
"""

from limen.core.compat import const

_SLOPE_S = const(1 << 20)


class Trend:
    """`size` points, an even number, at least `step_s` apart; `fit` in counts."""

    def __init__(self, size, step_s, fit):
        self._size = size
        self._step_s = step_s
        self._fit = fit
        self._times = []
        self._values = []

    def clear(self):
        """Forget all points: what comes next has nothing to do with them."""
        self._times.clear()
        self._values.clear()

    def feed(self, value, s):
        """Take a sample of uptime `s`; True when it is a point, and there are enough."""
        times, values = self._times, self._values
        if times and s - times[-1] < self._step_s:
            return False
        if len(times) == self._size:
            times.pop(0)
            values.pop(0)
        times.append(s)
        values.append(value)
        return len(times) == self._size

    def seconds_to(self, limit, rising):
        """Seconds until the line reaches a limit from below, or from above where it is not
        `rising`, 0 where it is there; None where the line does not hold, or leads elsewhere."""
        times = self._times
        slope = self._slope()
        now = times[-1]
        points = zip(times, self._values)
        levels = [_nearest(value * _SLOPE_S + slope * (now - time)) for time, value in points]
        level = _median(levels[:])
        near = len([True for one in levels if abs(one - level) <= self._fit])
        change = abs(slope) * (now - times[0]) // _SLOPE_S
        if 4 * near < 3 * self._size or change <= 2 * self._fit or (slope > 0) != rising:
            return None
        distance = limit - level if rising else level - limit
        return max(0, distance) * _SLOPE_S // abs(slope)

    def _slope(self):
        times, values = self._times, self._values
        half = self._size // 2
        return _median(
            [
                (values[i + half] - values[i]) * _SLOPE_S // (times[i + half] - times[i])
                for i in range(half)
            ]
        )


def _nearest(dividend):
    return (dividend + _SLOPE_S // 2) // _SLOPE_S


def _median(values):
    values.sort()
    return values[len(values) // 2]
