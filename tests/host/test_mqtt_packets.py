"""The host's MQTT packets, beside the firmware's own, which were written apart from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.emulation import mqtt_packets as wire
from host_tools.emulation.mqtt_packets import Connect, MalformedPacket, Packet, Publish
from limen.core import mqtt


def split(*chunks: bytes) -> list[Packet]:
    splitter = wire.Splitter()
    return [packet for chunk in chunks for packet in splitter.feed(chunk)]


def test_packets_are_cut_wherever_the_bytes_were():
    data = b"\xc0\x00\x32\x09\x00\x03a/b\x00\x0axy"
    expected = [Packet(12, 0, b""), Packet(3, 2, b"\x00\x03a/b\x00\x0axy")]
    assert split(data) == expected
    assert split(*(data[i : i + 1] for i in range(len(data)))) == expected


def test_a_remaining_length_without_end_is_malformed():
    with pytest.raises(MalformedPacket, match="four bytes"):
        split(b"\x30\xff\xff\xff\xff")


def test_a_connect_of_the_firmware_is_understood():
    will = (b"w", b"off", True, 1)
    data = bytes(mqtt.encode_connect("gerät".encode(), 30, False, will, b"u", b"p"))
    (packet,) = split(data)
    assert wire.decode_connect(packet) == Connect(
        "gerät", False, 30, Publish("w", b"off", 1, True), "u", b"p"
    )
    (packet,) = split(bytes(mqtt.encode_connect(b"id", 30, True, None, None, None)))
    assert wire.decode_connect(packet) == Connect("id", True, 30, None, None, None)


def test_a_subscribe_of_the_firmware_is_understood():
    (packet,) = split(bytes(mqtt.encode_subscribe(300, b"a/" + b"b" * 200, 1)))
    assert wire.decode_subscribe(packet) == (300, [("a/" + "b" * 200, 1)])


@given(st.text("abcü/", min_size=1), st.binary(), st.booleans(), st.integers(0, 0xFFFF))
def test_a_publish_comes_back_and_passes_the_firmware(topic, payload, retain, packet_id):
    message = Publish(topic, payload, min(packet_id, 1), retain, packet_id)
    data = message.encode()
    (packet,) = split(data)
    assert wire.decode_publish(packet) == message
    assert mqtt.packet_size(data, 0, len(data)) == len(data)
    assert mqtt.check_publish(data, 0, len(data))[1] == packet_id


@pytest.mark.parametrize(
    "packet",
    [
        Packet(3, 0, b"\x00\x05abc"),
        Packet(3, 6, b"\x00\x01a\x00\x01"),
        Packet(3, 2, b"\x00\x01a\x00\x00"),
        Packet(3, 0, b"\x00\x03a/#"),
        Packet(3, 0, b"\x00\x02\xff\xfe"),
    ],
)
def test_a_malformed_publish_is_refused(packet):
    with pytest.raises(MalformedPacket):
        wire.decode_publish(packet)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("+/b", "a/b", True),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("#", "a/b", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
        ("a/+/c", "a//c", True),
    ],
)
def test_topic_filters(topic_filter, topic, expected):
    assert wire.matches(topic_filter, topic) is expected
