"""The lines of `limen tail`, and what its arguments make of a broker."""

import json
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from socket import create_server

import pytest
from paho.mqtt import client as paho

from host_tools import cli
from host_tools.client import (
    Alarm,
    ClockSet,
    ClockStep,
    CounterChange,
    Fault,
    Gap,
    Happening,
    Presence,
    Sample,
)
from host_tools.contract import (
    AlarmState,
    Answering,
    Boot,
    Channel,
    GatewayFault,
    GivenUp,
    OrderChange,
    Period,
    Plate,
    Refusal,
    Shed,
    Use,
    sentence,
)
from host_tools.emulation import brokers
from host_tools.tail import json_line, plain_line

BOOT = Boot("9f03a1c4", 3)
NAME = "hall-2/press-07"
T_MS = 1_795_291_200_250
ABOUT = Channel("voltage", "V", "gauge", 1)
SAMPLE = Sample(
    NAME, "meter", "voltage", Decimal("-230.10"), "good", T_MS, None, BOOT, 7, ABOUT
)  # fmt: skip
ALARM = Alarm(
    NAME, "meter", "voltage", "high", True, Decimal("251.0"), Decimal(250), "good",
    T_MS, None, BOOT, 8, ABOUT,
)  # fmt: skip
RESET = CounterChange(
    NAME, "meter", "voltage", "reset", None, Decimal("8.31"), "good", T_MS, None, BOOT, 9, ABOUT
)
SHED = Happening(
    NAME, "hall", Shed("heater", True, Decimal("104.5"), Decimal(100)), "good", T_MS, None, BOOT, 3
)
RATIOS = (Decimal("80.5"), None, None, None)
USE = Use(Decimal("1.5"), None, Decimal("0.45"))
PART = Use(Decimal("0.5"), None, Decimal("0.15"))
ENDED = OrderChange("A-1", "ended", 4, 1, (0, 7, 0, 90, 0, 0), USE, PART, RATIOS)
SHIFT = Period("early", (0, 5, 0, 20, 0, 0), (), 3, 4, 1, RATIOS)
HEAD = "2026-11-21T20:00:00.250+00:00 hall-2/press-07"


@pytest.mark.parametrize(
    ("item", "line"),
    [
        (SAMPLE, f"{HEAD} meter.voltage -230.10 V"),
        (replace(SAMPLE, value=None, quality="bad", about=None), f"{HEAD} meter.voltage - (bad)"),
        (replace(SAMPLE, t_ms=None, uptime_ms=2500, quality="uncertain"),
         "+2500 ms hall-2/press-07 meter.voltage -230.10 V (uncertain)"),
        (ALARM, f"{HEAD} alarm meter.voltage high raised at 251.0 V, limit 250 V"),
        (replace(ALARM, raised=False, value=None),
         f"{HEAD} alarm meter.voltage high cleared at -, limit 250 V"),
        (RESET, f"{HEAD} counter meter.voltage reset, total 8.31 V"),
        (replace(RESET, change="first"),
         f"{HEAD} counter meter.voltage read for the first time, total 8.31 V"),
        (replace(RESET, was=Decimal("7.5")),
         f"{HEAD} counter meter.voltage reset at 7.5 V, total 8.31 V"),
        (SHED, f"{HEAD} hall heater dropped at a predicted demand of 104.5 W, limit 100 W"),
        (replace(SHED, body=Answering(False)), f"{HEAD} hall does not answer"),
        (replace(SHED, body=Refusal(2, ((3, 4136),))),
         f"{HEAD} hall refuses to be read across these registers: 4136 (function 3) and 1 more"),
        (replace(SHED, body=Plate("serial_number", "22140773", None)),
         f"{HEAD} hall has the serial number 22140773"),
        (replace(SHED, body=Plate("model", "M2", "M1")), f"{HEAD} hall has the model M2, was M1"),
        (replace(SHED, body=GivenUp("full", "9f03a1c4", 2, 17, 830, 814)),
         f"{HEAD} hall gave up 814 records of boot 2 (17 to 830): the flash was full"),
        (replace(SHED, body=GatewayFault("update", "the broker was not reached")),
         f"{HEAD} hall took the last update back: the broker was not reached"),
        (replace(SHED, body=OrderChange("A-1", "paused")), f"{HEAD} hall order A-1 paused"),
        (replace(SHED, body=ENDED),
         f"{HEAD} hall order A-1 ended: 4 parts, 1 of them rejects; idle 7 s, running 90 s; "
         "availability 80.5 %, performance -, quality -, OEE -; 1.5 kWh, 0.45 in money; "
         "per part 0.5 kWh, 0.15 in money"),
        (replace(SHED, body=SHIFT),
         f"{HEAD} hall early ended: idle 5 s, running 20 s; 4 parts, 1 of them rejects; "
         "availability 80.5 %, performance -, quality -, OEE -"),
        (ClockSet(NAME, BOOT, 2, 3500, T_MS, "ntp", BOOT.number),
         f"{HEAD} clock set at an uptime of 3500 ms (ntp)"),
        (ClockSet(NAME, BOOT, 2, 3500, T_MS, "ds3231", 2, True),
         f"{HEAD} clock set of boot 2 at an uptime of 3500 ms at the latest (ds3231)"),
        (ClockStep(NAME, BOOT, 2, 3500, T_MS, T_MS + 3600500, "ntp"),
         f"{HEAD} clock moved by -3600.5 s (ntp)"),
        (Gap(NAME, BOOT, 2, 4),
         "hall-2/press-07 gap: 3 records did not come, 2 to 4 of boot 9f03a1c4/3"),
        (Presence(NAME, False), "hall-2/press-07 is offline"),
        (Fault("limen/v1/a/b/status", "not JSON"), "limen/v1/a/b/status: not JSON"),
    ],
)  # fmt: skip
def test_a_plain_line(item, line):
    assert plain_line(item) == line


