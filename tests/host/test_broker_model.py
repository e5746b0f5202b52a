"""The model broker, packet by packet, in virtual time."""

import pytest

from host_tools.emulation import mqtt_packets as wire
from host_tools.emulation.broker_model import GARBAGE, BrokerModel
from host_tools.emulation.mqtt_packets import Publish
from host_tools.emulation.scheduler import VirtualScheduler
from limen.core import mqtt

CONNACK, CONNACK_KEPT, REFUSED = b"\x20\x02\x00\x00", b"\x20\x02\x01\x00", b"\x20\x02\x00\x04"
PINGREQ, PINGRESP, DISCONNECT = b"\xc0\x00", b"\xd0\x00", b"\xe0\x00"
WILL = (b"will", b"gone", True, 1)


class Client:
    """A connection to the model, seen from its other end."""

    def __init__(self, broker: BrokerModel):
        self.received = b""
        self.closed = False
        self.on_data = self.on_close = None
        broker.accept(self)

    def send(self, data: bytes) -> None:
        self.received += data

    def close(self) -> None:
        self.closed = True

    def say(self, data: bytes) -> bytes:
        """Send bytes to the broker and return what it answered."""
        self.received = b""
        self.on_data(bytes(data))
        return self.received

    def connect(self, name=b"c", keepalive_s=0, clean=True, will=None, user=None, password=None):
        return self.say(mqtt.encode_connect(name, keepalive_s, clean, will, user, password))

    def subscribe(self, topic_filter: bytes, qos: int) -> bytes:
        return self.say(mqtt.encode_subscribe(1, topic_filter, qos))


@pytest.fixture
def scheduler():
    return VirtualScheduler()


@pytest.fixture
def broker(scheduler):
    return BrokerModel(scheduler)


@pytest.fixture
def heard(broker):
    """Everything that is published, as an observer hears it."""
    messages = []
    broker.subscribe("#", lambda *message: messages.append(message))
    return messages


def test_a_publish_is_acknowledged_and_heard(broker, heard):
    client = Client(broker)
    assert client.connect() == CONNACK
    assert client.say(Publish("a/b", b"x", 1, False, 7).encode()) == b"\x40\x02\x00\x07"
    assert client.say(Publish("a/b", b"y").encode()) == b""
    assert client.say(PINGREQ) == PINGRESP
    assert heard == [("a/b", b"x", False), ("a/b", b"y", False)]


def test_subscribers_get_each_message_at_the_lower_qos(broker):
    client = Client(broker)
    client.connect()
    assert client.subscribe(b"a/+", 1) == b"\x90\x03\x00\x01\x01"
    assert client.say(Publish("a/b", b"x").encode()) == Publish("a/b", b"x").encode()
    echo = Publish("a/b", b"y", 1, False, 1).encode() + b"\x40\x02\x00\x09"
    assert client.say(Publish("a/b", b"y", 1, False, 9).encode()) == echo
    assert client.say(Publish("b", b"x").encode()) == b""


def test_what_is_retained_comes_with_the_subscription_until_it_is_cleared(broker):
    client = Client(broker)
    client.connect()
    client.say(Publish("a", b"x", 0, True).encode())
    retained = Publish("a", b"x", 0, True).encode()
    assert client.subscribe(b"a", 1) == b"\x90\x03\x00\x01\x01" + retained
    client.say(Publish("a", b"", 0, True).encode())
    assert client.subscribe(b"a", 1) == b"\x90\x03\x00\x01\x01"


def test_a_kept_session_gets_what_it_missed_and_did_not_acknowledge(broker):
    client = Client(broker)
    assert client.connect(clean=False) == CONNACK
    client.subscribe(b"a", 1)
    broker.publish(Publish("a", b"1", 1))
    client.on_close()
    broker.publish(Publish("a", b"2", 1))
    broker.publish(Publish("a", b"missed", 0))
    again = Client(broker)
    repeated = Publish("a", b"1", 1, False, 1, dup=True).encode()
    assert again.connect(clean=False) == (
        CONNACK_KEPT + repeated + Publish("a", b"2", 1, False, 2).encode()
    )
    assert Client(broker).connect(clean=True) == CONNACK
    assert again.closed


