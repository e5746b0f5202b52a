"""Alarms that are more than a limit, from samples and commands to the events that they put."""

import json

from limen.core.channel import Channel
from limen.core.quality import BAD, GOOD
from limen.core.schedule import Schedule
from limen.functions import alarms as module
from limen.functions.alarms import Function


class Asyncio:
    """The task is not run: the tests tick themselves."""

    def create_task(self, task):
        return task


class Device:
    def __init__(self, name, channels):
        self.id = name
        schedule = Schedule(1000)
        self.channels = [Channel({"name": name, "places": 1}, schedule) for name in channels]
        self.s = self.ms = 0


class Session:
    counters = {"connects": 1}


class Bench:
    """A gateway with an oven and a motor; `told` are the events since the last look."""

    def __init__(self, *settings, flood=(0, 600)):
        module.asyncio = Asyncio()
        oven = Device("oven", ["temperature", "setpoint"])
        self.devices = [None, oven, Device("motor", ["power"])]
        self.clock = self.path = self.uplink = self
        self.session = Session()
        self.session.counters = {"connects": 1}
        self.s = self.ms = 0
        self.events = []
        self.alarms = Function(self, 3, None, {"alarm": settings, "flood": flood})

    def put_event(self, number, quality, s, ms, body):
        self.events.append((number, s, json.loads(body)))

    def nudge(self):
        pass

    def read(self, s, value, device=1, quality=GOOD):
        self.s = s
        one = self.devices[device]
        one.s = s
        channel = one.channels[0]
        channel.value, channel.quality, channel.fresh = value, quality, True
        self.alarms.feed(one)
        channel.fresh = False

    def tick(self, s):
        self.s = s
        self.alarms.tick()

    def told(self):
        events, self.events = self.events, []
        return events

    def states(self):
        return [event.get("state", event.get("flood")) for _, _, event in self.told()]


def alarm(name="high", limit=800, **more):
    settings = {
        "of": [1, 0],
        "name": name,
        "kind": "high",
        "limit": limit,
        "hysteresis": 10,
        "on_ms": 0,
        "off_ms": 0,
        "priority": 2,
        "latch": False,
    }
    settings.update(more)
    return settings


def test_a_transition_is_an_event_with_value_limit_and_state():
    bench = Bench(alarm())
    bench.read(1, 801)
    bench.read(2, 805)
    bench.read(3, 790)
    body = {"alarm": "temperature.high", "value": 80.1, "limit": 80.0, "priority": 2}
    body["state"] = "unack"
    gone = dict(body)
    gone.update({"state": "normal", "value": 79.0})
    assert bench.told() == [(1, 1, body), (1, 3, gone)]


def test_acknowledge_and_shelve_by_name():
    bench = Bench(alarm(), alarm("high_high", 900, latch=True))
    bench.read(1, 901)
    assert bench.states() == ["unack", "unack"]
    assert bench.alarms.acknowledge("oven.temperature.high") == {"oven.temperature.high": "ack"}
    assert bench.alarms.shelve("*", 60) == {
        "oven.temperature.high": "shelved",
        "oven.temperature.high_high": "shelved",
    }
    assert bench.states() == ["ack", "shelved", "shelved"]
    bench.read(10, 700)
    bench.tick(60)
    assert bench.states() == []
    bench.tick(61)
    assert bench.states() == ["normal", "rtn_unack"]
    try:
        bench.alarms.acknowledge("oven.pressure.high")
    except ValueError as error:
        assert str(error) == 'there is no alarm "oven.pressure.high"'
    else:
        raise AssertionError("a name that there is not was taken")


def test_alarms_are_suppressed_while_the_machine_is_off():
    bench = Bench(alarm("low", 700, kind="low", **{"while": [2, 0, 101, 1 << 60]}))
    bench.read(1, 0, device=2)
    bench.read(1, 200)
    assert bench.states() == ["suppressed"]
    bench.read(2, 500, device=2)
    bench.read(2, 200)
    assert bench.states() == ["normal", "unack"]
    bench.read(3, None, device=2, quality=BAD)
    bench.read(3, 200)
    assert bench.states() == []
    bench.read(4, 100, device=2)
    assert bench.states() == ["suppressed"]


def test_the_first_of_a_group_is_marked():
    bench = Bench(alarm(group="oven"), alarm("high_high", 900, group="oven"))
    bench.read(1, 850)
    bench.read(2, 950)
    assert [event.get("first") for _, _, event in bench.told()] == [True, None]


def test_standing_alarms_are_restated_after_a_reconnect():
    bench = Bench(alarm(), alarm("high_high", 900))
    bench.tick(0)
    bench.read(1, 850)
    bench.told()
    bench.tick(2)
    assert bench.told() == []
    bench.session.counters["connects"] = 2
    bench.tick(3)
    ((_, s, event),) = bench.told()
    assert (s, event["alarm"], event["state"], event["restated"]) == (
        3, "temperature.high", "unack", True
    )  # fmt: skip


def test_a_flood_is_counted_and_told_when_it_is_over():
    bench = Bench(alarm(), alarm("high_high", 900, priority=1), flood=(2, 60))
    for s in range(0, 12, 2):
        bench.read(s, 850)
        bench.read(s + 1, 700)
    assert bench.states() == ["unack", "normal", "unack", "normal", "begun"]
    bench.read(20, 950)
    assert [event["alarm"] for _, _, event in bench.told()] == ["temperature.high_high"]
    bench.tick(65)
    assert bench.told() == []
    bench.tick(81)
    over, restated = bench.told()
    assert over == (0, 81, {"flood": "ended", "suppressed": 5})
    assert (restated[2]["state"], restated[2]["restated"]) == ("unack", True)


def test_what_is_not_heard_is_stale():
    stale = alarm("stale", None, kind="stale", longest_ms=5000, hysteresis=0)
    bench = Bench(stale, alarm("bad", None, kind="bad", hysteresis=0))
    bench.read(1, 300)
    bench.tick(6)
    assert bench.told() == []
    bench.tick(7)
    assert [(event["alarm"], event["limit"]) for _, _, event in bench.told()] == [
        ("temperature.stale", None)
    ]
    bench.read(8, None, quality=BAD)
    bench.read(9, 300)
    assert bench.states() == ["unack", "normal", "normal"]


def test_an_early_warning_says_how_long_it_is():
    early = alarm("early_high", 800, kind="rising", trend=[4, 60, 20, 1800], hysteresis=900)
    bench = Bench(early)
    for minute in range(6):
        bench.read(minute * 60, 300 + 25 * minute)
    ((_, s, event),) = bench.told()
    assert (s, event["alarm"], event["state"], event["in_s"]) == (
        180, "temperature.early_high", "unack", 1020
    )  # fmt: skip
