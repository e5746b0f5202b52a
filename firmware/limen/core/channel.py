"""A channel: one measured quantity of a device, its newest sample, and what watches it.

A sample is (channel, time, value, quality); the newest one lives in the channel's own fields, so
that reading allocates nothing. `value` counts steps of 10**-places units, and means nothing while
`quality` is bad.
"""

from limen.core.quality import BAD
from limen.core.report import Report


class Channel:
    """`spec` is the channel's part of the configuration; those of a device that are read at the
    same rate share a `schedule`. A site has many channels: what few of them have, the class has."""

    tells_all = True  # of its samples; those that do not decide by `passes`
    alarms = ()

    def __init__(self, spec, schedule):
        self.name = spec["name"]
        self.places = spec["places"]
        self.schedule = schedule
        self.value = 0
        self.quality = BAD
        self.fresh = False  # read, and not yet gone through the path


class FilteredChannel(Report, Channel):
    """A channel that is its own filter, `passes` and `told`: an object less for each."""

    tells_all = False

    def __init__(self, spec, schedule, rule):
        Channel.__init__(self, spec, schedule)
        Report.__init__(self, rule)
