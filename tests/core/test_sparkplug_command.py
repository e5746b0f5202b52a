from limen.core.sparkplug_command import BOOLEAN, DOUBLE, FLOAT, INT, LONG, STRING, metrics


def test_a_rebirth_request():
    payload = bytes.fromhex("08d2e283b9fa3212180a144e6f646520436f6e74726f6c2f526562697274687001")
    assert metrics(payload) == [("Node Control/Rebirth", None, BOOLEAN, 1)]


def test_values_of_every_kind():
    kinds = (
        ("5007", INT, 7),
        ("50ffffffff0f", INT, -1),
        ("58ffffffffffffffffff01", LONG, -1),
        ("6500005041", FLOAT, b"\x00\x00\x50\x41"),
        ("69000000000000f83f", DOUBLE, b"\0\0\0\0\0\0\xf8\x3f"),
        ("7a026f6e", STRING, "on"),
    )
    for value, field, expected in kinds:
        metric = "1005" + value
        payload = bytes.fromhex("12%02x" % (len(metric) // 2) + metric)
        assert metrics(payload) == [(None, 5, field, expected)]


def test_what_is_not_needed_is_skipped():
    # timestamp, metric with timestamp, datatype, is_null, properties and an alias, seq, uuid
    metric = "1864" + "200b" + "3801" + "4a00" + "1009"
    payload = bytes.fromhex("0864" + "12%02x" % (len(metric) // 2) + metric + "1803" + "220161")
    assert metrics(payload) == [(None, 9, None, None)]


def test_bad_bytes_are_a_value_error():
    for bad in (
        "12",  # no length
        "1205100a",  # cut short
        "08ffffffffffffffffffff01",  # a varint of eleven bytes
        "0b",  # a group
        "0001",  # field 0
        "1001",  # metrics that are a number... of field 2
        "1203" + "0a01ff",  # a name that is not UTF-8
        "1202" + "6905",  # a double that is cut short
        "1202" + "5d00",  # a wire type that the field does not have
        "f",
    ):
        try:
            metrics(bytes.fromhex(bad if len(bad) % 2 == 0 else "0" + bad))
        except ValueError:
            continue
        raise AssertionError(bad)
    assert metrics(b"") == []
