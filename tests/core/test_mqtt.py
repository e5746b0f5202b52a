from limen.core import mqtt


def error_of(call, *args):
    try:
        call(*args)
    except mqtt.MqttError as error:
        return (type(error), error.cause)
    return None


def test_a_publish_is_put_before_its_payload():
    buf = bytearray(20)
    end = mqtt.put_publish(buf, 2, b"a/b", 2, 1, False, 10, False)
    assert bytes(buf[2:end]) == b"\x32\x09\x00\x03a/b\x00\x0a"
    end = mqtt.put_publish(buf, 0, b"a", 5, 0, True, 0, False)
    assert bytes(buf[:end]) == b"\x31\x08\x00\x01a"
    end = mqtt.put_publish(buf, 0, b"a", 0, 1, True, 0xFFFF, True)
    assert bytes(buf[:end]) == b"\x3b\x05\x00\x01a\xff\xff"


def test_remaining_lengths_of_one_to_four_bytes():
    buf = bytearray(16)
    for payload, length in (
        (124, b"\x7f"),
        (125, b"\x80\x01"),
        (16380, b"\xff\x7f"),
        (16381, b"\x80\x80\x01"),
        (2097148, b"\xff\xff\x7f"),
        (2097149, b"\x80\x80\x80\x01"),
        (268435452, b"\xff\xff\xff\x7f"),
    ):
        end = mqtt.put_publish(buf, 0, b"t", payload, 0, False, 0, False)
        assert bytes(buf[1 : 1 + len(length)]) == length
        assert mqtt.packet_size(buf, 0, end) == 1 + len(length) + 3 + payload


def test_connect_with_everything():
    packet = mqtt.encode_connect(b"id", 60, True, (b"w", b"off", True, 1), b"us\xc3\xa9r", b"pw")
    assert bytes(packet) == (
        b"\x10\x21\x00\x04MQTT\x04\xee\x00\x3c"
        b"\x00\x02id\x00\x01w\x00\x03off\x00\x05us\xc3\xa9r\x00\x02pw"
    )


def test_connect_with_as_little_as_possible():
    packet = mqtt.encode_connect(b"id", 300, False, None, None, None)
    assert bytes(packet) == b"\x10\x0e\x00\x04MQTT\x04\x00\x01\x2c\x00\x02id"
    assert mqtt.encode_connect(b"id", 300, False, None, b"u", None)[9] == 0x80


def test_a_subscribe_longer_than_125_bytes():
    assert bytes(mqtt.encode_subscribe(7, b"a/#", 1)) == b"\x82\x08\x00\x07\x00\x03a/#\x01"
    topic = b"t" * 300
    packet = bytes(mqtt.encode_subscribe(0x1234, topic, 0))
    assert packet == b"\x82\xb1\x02\x12\x34\x01\x2c" + topic + b"\x00"


def test_packets_are_measured_while_they_arrive():
    data = b"..\x40\x02\x00\x01"
    assert mqtt.packet_size(data, 2, 2) == 0
    assert mqtt.packet_size(data, 2, 3) == 4
    assert mqtt.packet_size(b"\xd0\x00", 0, 2) == 2
    assert mqtt.packet_size(b"\x90\x03", 0, 2) == 5
    assert mqtt.packet_size(b"\x30\x80", 0, 2) == 0
    assert mqtt.packet_size(b"\x30\x80\x01", 0, 3) == 131


def test_what_a_broker_may_not_send_is_refused_at_its_first_bytes():
    for data, cause in (
        (b"\x10", "type"),
        (b"\x00", "type"),
        (b"HTTP/1.1 400", "type"),
        (b"\x41\x02", "type"),
        (b"\x62", "type"),
        (b"\x34", "qos"),
        (b"\x3e", "qos"),
        (b"\x40\x03", "size"),
        (b"\xd0\x01", "size"),
        (b"\x30\xff\xff\xff\xff", "length"),
        (b"\x30\x80\x00", "length"),
    ):
        found = error_of(mqtt.packet_size, data, 0, len(data))
        assert found == (mqtt.ProtocolError, cause), data


def test_a_sound_publish_tells_its_packet_id():
    data = b"\x32\x08\x00\x03a/b\x00\x0ax"
    assert mqtt.check_publish(data, 0, len(data)) == (7, 10)
    assert mqtt.check_publish(b"\x30\x04\x00\x01at", 0, 6) == (5, 0)
    assert mqtt.check_publish(b"..\x30\x84\x01\x00\x01a", 2, 8) == (6, 0)


def test_an_unsound_publish_is_refused():
    for data, cause in (
        (b"\x30\x00", "topic"),
        (b"\x30\x01\x00", "topic"),
        (b"\x30\x02\x00\x00", "topic"),
        (b"\x30\x04\x00\x03ab", "topic"),
        (b"\x32\x04\x00\x01a\x00", "topic"),
        (b"\x32\x05\x00\x01a\x00\x00", "packet id"),
    ):
        found = error_of(mqtt.check_publish, data, 0, len(data))
        assert found == (mqtt.ProtocolError, cause), data


def test_connack_tells_of_a_kept_session_or_names_the_refusal():
    assert mqtt.check_connack(b"\x20\x02\x01\x00", 0) is True
    assert mqtt.check_connack(b"\x20\x02\x00\x00", 0) is False
    for code, cause in ((1, "protocol version"), (4, "credentials"), (5, "not authorized")):
        answer = b"\x20\x02\x00" + bytes((code,))
        assert error_of(mqtt.check_connack, answer, 0) == (mqtt.ConnectError, cause)
    for answer in (b"\x20\x02\x00\x06", b"\x20\x02\x02\x00", b"\x40\x02\x00\x01"):
        assert error_of(mqtt.check_connack, answer, 0) == (mqtt.ProtocolError, "type")
