"""The picture of a running gateway, at 100 columns, and its plain lines elsewhere."""

import io

from rich.console import Console

from host_tools.live_view import LiveView
from host_tools.subscriber import Gateway, Subscriber
from host_tools.truth import Truth

BASE = "limen/v1/hall-2/press-07/"
FRAME = '{"inc":"9f03a1c4","boot":3,"cfg":"1c0ffee1","low":1,"r":[%s]}'
BIRTH = (
    '{"inc":"9f03a1c4","boot":3,"cfg":"1c0ffee1","firmware":"0.1.0","reset":"power-on","low":1,'
    '"device":[{"id":"meter","model":"X","channel":['
    '{"name":"voltage","unit":"V","kind":"gauge","places":1}]}]}'
)
CHANNEL = {"name": "voltage", "unit": "V", "places": 1, "every_ms": 1000}
CONFIG = {"device": [{"id": "meter", "channel": [CHANNEL]}]}
TWO = {"device": [{"id": name, "channel": [CHANNEL]} for name in ("meter", "other")]}


class Scene:
    """A view at 12 s, of a gateway that was read ten times and published two values."""

    def __init__(self, config=CONFIG, **console):
        self.now_ms = 0
        self.subscriber = Subscriber()
        self.output = io.StringIO()
        truth = Truth(config, 0)
        for second in range(10):
            truth.of_device("meter")(second * 1_000_000, "voltage", 230)
        self.view = LiveView(
            Console(file=self.output, width=100, **console),
            "Limen demo",
            truth,
            lambda: self.subscriber.gateways.get("hall-2/press-07", Gateway("the gateway")),
            lambda: self.now_ms,
        )

    def publish(self):
        status = '{"inc":"9f03a1c4","boot":3,"online":true}'
        records = '[1,3000,0,{"voltage":230.1}],[2,8000,0,{"voltage":-0.5}]'
        alarm = '[3,8000,0,{"alarm":"voltage.low","state":"raised","value":-0.5,"limit":9}]'
        for topic, payload in (
            ("status", status),
            ("birth", BIRTH),
            ("dev/meter/data", FRAME % records),
            ("dev/meter/event", FRAME % alarm),
        ):
            self.subscriber.feed(BASE + topic, payload.encode())
        self.now_ms = 12_000

    def lines(self):
        return [line.strip("│ ").split() for line in self.output.getvalue().splitlines()]


def test_the_picture_has_value_age_and_reduction():
    scene = Scene()
    scene.publish()
    scene.view.phase("The press: cycles")
    Console(file=scene.output, width=100).print(scene.view.picture())
    lines = scene.lines()
    assert lines[0][1:3] == ["Limen", "demo"]
    assert lines[1] == ["device", "channel", "value", "unit", "age", "read", "published",
                        "reduction"]  # fmt: skip
    assert lines[2] == "meter voltage -0.5 V 4 s 10 2 80.0 %".split()
    assert lines[4] == "hall-2/press-07 is online; 0 duplicates removed".split()
    assert lines[5] == "10 samples read, 2 published in 3 records: reduction 80.0 %".split()
    assert lines[6] == "The press: cycles".split()
    assert max(map(len, scene.output.getvalue().splitlines())) == 100


def test_a_channel_that_published_nothing_shows_that_it_is_read():
    scene = Scene()
    Console(file=scene.output, width=100).print(scene.view.picture())
    assert scene.lines()[2] == "meter voltage V 10 0".split()
    assert scene.lines()[4] == "the gateway is offline; 0 duplicates removed".split()


def test_what_a_function_makes_is_shown_behind_what_is_read():
    state = {"name": "state", "unit": "", "places": 0, "states": {"3": "running"}}
    scene = Scene(CONFIG | {"function": [{"id": "press", "channel": [state]}]})
    scene.publish()
    record = FRAME % '[4,9000,0,{"state":3}]'
    scene.subscriber.feed(BASE + "dev/press/data", record.encode())
    Console(file=scene.output, width=100).print(scene.view.picture())
    assert scene.lines()[2] == "meter voltage -0.5 V 4 s 10 2 80.0 %".split()
    assert scene.lines()[3] == "press state running 3 s 1".split()


def test_a_value_in_alarm_is_red():
    scene = Scene()
    scene.publish()
    Console(file=scene.output, width=100, force_terminal=True, color_system="standard").print(
        scene.view.picture()
    )
    line = next(line for line in scene.output.getvalue().splitlines() if "-0.5" in line)
    assert line.split("\x1b[1;31m")[1].split("\x1b[0m")[0].strip() == "-0.5"


def test_without_a_terminal_lines_come_once_in_a_while_and_news_at_once():
    scene = Scene()
    with scene.view:
        scene.publish()
        scene.view.phase("The press: off")
        scene.view.refresh()
        scene.view.refresh()
        scene.view.tell("alarm")
    assert scene.output.getvalue().splitlines() == [
        "Limen demo",
        " 12 s  The press: off; 10 samples read, 2 published in 3 records: reduction 80.0 %",
        " 12 s  The press: off; 10 samples read, 2 published in 3 records: reduction 80.0 %",
        " 12 s  alarm",
    ]


def test_what_is_bad_is_red_and_as_old_as_its_last_value():
    scene = Scene()
    scene.publish()
    bad = '[4,11000,2,{"voltage":null}]'
    scene.subscriber.feed(BASE + "dev/meter/data", (FRAME % bad).encode())
    Console(file=scene.output, width=100, force_terminal=True, color_system="standard").print(
        scene.view.picture()
    )
    line = next(line for line in scene.output.getvalue().splitlines() if "bad" in line)
    assert line.split("\x1b[1;31m")[1].split("\x1b[0m")[0].strip() == "bad"
    assert line.split("\x1b[31m")[1].split("\x1b[0m")[0].strip() == "4 s"


def test_several_devices_show_how_they_keep_their_rate():
    scene = Scene(TWO)
    scene.now_ms = 10_000
    Console(file=scene.output, width=100).print(scene.view.picture())
    lines = [" ".join(line) for line in scene.lines()]
    assert "rate of the last 10 s: meter 100 %, other -" in lines
    assert lines[2].startswith("meter voltage") and lines[3].startswith("other voltage")


def test_a_low_terminal_leaves_out_channels_and_says_so():
    scene = Scene(TWO, force_terminal=True, height=15)
    Console(file=scene.output, width=100).print(scene.view.picture())
    assert ["and", "1", "more"] in scene.lines()
