"""The plain dialect as docs/mqtt.md shows it, and what it refuses."""

from decimal import Decimal

import pytest

from host_tools.contract import (
    Alarm,
    Batch,
    Birth,
    Boot,
    Channel,
    ClockSet,
    ClockStep,
    ContractError,
    CounterChange,
    Diag,
    Last,
    Record,
    Status,
    Values,
    parse,
)

BASE = "limen/v1/hall-2/press-07/"
BOOT = Boot("9f03a1c4", 3)
BIRTH = (
    b'{"inc":"9f03a1c4","boot":3,"cfg":"1c0ffee1","firmware":"0.1.0","reset":"power-on",'
    b'"chip":"246f28aabbcc","low":1,"device":[{"id":"main-meter","model":"Eastron SDM630-Modbus",'
    b'"channel":[{"name":"power_active_total","unit":"W","kind":"gauge","places":1}]}]}'
)
FRAME = b'{"inc":"9f03a1c4","boot":3,"cfg":"1c0ffee1","low":17,"r":[%s]}'


def read(topic, payload):
    gateway, message = parse(BASE + topic, payload)
    assert gateway == "hall-2/press-07"
    return message


def test_a_batch_keeps_its_values_exactly():
    batch = read(
        "dev/main-meter/data",
        FRAME
        % b'[17,1795291200000,0,{"power_active_total":-4216.10,"energy_import":12345678.901}],'
        b'[19,1795291201000,2,{"power_active_total":null}]',
    )
    assert batch == Batch(
        "main-meter", "data", BOOT, "1c0ffee1", 17,
        (
            Record(17, 1795291200000, None, 0, Values(
                {"power_active_total": Decimal("-4216.1"), "energy_import": Decimal("12345678.901")}
            )),
            Record(19, 1795291201000, None, 2, Values({"power_active_total": None})),
        ),
    )  # fmt: skip
    assert str(batch.records[0].body.by_channel["power_active_total"]) == "-4216.10"


def test_a_record_before_the_clock_was_set_carries_its_uptime():
    batch = read("dev/m/data", FRAME % b'[1,null,1,{"voltage":230},2500]')
    assert batch.records == (Record(1, None, 2500, 1, Values({"voltage": Decimal(230)})),)


def test_an_alarm():
    batch = read(
        "dev/main-meter/event",
        FRAME % b'[18,1795291200500,0,{"alarm":"power_active_total.high","state":"raised",'
        b'"value":45100.5,"limit":45000.0}]',
    )
    assert batch.records[0].body == Alarm(
        "power_active_total.high", True, Decimal("45100.5"), Decimal(45000)
    )


def test_a_counter_that_was_reset_and_one_that_begins():
    entry = b'[18,1795291200500,0,{"counter":"energy_import","change":%s,"was":%s,"total":45.20}]'
    (reset,) = read("dev/m/event", FRAME % (entry % (b'"reset"', b"45.1"))).records
    assert reset.body == CounterChange("energy_import", "reset", Decimal("45.1"), Decimal("45.2"))
    (first,) = read("dev/m/event", FRAME % (entry % (b'"first"', b"null"))).records
    assert first.body == CounterChange("energy_import", "first", None, Decimal("45.2"))


def test_a_clock_event():
    batch = read(
        "dev/gateway/event",
        FRAME % b'[2,1795291200500,0,{"clock":"set","uptime_ms":3500,"utc_ms":1795291200500,'
        b'"source":"ntp"}]',
    )
    assert batch.records[0].body == ClockSet(3500, 1795291200500, "ntp")


def test_a_clock_event_of_an_earlier_boot_and_a_step():
    body = b'{"clock":"%s","uptime_ms":0,"utc_ms":1795291200500,%s"source":"ntp"}'
    entry = b"[2,1795291200500,1," + body % (b"set", b'"boot":2,') + b"]"
    (record,) = read("dev/gateway/event", FRAME % entry).records
    assert record.body == ClockSet(0, 1795291200500, "ntp", 2)
    entry = b"[3,1795291200500,0," + body % (b"step", b'"was_ms":1795294800500,') + b"]"
    (record,) = read("dev/gateway/event", FRAME % entry).records
    assert record.body == ClockStep(0, 1795291200500, 1795294800500, "ntp")