def test_the_will_is_published_unless_the_client_says_goodbye(broker, heard):
    for leave in (lambda client: client.on_close(), lambda client: client.say(DISCONNECT)):
        client = Client(broker)
        client.connect(will=WILL)
        leave(client)
    assert heard == [("will", b"gone", False)]
    assert broker.retained["will"].payload == b"gone"


def test_a_silent_client_is_given_up_after_one_and_a_half_keepalives(broker, scheduler, heard):
    client = Client(broker)
    client.connect(keepalive_s=10, will=WILL)
    scheduler.run_until(14_900_000)
    client.say(PINGREQ)
    scheduler.run_until(14_900_000 + 14_999_999)
    assert not client.closed
    scheduler.run_until(14_900_000 + 15_000_000)
    assert client.closed and heard == [("will", b"gone", False)]


def test_credentials_are_checked(scheduler):
    broker = BrokerModel(scheduler, {"u": "p"})
    for user, password in ((b"u", b"x"), (b"x", b"p"), (None, None)):
        client = Client(broker)
        assert client.connect(user=user, password=password) == REFUSED
        assert client.closed
    assert broker.refusals == 3
    assert Client(broker).connect(user=b"u", password=b"p") == CONNACK


@pytest.mark.parametrize(
    "data", [b"\x40\x02\x00\x01", b"GET /" + b" " * 80, b"\x10\x04\x00\x04MQ", b"\x10\x00"]
)
def test_whoever_does_not_begin_with_a_connect_is_closed(broker, data):
    client = Client(broker)
    assert client.say(data) == b""
    assert client.closed and len(broker.malformed) == 1
    assert Client(broker).connect() == CONNACK


def test_a_stopped_broker_closes_and_refuses_but_forgets_nothing(broker, heard):
    client = Client(broker)
    client.connect(clean=False, will=WILL)
    broker.stop()
    assert client.closed and heard == []
    assert Client(broker).closed
    broker.start()
    assert Client(broker).connect(clean=False) == CONNACK_KEPT


def test_a_delayed_puback(broker, scheduler):
    client = Client(broker)
    client.connect()
    broker.puback_delay_us = 2_000_000
    assert client.say(Publish("a", b"", 1, False, 5).encode()) == b""
    scheduler.run_until(1_999_999)
    assert client.received == b""
    scheduler.run_until(2_000_000)
    assert client.received == b"\x40\x02\x00\x05"


def test_a_connection_dropped_inside_a_packet(broker):
    client = Client(broker)
    client.connect()
    broker.drop_in_next_packet()
    assert client.say(Publish("a", b"", 1, False, 5).encode()) == b"\x40\x02"
    assert client.closed


def test_garbage_and_silence(broker):
    client = Client(broker)
    client.connect()
    broker.silent = True
    assert client.say(PINGREQ) == b""
    broker.send_garbage()
    assert client.received == GARBAGE
    with pytest.raises(mqtt.ProtocolError):
        mqtt.packet_size(GARBAGE, 0, len(GARBAGE))


def test_packet_ids_of_the_broker_skip_those_in_use(broker):
    client = Client(broker)
    client.connect()
    client.subscribe(b"a", 1)
    broker.publish(Publish("a", b"held", 1))
    broker.sessions["c"].next_id = 0xFFFF
    client.received = b""
    broker.publish(Publish("a", b"x", 1))
    broker.publish(Publish("a", b"y", 1))
    packets = list(wire.Splitter().feed(client.received))
    assert [wire.decode_publish(packet).packet_id for packet in packets] == [0xFFFF, 2]
    client.say(b"\x40\x02\xff\xff")
    assert sorted(broker.sessions["c"].in_flight) == [1, 2]
