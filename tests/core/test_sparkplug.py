"""Golden bytes are those of the protobuf library with Eclipse Tahu's schema."""

from limen.core.quality import BAD, STALE
from limen.core.sparkplug import BOOLEAN, DOUBLE, INT64, Payload, host_state

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock


def written(fill):
    payload = Payload(bytearray(400))
    payload.begin(817000000, 123)
    fill(payload)
    payload.end(255)
    return bytes(payload.buffer[: payload.at])


def test_a_metric_of_data():
    def fill(payload):
        payload.begin_alias(8, 816999999, 7, False)
        payload.put_value(DOUBLE, 2308, 1)
        payload.end_metric()

    golden = "08fbacb99eaa3312121008189fa4b99eaa33699a99999999d96c4018ff01"
    assert written(fill) == bytes.fromhex(golden)


def test_a_historical_count_and_a_bit():
    def fill(payload):
        payload.begin_alias(300, 816999999, 7, True)
        payload.put_value(INT64, -42, -2)
        payload.end_metric()
        payload.begin_alias(2, 816999999, 7, False)
        payload.put_value(BOOLEAN, 7, 0)
        payload.end_metric()

    golden = (
        "08fbacb99eaa33"
        "121710ac02189fa4b99eaa33280158" + "98dfffffffffffffff01"
        "120b1002189fa4b99eaa337001"
        "18ff01"
    )
    assert written(fill) == bytes.fromhex(golden)


def test_a_value_that_is_none_says_why():
    def fill(payload):
        for quality in (BAD, STALE, 0):
            payload.begin_alias(1, 816999999, 7, False)
            payload.put_null(quality)
            payload.end_metric()

    golden = (
        "08fbacb99eaa33"
        "121c1001189fa4b99eaa3338014a0f0a075175616c697479120408031800"
        "121d1001189fa4b99eaa3338014a100a075175616c69747912050803" + "18f403"
        "120b1001189fa4b99eaa333801"
        "18ff01"
    )
    assert written(fill) == bytes.fromhex(golden)


def test_a_long_text_takes_a_longer_length():
    def fill(payload):
        payload.begin_metric(b"\x0a\x05event\x10\x07\x20\x0c", 816999999, 7)
        payload.put_text(b"x" * 200)
        payload.end_metric()

    head = "08fbacb99eaa3312dd010a056576656e741007200c189fa4b99eaa337ac801"
    golden = head + "78" * 200 + "18ff01"
    assert written(fill) == bytes.fromhex(golden)


def test_the_state_of_a_host():
    assert host_state(b'{"online":true,"timestamp":1795291201000}') == (True, 1795291201000)
    assert host_state(b'{"timestamp":5,"online":false,"more":[]}') == (False, 5)
    for bad in (
        b"", b"[]", b"null", b"{}", b'{"online":true}', b'{"online":1,"timestamp":5}',
        b'{"online":"true","timestamp":5}', b'{"online":true,"timestamp":true}', b"\xff",
        b'{"online":true,"timestamp":"5"}', b'{"online":true,"timestamp":5.5}', b"OFFLINE",
    ):  # fmt: skip
        try:
            host_state(bad)
        except ValueError:
            continue
        raise AssertionError(bad)


def test_data_allocate_nothing():
    payload = Payload(bytearray(120))
    payload.begin(817000000, 123)
    payload.begin_alias(8, 816999999, 7, True)
    heap_lock()
    try:
        payload.begin_alias(8, 816999999, 7, True)
        payload.put_value(DOUBLE, 42160123, 3)
        payload.end_metric()
        payload.begin_alias(300, 816999999, 7, False)
        payload.put_null(STALE)
        payload.end_metric()
        payload.end(255)
    finally:
        heap_unlock()
    assert payload.at == 7 + 13 + 57
