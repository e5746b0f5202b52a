"""Feeds samples to one filter, alarm or function: what it costs is the difference of two runs.

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


def feed_burst():
    """A burst of 100, of which all is asked that a channel can show."""
    from array import array

    from limen.core.vibration import Vibration

    samples = array("h", bytes(200))
    vibration = Vibration(samples, 100)

    def feed(value, s):
        samples[s % 100] = value
        if s % 100 == 99:
            vibration.load(100)
            vibration.velocity_rms(10, 1000, 1)
            vibration.crest_factor(1000)
            vibration.kurtosis(1000)
            vibration.amplitude(10000, 1, 1000, 1)

    return feed


class Clock:
    """UTC is uptime from an hour on, in 2026."""

    is_set = True
    s = ms = 0

    def utc_s(self, s, ms):
        return 825512400 + s

    def utc_ms(self, ms):
        return 0


class Device:
    def __init__(self, *names):
        self.channels = []
        for name, places in names:
            channel = Channel()
            channel.name, channel.places = name, places
            self.channels.append(channel)
        self.id = "bench"
        self.s = self.ms = 0


class Gateway:
    """What functions need of one; what they tell goes nowhere."""

    def __init__(self, source):
        self.devices = [None, source]
        self.clock = Clock()
        self.store = self.path = self

    def get(self, name, default=None):
        return default

    def take(self, *_):
        pass

    set = save = put_event = take


ALWAYS = [[0] * 8, [[0, 0]], []]
FUNCTIONS = {
    "energy": (
        {"counters": [[1, 1]], "names": ["energy_import"], "power": [1, 0], "interval_s": 900}
        | {"gap_s": 10, "places": 0, "reactive": None, "sliding": 15, "tariff": [ALWAYS, [32000]]},
        [("energy_import_interval", 3), ("cost", 8), ("power_active_demand", 0)],
    ),
    "machine": (
        {"power": [1, 0], "energy": [1, 1], "inputs": [], "bands": [[1000, 2500], [0, 1, 3], 50]}
        | {"dwell_ms": [0, 5000, 0, 0, 0, 0], "shifts": ALWAYS, "shift_names": ["all"]}
        | {"tariff": [ALWAYS, [32000]], "ideal_ms": None},
        [("machine_state", 0)],
    ),
    "spc": (
        {"of": [1, 0], "every_ms": 1000, "batch": 50, "limits": [1000, 4000], "center": 240000}
        | {"sigma": 25000, "rules": [1, 5, 6, 2], "run": 8, "ewma": [5, 30], "cusum": [5, 50]},
        [("process_mean", 2), ("cpk", 3)],
    ),
}


def feed_function(name):
    settings, own = FUNCTIONS[name]
    settings["zone"] = [3600]
    source = Device(("power_active_total", 0), ("energy_import", 3))
    gateway = Gateway(source)
    module = __import__("limen.functions." + name, None, None, ("*",))
    function = module.Function(gateway, 2, Device(*own), settings)
    power, counter = source.channels

    def feed(value, s):
        gateway.clock.s = source.s = s
        power.value, counter.value = value, 40 * s
        function.feed(source)

    return feed


def make_feed():
    if kind == "chain":
        return feed_chain()
    if kind in FUNCTIONS:
        return feed_function(kind)
    if kind == "high alarm, ISA-18.2":
        return feed_alarm({"kind": "high", "limit": 2700})
    if kind == "early warning":
        return feed_alarm({"kind": "rising", "limit": 9000, "trend": [12, 10, 50, 600]})
    if kind == "window: mean and RMS of 60":
        return feed_window()
    if kind.startswith("burst"):
        return feed_burst()
    if kind == "nothing":
        return lambda value, s: None
    spec = REPORTS[kind]
    return feed_report(Report(spec["change"]) if kind == "deadband" else make_report(spec))


def run(feed, first, last):
    for s in range(first, last):
        feed(signal(s), s)


feed = make_feed()
before = 0
run(feed, 0, WARM_UP)
gc.collect()
gc.disable()
before = gc.mem_alloc()
run(feed, WARM_UP, WARM_UP + samples)
print((gc.mem_alloc() - before) // BLOCK_BYTES)
