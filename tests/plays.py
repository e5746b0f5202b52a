"""What filters, alarms and functions of the core make of a run of samples.

Runs under both Pythons: arguments and results are what JSON can say. A run is a list of
[ms of uptime, value, quality], in the order of time.
"""

import json
import sys

from limen.core.aggregate import AGGREGATES, Aggregate
from limen.core.alarm import LimitAlarm
from limen.core.chain import make_report
from limen.core.control_chart import ControlChart
from limen.core.intervals import Intervals
from limen.core.isa_alarm import IsaAlarm
from limen.core.machine import Bands, Dwell, Tally
from limen.core.median import Median
from limen.core.smooth import Smooth

_EARLIER = 2  # of what `passes` of a line returns: points before this one


class Points:
    """Stands for the path and the outbox where a report puts earlier points."""

    def __init__(self):
        self.outbox = self
        self.told = []

    def begin(self, kind, number, quality, s, ms):
        self.told.append([s * 1000 + ms, None, quality])

    def add(self, index, value):
        self.told[-1][1] = value

    def put(self):
        pass


def report(spec, run):
    """For each sample, the points [ms, value, quality] that are published when it has come."""
    filtered = make_report(spec)
    told = []
    for now, value, quality in run:
        passes = int(filtered.passes(value, quality, now // 1000, now % 1000))
        points = Points()
        if passes & _EARLIER:
            filtered.put_earlier(points, 1, 0)
        if passes & 1:
            points.told.append([now, filtered.told if quality < 2 else None, quality])
        told.append(points.told)
    return told


def median(size, values):
    stage = Median(size)
    return [stage.feed(value) for value in values]


def smooth(weight, values):
    stage = Smooth(weight)
    return [stage.feed(value) for value in values]


def aggregate(values):
    gathered = Aggregate()
    for value in values:
        gathered.feed(value)
    return [gathered.value(name) for name in AGGREGATES]


def limit_alarm(name, limit, hysteresis, delay_ms, run):
    """Whether the alarm stands after each sample."""
    alarm, stands = LimitAlarm(name, limit, hysteresis, delay_ms), []
    for now, value, quality in run:
        alarm.feed(value, quality, now // 1000, now % 1000)
        stands.append(alarm.state == 2)
    return stands


def isa_alarm(deadband, on_ms, off_ms, run):
    """The state after each [ms, excess]."""
    alarm, states = IsaAlarm(deadband, on_ms, off_ms, False), []
    for now, excess in run:
        alarm.feed(excess, now // 1000, now % 1000)
        states.append(alarm.state)
    return states


def intervals(length_s, steps):
    """[[end, used] each, what the open one has] of [what, seconds, count] steps."""
    cut, told = Intervals(length_s, 1, 30), []
    for what, s, count in steps:
        if what == "reboot":
            state, cut = cut.state(), Intervals(length_s, 1, 30)
            if state[0] is not None:
                cut.restore(state)
        if cut.feed(s, 0, [None if what == "bad" else count]):
            told.append([cut.end_s, cut.used[0]])
    return [told, cut.used_so_far(0)]


def dwell(dwell_ms, steps):
    """[[whether it changed, state] for each step, the tally at the end]."""
    decider, tally, told = Dwell(dwell_ms), Tally(), []
    for shown, passed_ms, used, settles in steps:
        told.append([bool(decider.feed(shown, passed_ms, used)), decider.state])
        if decider.booked is not None:
            tally.book(decider.booked, decider.ms, decider.used, True)
        if settles:
            decider.settle()
            tally.book(decider.booked, decider.ms, decider.used, True)
    decider.settle()
    tally.book(decider.booked, decider.ms, decider.used, True)
    return [told, tally.ms, tally.used, tally.seconds(), tally.busy_ms]


def bands(limits, hysteresis, powers):
    found = Bands(limits, list(range(len(limits) + 1)), hysteresis)
    return [found.show(power) for power in powers]


def rules(sigma, run_length, distances):
    """For each value the numbers of the rules that hold."""
    chart, held = ControlChart(sigma, run_length), []
    for distance in distances:
        chart.feed(distance)
        held.append([rule for rule in range(1, 9) if chart.holds(rule)])
    return held


def serve():
    """Answer calls, [name, arguments] a line."""
    for line in sys.stdin:
        name, arguments = json.loads(line)
        try:
            answer = {"result": globals()[name](*arguments)}
        except Exception as error:
            answer = {"error": repr(error)}
        print(json.dumps(answer))