def test_a_json_line_of_an_order_is_exact_throughout():
    body = json.loads(json_line(replace(SHED, body=ENDED)))["body"]
    assert body["kind"] == "orderchange" and body["seconds"] == [0, 7, 0, 90, 0, 0]
    assert body["part"] == {"energy": 0.5, "co2": None, "cost": 0.15}


def test_a_json_line_has_the_exact_number():
    line = json_line(SAMPLE)
    assert '"value":-230.10' in line
    assert json.loads(line) == {
        "type": "sample", "gateway": NAME, "device": "meter", "channel": "voltage",
        "value": -230.1, "quality": "good", "t_ms": T_MS, "uptime_ms": None, "seq": 7,
        "inc": "9f03a1c4", "boot": 3, "unit": "V",
    }  # fmt: skip
    assert json.loads(json_line(RESET))["unit"] == "V"
    assert json.loads(json_line(Gap(NAME, BOOT, 2, 4))) == {
        "type": "gap", "gateway": NAME, "first": 2, "last": 4, "inc": "9f03a1c4", "boot": 3
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["hall-2"], "'hall-2' is not SITE/GATEWAY; + stands for any."),
        (["hall-2/#"], "'hall-2/#' is not SITE/GATEWAY"),
        (["--broker", "localhost:x"], "--broker 'localhost:x' is not HOST or HOST:PORT."),
        (["--broker", "mqtt://b:1883"], "--broker 'mqtt://b:1883' is not HOST or HOST:PORT."),
        (["--ca", "/nowhere.pem"], "The authority /nowhere.pem cannot be read"),
        (["--for", "soon"], "--for: "),
    ],
)
def test_a_wrong_argument_is_a_sentence(arguments, sentence, capsys):
    assert cli.main(["tail", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_it_shows_what_is_retained_and_then_ends(tmp_path, capsys):
    with closing(create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    broker = brokers.start("auto", port, tmp_path)
    gateway = paho.Client(paho.CallbackAPIVersion.VERSION2, "gateway")
    gateway.connect("127.0.0.1", port)
    gateway.loop_start()
    status = b'{"inc":"9f03a1c4","boot":3,"online":true}'
    gateway.publish(f"limen/v1/{NAME}/status", status, 1, retain=True).wait_for_publish(10)
    gateway.disconnect()
    gateway.loop_stop()
    assert cli.main(["tail", "--broker", f"127.0.0.1:{port}", "--for", "1s"]) == 0
    broker.kill()
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("hall-2/press-07 is online\n", "")


def test_an_alarm_says_how_long_is_left_only_where_that_is_known():
    state = AlarmState("pressure.early_low", "unack", Decimal("1.5"), Decimal("-0.4"), 2)
    assert sentence(state).endswith("limit -0.4, priority 2")
    assert sentence(replace(state, seconds_left=150)).endswith("priority 2, in 2 min")
