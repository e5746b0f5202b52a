"""The firmware's MQTT session on the chip's twin, against real brokers and against bad ones."""

import ast
import asyncio
import json
import random
import socket
import subprocess
import threading
import time
from contextlib import closing, contextmanager

import pytest

from host_tools.device_packages import SOURCES
from host_tools.emulation import brokers, mqtt_packets
from host_tools.emulation.tap import Tap
from session_twin import DEADLINE_S, free_port, play, said_in

CONNACK = b"\x20\x02\x00\x00"


@pytest.fixture(params=["amqtt", "mosquitto"])
def broker(request, tmp_path):
    if request.param == "mosquitto" and not brokers.find_mosquitto():
        pytest.skip("Mosquitto is not installed")
    started = brokers.start(request.param, free_port(), tmp_path, {"böhm": "geheim"})
    yield started
    started.stop()


@contextmanager
def bad_broker(conversation):
    """Serve each connection with conversation(connection, number); yield the port. Little data
    lie between the two, as on a real network."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=16)) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        threading.Thread(target=_serve, args=(server, conversation), daemon=True).start()
        yield server.getsockname()[1]


def _serve(server, conversation):
    number = 0
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with closing(connection):
            try:
                conversation(connection, number)
            except OSError:
                pass  # the board has closed the connection, which is its right
        number += 1


def answering(data: bytes, then_close: bool = False):
    """Return a conversation: answer CONNECT with data, then wait for the board to end it."""

    def conversation(connection, number):
        connection.recv(4096)
        connection.sendall(data)
        while not then_close and connection.recv(4096):
            pass

    return conversation


def test_every_way_to_publish_arrives(twin, broker):
    facts = play(twin, "exchange", port=broker.port, topic="limen/" + "ü" * 80 + "/x")
    assert facts["kept"] is False
    assert facts["got"] == ["qos 1", "qos 0", "a view", "pieces", None, "last"]
    assert facts["counters"] == {"connects": 1, "received": 5, "oversized": 1}


def test_wrong_credentials_are_refused_by_name(twin, broker):
    for user, password in (("böhm", "falsch"), (None, None)):
        facts = play(twin, "meet_once", port=broker.port, user=user, password=password)
        kind, cause = facts["ending"]
        assert kind == "ConnectError" and cause in ("credentials", "not authorized")
        assert facts["counters"] == {f"refused: {cause}": 1}


@pytest.mark.parametrize(
    ("answer", "ending", "counter"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ["ProtocolError", "type"], "protocol: type"),
        (b"\x20\x03\x00\x00\x00", ["ProtocolError", "size"], "protocol: size"),
        (b"\x20\x02\x00\x09", ["ProtocolError", "type"], "protocol: type"),
        (b"\x20\x02\x00\x03", ["ConnectError", "unavailable"], "refused: unavailable"),
        (b"", ["OSError", 110], "timeouts"),
        (b"\x20\x02\x00", ["OSError", 110], "timeouts"),
    ],
)
def test_a_connect_that_fails_is_counted_by_its_cause(twin, answer, ending, counter):
    with bad_broker(answering(answer)) as port:
        facts = play(twin, "meet_once", port=port)
    assert facts == {"ending": ending, "counters": {counter: 1}}


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"\x36", "qos"),
        (b"\x30\x05\x00\x09abc", "topic"),
        (b"\x32\x05\x00\x01a\x00\x00", "packet id"),
        (b"\x30\xff\xff\xff\xff\x7f", "length"),
        (b"\x30\x83\x20" + b"\xff" * 4100, "topic"),
        (CONNACK, "type"),
        (b"\xb0\x02\x00\x01", "type"),
    ],
)
def test_garbage_after_connack_is_counted_by_its_cause(twin, data, cause):
    with bad_broker(answering(CONNACK + data)) as port:
        facts = play(twin, "meet_once", port=port)
    assert facts["ending"] == ["ProtocolError", cause]
    assert facts["counters"] == {"connects": 1, f"protocol: {cause}": 1}


def test_a_broker_that_vanishes_inside_a_packet(twin):
    with bad_broker(answering(CONNACK + b"\x30\x20\x00\x05abc", then_close=True)) as port:
        facts = play(twin, "meet_once", port=port)
    assert facts["ending"][0] == "OSError"
    assert facts["counters"] == {"connects": 1, "lost": 1}


def test_nobody_listens(twin):
    facts = play(twin, "meet_once", port=free_port())
    assert facts["ending"][0] == "OSError"
    assert facts["counters"] == {"lost": 1}


def test_a_missing_pingresp_ends_the_connection(twin):
    with bad_broker(answering(CONNACK)) as port:
        facts = play(twin, "meet_once", port=port, keepalive_s=1)
    assert facts == {"ending": ["OSError", 110], "counters": {"connects": 1, "timeouts": 1}}


def test_a_puback_that_never_comes_ends_the_connection_although_pings_are_answered(twin):
    """Found by seed 1005 of the simulation: a broker that was silent for a second."""
    pings = []

    def conversation(connection, number):
        connection.recv(4096)
        connection.sendall(CONNACK)
        while data := connection.recv(4096):
            if data == b"\xc0\x00":
                pings.append(data)
                connection.sendall(b"\xd0\x00")

    with bad_broker(conversation) as port:
        facts = play(twin, "publish_once", port=port, keepalive_s=1)
    assert facts == {"ending": 110, "counters": {"connects": 1, "timeouts": 1}}
    assert len(pings) == 3


def test_a_connection_at_rest_stays(twin, tmp_path):
    broker = brokers.start("auto", free_port(), tmp_path)
    facts = play(twin, "rest", port=broker.port, seconds=4)
    broker.stop()
    assert facts == {"alive": True, "counters": {"connects": 1}}


def test_random_bytes_never_raise_anything_else(twin):
    rng = random.Random(20260101)

    def conversation(connection, number):
        connection.recv(4096)
        starts = (b"", b"\x30", b"\x32", b"\x40\x02", b"\x90\x03", b"\xd0\x00", b"\x20")
        junk = rng.choice(starts) + rng.randbytes(rng.randrange(200))
        connection.sendall((CONNACK if number % 4 else b"") + junk)

    with bad_broker(conversation) as port:
        facts = play(twin, "meet_many", port=port, count=1000)
    assert set(facts["endings"]) <= {"ProtocolError", "OSError", "ConnectError"}
    assert sum(facts["endings"].values()) == 1000
    assert facts["endings"]["ProtocolError"] > 500


def test_packet_ids_wrap_and_skip_those_in_use(twin):
    held = (65534).to_bytes(2, "big")

    def conversation(connection, number):
        connection.recv(4096)
        connection.sendall(CONNACK)
        stream = connection.makefile("rb")
        while header := stream.read(2):
            packet = stream.read(header[1])
            packet_id = packet[-3:-1]
            if header[0] & 0xF0 == 0x30 and packet_id != held:
                connection.sendall(b"\x40\x02" + packet_id)

    with bad_broker(conversation) as port:
        facts = play(twin, "wrap_ids", port=port, count=8)
    assert facts["sent"] == [65531, 65532, 65533, 65534, 65535, 1, 2, 3, 65535, 1]
    assert facts["acknowledged"] == [65531, 65532, 65533, 65535, 1, 2, 3, 65535, 1]


@pytest.mark.parametrize(
    ("connack", "header"), [(b"\x20\x02\x01\x00", 0x3A), (b"\x20\x02\x00\x00", 0x32)]
)
def test_what_was_not_acknowledged_is_repeated(twin, connack, header):
    """With DUP and the same packet ids where the broker kept the session, else as new."""
    received = [[], []]

    def conversation(connection, number):
        connection.recv(4096)
        connection.sendall(connack if number else CONNACK)
        stream = connection.makefile("rb")
        while len(received[number]) < 8 and (start := stream.read(2)):
            packet = stream.read(start[1])
            topic_bytes = int.from_bytes(packet[:2], "big")
            packet_id = packet[2 + topic_bytes : 4 + topic_bytes]
            received[number].append((start[0], packet_id, packet[4 + topic_bytes :]))
            if number:
                connection.sendall(b"\x40\x02" + packet_id)
        while number and connection.recv(4096):
            pass

    with bad_broker(conversation) as port:
        facts = play(twin, "deliver", port=port, count=8, payload_bytes=0)
    first, second = received
    assert [kind for kind, _, _ in first] == [0x32] * 8
    assert [kind for kind, _, _ in second] == [header] * 8
    assert [payload for _, _, payload in second] == [payload for _, _, payload in first]
    assert ([i for _, i, _ in second] == [i for _, i, _ in first]) == (header == 0x3A)
    assert facts["counters"] == {"connects": 2, "lost": 1}


def test_publishes_that_are_not_repeated_take_no_slot_for_ever(twin):
    with bad_broker(answering(b"\x20\x02\x01\x00")) as port:
        facts = play(twin, "flap", port=port, count=20)
    assert facts == {"kept": True, "slots": 8, "in_flight": 8}


def test_a_slow_broker_gets_every_byte_in_order(twin):
    """The socket takes only parts of packets; what remains must follow, whole and in order."""
    received = []

    def conversation(connection, number):
        connection.recv(4096)
        connection.sendall(CONNACK)
        time.sleep(3)  # for a busy machine to fill the socket
        splitter = mqtt_packets.Splitter()
        while data := connection.recv(65536):
            received.extend(splitter.feed(data))

    with bad_broker(conversation) as port:
        facts = play(twin, "flood", port=port, count=20000)
        wait_for(lambda: received and received[-1].type == mqtt_packets.DISCONNECT)
    assert facts == {"was_full": True}
    expected = []
    for number in range(20000):
        expected.append(b"%06d" % number + b"x" * (number * 37 % 1400))
        if number % 100 == 99:
            expected.append(b"".join(b"%03d," % n * 100 for n in range(10)))
    payloads = [mqtt_packets.decode_publish(packet).payload for packet in received[:-1]]
    assert payloads == expected


def wait_for(condition):
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("it did not come to pass in a minute")


def test_publishing_allocates_only_in_passing(twin, tmp_path):
    broker = brokers.start("auto", free_port(), tmp_path)
    facts = play(twin, "allocate", port=broker.port, count=8)
    broker.stop()
    assert facts["publish_bytes"] <= 160


def deliver_through(twin, tmp_path, kind, count, trouble):
    """Deliver through a tap while `trouble(tap, broker, port)` happens; return the tap's ledger."""

    async def scene():
        broker_port = free_port()
        running = [brokers.start(kind, broker_port, tmp_path)]
        tap = Tap(free_port(), broker_port)
        await tap.start()
        board = await asyncio.create_subprocess_exec(
            *twin, "deliver", stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        board.stdin.write(json.dumps({"port": tap.port, "count": count}).encode() + b"\n")
        try:
            await trouble(tap, running)
            output, _ = await asyncio.wait_for(board.communicate(), DEADLINE_S)
        finally:
            if board.returncode is None:
                board.kill()
            await tap.stop()
            running[-1].stop()
        return tap.ledger, said_in(output.decode())

    return asyncio.run(scene())


async def passed(tap, count):
    """Wait until that many records have been acknowledged."""
    while len(tap.ledger.acknowledged) < count:
        await asyncio.sleep(0.005)


def assert_all_arrived(ledger, count):
    expected = {("0000abcd", 1, seq) for seq in range(1, count + 1)}
    assert ledger.acknowledged == expected
    assert ledger.malformed == []
    (order,) = ledger.first_seen.values()
    assert order == sorted(order)


@pytest.mark.parametrize("kind", ["amqtt", "auto"])
def test_cuts_of_the_network_lose_nothing(twin, tmp_path, kind):
    async def trouble(tap, running):
        for acknowledged in (100, 3000, 6000):
            await passed(tap, acknowledged)
            await tap.cut()
            await asyncio.sleep(0.2)
            await tap.restore()

    ledger, facts = deliver_through(twin, tmp_path, kind, 20000, trouble)
    assert_all_arrived(ledger, 20000)
    assert facts["counters"]["connects"] == ledger.connections == 4
    assert ledger.duplicates <= ledger.repeated_publishes


def test_a_network_that_hangs_is_noticed(twin, tmp_path):
    async def trouble(tap, running):
        await passed(tap, 100)
        await tap.cut(hang=True)
        await asyncio.sleep(4)
        await tap.restore()

    ledger, facts = deliver_through(twin, tmp_path, "auto", 20000, trouble)
    assert_all_arrived(ledger, 20000)
    assert facts["counters"]["timeouts"] >= 1


def test_a_killed_broker_loses_nothing_that_it_has_not_acknowledged(twin, tmp_path):
    async def trouble(tap, running):
        await passed(tap, 500)
        running[-1].kill()
        await asyncio.sleep(0.5)
        running.append(brokers.start("auto", running[-1].port, tmp_path))

    ledger, facts = deliver_through(twin, tmp_path, "auto", 20000, trouble)
    assert_all_arrived(ledger, 20000)
    assert facts["counters"]["connects"] == 2


def test_umqtt_offers_what_the_session_inherits():
    tree = ast.parse((SOURCES / "umqtt/simple.py").read_text())
    client = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "MQTTClient")
    methods = {n.name: n for n in client.body if isinstance(n, ast.FunctionDef)}
    arguments = [argument.arg for argument in methods["__init__"].args.args]
    assert arguments[:7] == ["self", "client_id", "server", "port", "user", "password", "keepalive"]
    used = {name: calls_on_the_socket(methods[name]) for name in ("ping", "disconnect", "wait_msg")}
    assert used["ping"] == {"write"}
    assert used["disconnect"] == {"write", "close"}
    assert used["wait_msg"] == {"read", "write", "setblocking"}
    assert calls_on_the_socket(methods["_recv_len"]) == {"read"}


def calls_on_the_socket(function: ast.FunctionDef) -> set[str]:
    calls = (n.func for n in ast.walk(function) if isinstance(n, ast.Call))
    return {
        call.attr
        for call in calls
        if isinstance(call, ast.Attribute) and ast.unparse(call.value) == "self.sock"
    }
