"""Feeds samples to one filter or alarm: what it costs is the difference of two runs.

Arguments: the kind, how many samples, and the folder of the firmware. Prints the heap blocks that
are taken, or could be reclaimed, after the samples, with the collector off. Not for a board: no
gateway is around it.
"""

import gc
import sys

kind, samples, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
sys.path.insert(0, folder)

from limen.core.alarm import LimitAlarm  # noqa: E402
from limen.core.chain import make_report  # noqa: E402
from limen.core.report import Report  # noqa: E402

BLOCK_BYTES = 16
WARM_UP = 120
REPORTS = {
    "deadband": {"change": [50, 0, 0, 0]},
    "percent deadband, heartbeat": {"change": [50, 200, 0, 300000]},
    "median of 3": {"median": 3, "bands": [0, 0]},
    "exponential mean": {"smooth": 8, "bands": [0, 0]},
    "bands": {"bands": [300000, 20, 2000, 2600]},
    "rate of change": {"rate": [300000, 40, 1000]},
    "line": {"line": [50, 300000]},
    "chain": {"median": 3, "change": [50, 200, 0, 300000]},
}


class Channel:
    fresh = True
    quality = 0
    value = 0


def signal(s):
    """Counts with a slow wave, noise and now and then a spike."""
    noise = s * 7919 % 31
    return 2000 + abs(s % 400 - 200) * 4 + noise + (900 if s % 97 == 0 else 0)


def feed_report(report):
    def feed(value, s):
        if report.passes(value, 0, s, 0) > 1:
            while report.next():
                pass

    return feed


def feed_chain():
    report = make_report(REPORTS["chain"])
    high, low = LimitAlarm("high", 2700, 20, 3000), LimitAlarm("low", 100, 20, 3000)

    def feed(value, s):
        high.feed(value, 0, s, 0)
        low.feed(value, 0, s, 0)
        report.passes(value, 0, s, 0)

    return feed


def feed_alarm(settings):
    from limen.core.condition import make_condition
    from limen.core.isa_alarm import IsaAlarm

    alarm = IsaAlarm(20, 3000, 0, False)
    condition = make_condition(settings, None)
    channel = Channel()

    def feed(value, s):
        channel.value = value
        alarm.feed(condition.excess(channel, s, 0), s, 0)

    return feed


def feed_window():
    from limen.core.aggregate import Aggregate

    gathered = Aggregate()

    def feed(value, s):
        gathered.feed(value)
        if s % 60 == 59:
            gathered.value("mean")
            gathered.value("rms")
            gathered.clear()

    return feed


def make_feed():
    if kind == "chain":
        return feed_chain()
    if kind == "high alarm, ISA-18.2":
        return feed_alarm({"kind": "high", "limit": 2700})
    if kind == "early warning":
        return feed_alarm({"kind": "rising", "limit": 9000, "trend": [12, 10, 50, 600]})
    if kind == "window: mean and RMS of 60":
        return feed_window()
    if kind == "nothing":
        return lambda value, s: None
    spec = REPORTS[kind]
    return feed_report(Report(spec["change"]) if kind == "deadband" else make_report(spec))


def run(feed, first, last):
    for s in range(first, last):
        feed(signal(s), s)


feed = make_feed()
run(feed, 0, WARM_UP)
gc.collect()
gc.disable()
before = gc.mem_alloc()
run(feed, WARM_UP, WARM_UP + samples)
print((gc.mem_alloc() - before) // BLOCK_BYTES)
