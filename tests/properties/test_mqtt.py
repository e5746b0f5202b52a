"""Random bytes from a broker: the parser answers or raises ProtocolError, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from limen.core import mqtt

TOPICS = st.binary(min_size=1, max_size=200)
PLAUSIBLE_STARTS = st.sampled_from([0x20, 0x30, 0x31, 0x32, 0x3B, 0x34, 0x40, 0x90, 0xD0])
PACKETS = st.binary(max_size=64) | st.builds(
    lambda first, rest: bytes([first]) + rest, PLAUSIBLE_STARTS, st.binary(max_size=64)
)


def parse(data: bytes) -> int:
    """Do what the session does with received bytes; return the size of the packet."""
    size = mqtt.packet_size(data, 0, len(data))
    if size and size <= len(data) and data[0] & 0xF0 == mqtt.PUBLISH:
        mqtt.check_publish(data, 0, size)
    elif size and size <= len(data) and data[0] == mqtt.CONNACK:
        mqtt.check_connack(data, 0)
    return size


@given(PACKETS)
def test_any_bytes_are_understood_or_refused(data):
    try:
        size = parse(data)
    except mqtt.MqttError as error:
        assert error.cause
    else:
        assert size == 0 or size >= 2


@given(PACKETS)
def test_a_verdict_does_not_depend_on_how_the_bytes_were_split(data):
    """What is refused stays refused with more bytes; a size once known stays the same."""
    sizes = set()
    refused = False
    for end in range(len(data) + 1):
        try:
            sizes.add(mqtt.packet_size(data, 0, end))
            assert not refused
        except mqtt.ProtocolError:
            refused = True
    assert len(sizes - {0}) <= 1


@given(TOPICS, st.binary(max_size=300), st.integers(0, 1), st.booleans(), st.integers(1, 0xFFFF))
def test_what_is_put_comes_back(topic, payload, qos, retain, packet_id):
    buf = bytearray(mqtt.PUBLISH_OVERHEAD + len(topic) + len(payload))
    at = mqtt.put_publish(buf, 0, topic, len(payload), qos, retain, packet_id, False)
    buf[at : at + len(payload)] = payload
    size = mqtt.packet_size(buf, 0, at + len(payload))
    assert size == at + len(payload)
    assert mqtt.check_publish(buf, 0, size) == (at - 2 * qos, packet_id if qos else 0)
    assert len(buf) >= size
