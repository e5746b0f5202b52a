"""Bearings that ran until they broke: process control of their vibration tells of it before."""

import csv
from datetime import datetime
from types import SimpleNamespace

import pytest

from host_tools.paths import PROJECT
from limen.core.channel import Channel
from limen.core.quality import GOOD
from limen.core.schedule import Schedule
from limen.functions.spc import Function
from limen.service.poll import Device

DATA = PROJECT / "../shared/data/ims_bearing"
SETTINGS = {
    "of": [0, 0],
    "every_ms": 60000,
    "batch": 1000,
    "limits": [None, None],
    "baseline": 400,
    "rules": [],
    "run": 8,
    "ewma": [20, 60],
}


def alarms(test, column):
    """(time of the first alarm, whether one stands at the end, time of the last row)."""
    rows = csv.reader((DATA / f"merged_dataset_BearingTest_{test}.csv").open())
    at = next(rows).index(column)
    channel = Channel({"name": "vibration_acceleration", "places": 5}, Schedule(60000))
    source, told = Device("bearing", (channel,), None), []
    store = SimpleNamespace(get=lambda name: None, set=lambda *pair: None, save=lambda: None)
    path = SimpleNamespace(put_event=lambda *event: told.append((event[2], event[-1])))
    gateway = SimpleNamespace(devices=[source], store=store, path=path, take=lambda *batch: None)
    spc = Function(gateway, 1, Device("spc", (), None), SETTINGS)
    times = []
    for row in rows:
        times.append(datetime.fromisoformat(row[0]))
        source.s = int((times[-1] - times[0]).total_seconds())
        channel.value, channel.quality, channel.fresh = round(float(row[at]) * 100000), GOOD, True
        spc.feed(source)
    raised = [s for s, body in told if '"ewma","state":"raised"' in body]
    begins = times[0].timestamp() + raised[0]
    return datetime.fromtimestamp(begins), '"raised"' in told[-1][1], times[-1]


@pytest.mark.skipif(not DATA.exists(), reason="needs the recordings")
@pytest.mark.parametrize(
    ("test", "column", "fails"),
    [
        (1, "Bearing 3 C1", "2003-11-25 10:47"),
        (1, "Bearing 4 C1", "2003-11-25 10:47"),
        (2, "Bearing 1", "2004-02-17 07:32"),
    ],
)
def test_a_bearing_that_breaks_ends_in_an_alarm_that_came_before(test, column, fails):
    begins, stands, end = alarms(test, column)
    fails = datetime.fromisoformat(fails)
    assert stands and begins < fails < end
    hours = int((fails - begins).total_seconds() // 3600)
    told = f"{begins:%Y-%m-%d %H:%M} | {fails:%Y-%m-%d %H:%M} | {hours} h"
    page = (PROJECT / "docs/quality.md").read_text().splitlines()
    assert f"| test {test}, {column} | {told} |" in page
