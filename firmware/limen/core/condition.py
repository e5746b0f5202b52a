"""What an alarm looks for: each has `excess(channel, s, ms)` of the channel's newest sample.

Above 0 the condition is there, at 0 and below it is not, and how far below is what a deadband is
compared with; None where the sample says nothing. `channel` has `value` and `quality`.
"""

from limen.core.elapsed import elapsed_ms
from limen.core.quality import BAD


class High:
    def __init__(self, limit):
        self._limit = limit

    def excess(self, channel, s, ms):
        return None if channel.quality >= BAD else channel.value - self._limit


class Low:
    def __init__(self, limit):
        self._limit = limit

    def excess(self, channel, s, ms):
        return None if channel.quality >= BAD else self._limit - channel.value


class State:
    """The value is the one that is looked for."""

    def __init__(self, value):
        self._value = value

    def excess(self, channel, s, ms):
        return None if channel.quality >= BAD else int(channel.value == self._value)


class Bad:
    """There is no value."""

    def excess(self, channel, s, ms):
        return int(channel.quality >= BAD)


class Stale:
    """No value for so long; it is to be asked again while nothing comes."""

    def __init__(self, longest_ms):
        self._longest_ms = longest_ms
        self._s = None

    def excess(self, channel, s, ms):
        if channel.fresh and channel.quality < BAD or self._s is None:
            self._s = s
            self._ms = ms
        return elapsed_ms(self._s, self._ms, s, ms) - self._longest_ms


class Rate:
    """The value changes by more than `count` in `span_ms`, from one sample to the next."""

    def __init__(self, count, span_ms):
        self._count = count
        self._span_ms = span_ms
        self._last = None

    def excess(self, channel, s, ms):
        last = self._last
        self._last = None if channel.quality >= BAD else channel.value
        if last is None or self._last is None:
            excess = None
        else:
            step_ms = elapsed_ms(self._s, self._ms, s, ms)
            excess = abs(channel.value - last) * self._span_ms - self._count * step_ms
        self._s = s
        self._ms = ms
        return excess


class Deviation:
    """The value is further from that of the setpoint's channel than it may be."""

    def __init__(self, limit, setpoint):
        self._limit = limit
        self._setpoint = setpoint

    def excess(self, channel, s, ms):
        if channel.quality >= BAD or self._setpoint.quality >= BAD:
            return None
        return abs(channel.value - self._setpoint.value) - self._limit


class Heading:
    """The value will be at the limit within `within_s` if it goes on like this.

    It is over when the line would take half as long again, or leads nowhere; `left_s` is the
    time to the limit at the last point, None where the line does not hold.
    """

    def __init__(self, trend, limit, rising, within_s):
        self._trend = trend
        self._limit = limit
        self._rising = rising
        self._within_s = within_s
        self.left_s = None

    def excess(self, channel, s, ms):
        if channel.quality >= BAD:
            self._trend.clear()
            return None
        if not self._trend.feed(channel.value, s):
            return None
        self.left_s = self._trend.seconds_to(self._limit, self._rising)
        if self.left_s is None:
            return -self._within_s
        return self._within_s + 1 - self.left_s


def make_condition(settings, setpoint):
    """The condition of an alarm as `limen.core.alarm_config` has it."""
    kind, limit = settings["kind"], settings["limit"]
    if kind == "high":
        return High(limit)
    if kind == "low":
        return Low(limit)
    if kind == "rate":
        return Rate(limit, settings["span_ms"])
    if kind == "deviation":
        return Deviation(limit, setpoint)
    if kind == "stale":
        return Stale(settings["longest_ms"])
    if kind == "state":
        return State(limit)
    if kind == "bad":
        return Bad()
    from limen.core.trend import Trend

    points, step_s, fit, within_s = settings["trend"]
    return Heading(Trend(points, step_s, fit), limit, kind == "rising", within_s)
