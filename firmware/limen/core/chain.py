"""Reports that are more than a deadband: what smooths the samples first, and how they are chosen.

Loaded only where a configuration has such a report. Every filter sees every sample of its channel;
a bad one passes all of them at once, and once, and what was gathered before it is forgotten.
"""

from limen.core.channel import Channel
from limen.core.quality import BAD


class RichChannel(Channel):
    """A channel whose `report` decides which of its samples are told."""

    tells_all = False

    def __init__(self, spec, schedule, report):
        super().__init__(spec, schedule)
        self._report = report

    def passes(self, value, quality, s, ms):
        """As the report's own."""
        told = self._report.passes(value, quality, s, ms)
        self.told = self._report.told
        return told

    def put_earlier(self, path, number, index):
        """As the report's own; the value that is told comes behind the earlier ones."""
        self._report.put_earlier(path, number, index)
        self.told = self._report.told


class Chain:
    """`stages` turn a value into another one by `feed`; `last` is the report that decides."""

    def __init__(self, stages, last):
        self._stages = stages
        self._last = last
        self.told = None

    def passes(self, value, quality, s, ms):
        """As the report's own, which gets what the stages make of the value."""
        for stage in self._stages:
            if quality < BAD:
                value = stage.feed(value)
            else:
                stage.clear()
        told = self._last.passes(value, quality, s, ms)
        self.told = value
        return told

    def put_earlier(self, path, number, index):
        """As the report's own."""
        self._last.put_earlier(path, number, index)


def make_report(spec):
    """The report of a channel as the configuration has it: see `limen.core.report_config`."""
    stages = make_stages(spec)
    last = _make_last(spec)
    return Chain(stages, last) if stages else last


def make_stages(spec):
    """What smooths the samples first."""
    stages = ()
    if "median" in spec:
        from limen.core.median import Median

        stages = (Median(spec["median"]),)
    if "smooth" in spec:
        from limen.core.smooth import Smooth

        stages += (Smooth(spec["smooth"]),)
    return stages


def _make_last(spec):
    if "line" in spec:
        from limen.core.line import Line

        return Line(spec["line"])
    if "bands" in spec:
        from limen.core.bands import Bands

        return Bands(spec["bands"])
    if "rate" in spec:
        from limen.core.rate import Rate

        return Rate(spec["rate"])
    from limen.core.report import Report

    return Report(spec["change"])