def test_birth_status_last_and_diagnostics():
    assert read("status", b'{"inc":"9f03a1c4","boot":3,"online":false}') == Status(BOOT, False)
    channel = Channel("power_active_total", "W", "gauge", 1)
    assert read("birth", BIRTH) == Birth(
        BOOT, "1c0ffee1", 1, "0.1.0", "power-on",
        {"main-meter": "Eastron SDM630-Modbus"},
        {"main-meter": {"power_active_total": channel}},
    )  # fmt: skip
    assert read("dev/m/last", b'{"t":null,"q":2,"v":{"a":1.50,"b":null}}') == Last(
        "m", None, 2, {"a": Decimal("1.5"), "b": None}
    )
    assert read("diag", b'{"inc":"9f03a1c4","boot":3,"uptime_s":7}') == Diag(BOOT, {"uptime_s": 7})


def test_a_birth_names_the_values_of_a_state():
    states = b'"kind":"gauge","places":0,"states":%s}'
    birth = BIRTH.replace(b'"kind":"gauge","places":1}', states)
    parsed = read("birth", birth % b'{"0":"stopped","2":"running"}')
    channel = parsed.devices["main-meter"]["power_active_total"]
    assert channel.states == ((0, "stopped"), (2, "running"))
    for broken in (b'{"on":"1"}', b'{"1":1}', b"[]", b"null"):
        with pytest.raises(ContractError, match="state"):
            read("birth", birth % broken)


@pytest.mark.parametrize(
    ("topic", "payload", "complaint"),
    [
        ("status", b'{"inc":"9f03a1c4","boot":3,"onl', "not JSON"),
        ("status", b"\xff\xfe", "not JSON"),
        ("status", b"[]", "the message is no object"),
        ("status", b'{"inc":"9f03a1c4","online":true}', "the message lacks 'boot'"),
        ("status", b'{"inc":"9f03a1c4","boot":true,"online":true}', "message is True, not int"),
        ("status", b'{"inc":"9f03a1c4","boot":3,"online":1}', "is 1, not bool"),
        ("status", b'{"inc":"a","boot":3,"online":true,"x":1}', "the message has unknown 'x'"),
        ("birth", BIRTH.replace(b"gauge", b"gage"), "unknown kind 'gage'"),
        ("birth", BIRTH.replace(b'"places":1', b'"places":1.0'), "Decimal('1.0'), not int"),
        ("dev/m/date", b"{}", "there is no topic 'dev/m/date' in the contract"),
        ("dev/m/data", FRAME % b"", "the batch is empty"),
        ("dev/m/data", FRAME % b"[1,2,0]", "no list of 4 or 5"),
        ("dev/m/data", FRAME % b"[1,2,0,{}]", "record 1 has no channel"),
        ("dev/m/data", FRAME % b'[1,2,4,{"a":1}]', "4, not a quality from 0 to 3"),
        ("dev/m/data", FRAME % b'[1,2,0,{"a":null}]', "contradict each other"),
        ("dev/m/data", FRAME % b'[1,2,2,{"a":1}]', "contradict each other"),
        ("dev/m/data", FRAME % b'[1,2,0,{"a":"1"}]', "'1', not int or Decimal or null"),
        ("dev/m/data", FRAME % b'[1,2,0,{"a":NaN}]', "NaN is no number"),
        ("dev/m/data", FRAME % b'[1,2,0,{"a":1},5]', "either a time or"),
        ("dev/m/data", FRAME % b'[1,null,0,{"a":1}]', "either a time or"),
        ("dev/m/event", FRAME % b'[1,2,0,{"alarm":"a.high","state":"up","value":1,"limit":1}]',
         "is 'up', not raised or cleared"),
        ("dev/m/event", FRAME % b'[1,2,0,{"clock":"lost","uptime_ms":1,"utc_ms":1}]', "'lost'"),
    ],
)  # fmt: skip
def test_what_deviates_is_refused_with_a_reason(topic, payload, complaint):
    with pytest.raises(ContractError) as refused:
        parse(BASE + topic, payload)
    assert complaint in str(refused.value)


@pytest.mark.parametrize("topic", ["limen/v2/hall/press/status", "limen/v1/hall/status", "x"])
def test_other_topics_are_refused(topic):
    with pytest.raises(ContractError, match="is not under limen/v1"):
        parse(topic, b"{}")
