"""The MQTT session on a stream that is made here; on a real one it is in tests/system."""

import asyncio
from errno import ECONNABORTED, ETIMEDOUT

from fake_stream import Lost, Stream, Time, run, settle

from limen.core.mqtt import ConnectError, ProtocolError
from limen.core.text import Text
from limen.delivery import session as module
from limen.delivery.session import Session

CONNACK = b"\x20\x02\x00\x00"
KEPT = b"\x20\x02\x01\x00"
PING, PONG = b"\xc0\x00", b"\xd0\x00"
TOPIC = b"t"
KEEPALIVE_S = 20


def puback(pid):
    return b"\x40\x02" + pid.to_bytes(2, "big")


def suback(pid, code=1):
    return b"\x90\x03" + pid.to_bytes(2, "big") + bytes((code,))


def publish(payload, pid=0, retain=0, topic=TOPIC):
    """A PUBLISH, at QoS 1 where it has an id."""
    body = len(topic).to_bytes(2, "big") + topic
    body += (pid.to_bytes(2, "big") if pid else b"") + payload
    size = (
        bytes((len(body),)) if len(body) < 128 else bytes((len(body) & 127 | 128, len(body) >> 7))
    )
    return bytes((0x30 | (2 if pid else 0) | retain,)) + size + body


class Bench:
    """A session; `acknowledged` and `heard` are what it called back with."""

    def __init__(self, **options):
        self.time = module.asyncio = Time()
        self.session = Session("press-07", "broker", keepalive_s=KEEPALIVE_S, **options)
        self.stream = self.session.sock = Stream()
        self.acknowledged = []
        self.heard = []
        self.session.on_puback = self.acknowledged.append
        self.session.on_message = lambda *message: self.heard.append(message)

    async def connect(self, clean_session=True, answer=CONNACK):
        self.stream.feed(answer)
        kept = await self.session.connect(clean_session)
        self.stream.take()
        return kept

    async def run(self):
        """Connect, and have what comes handled in the background."""
        await self.connect()
        self.ending = None
        self.task = asyncio.create_task(self._run())
        await settle()

    async def _run(self):
        try:
            await self.session.run()
        except Exception as error:
            self.ending = error

    async def hear(self, data):
        self.stream.feed(data)
        await settle()

    def publish(self, **options):
        return self.session.publish(TOPIC, b"x", **options)


def play(scene, **options):
    """Run a scene on a new session; a test fails as the scene does."""
    kept = module.asyncio
    module.OSError = Lost
    try:
        bench = Bench(**options)
        run(scene(bench))
    finally:
        module.asyncio = kept
        del module.OSError
    return bench


async def raised(routine):
    try:
        await routine
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def refusal(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except ValueError as error:
        return str(error)
    raise AssertionError("it was not refused")


def test_a_connection_tells_whether_the_broker_kept_the_session():
    async def scene(bench):
        assert await bench.connect(False, KEPT) is True
        assert await bench.connect(False, CONNACK) is False
        assert await bench.connect(True, KEPT) is False, "a clean session has nothing before it"
        assert bench.session.counters == {"connects": 3}
        assert bench.stream.opened == [("broker", 1883)] * 3
        assert bench.time.waited_ms == 10000

    play(scene)


def test_connect_says_who_we_are_and_what_to_tell_when_we_vanish():
    async def scene(bench):
        bench.session.set_last_will("w", "off", True, 1)
        bench.stream.feed(CONNACK)
        await bench.session.connect(False)
        assert bench.stream.sent == (
            b"\x10\x27\x00\x04MQTT\x04\xec\x00\x14\x00\x08press-07\x00\x01w\x00\x03off"
            b"\x00\x02me\x00\x05k\xc3\xb6ln"
        )

    play(scene, user="me", password="köln")


def test_a_connack_may_come_in_pieces_and_more_behind_it():
    async def scene(bench):
        connecting = asyncio.create_task(bench.session.connect())
        for at in range(4):
            assert "connects" not in bench.session.counters
            await bench.hear(CONNACK[at : at + 1])
        await connecting
        bench.stream.feed(CONNACK + publish(b"early"))
        await bench.session.connect()
        running = asyncio.create_task(bench._run())
        await settle()
        assert bench.heard == [(TOPIC, b"early", False)]
        running.cancel()

    play(scene)


def test_a_connect_that_fails_is_closed_and_counted():
    async def scene(bench):
        bench.stream.feed(b"\x20\x02\x00\x04")
        error = await raised(bench.session.connect())
        assert (error.__class__, error.cause) == (ConnectError, "credentials")
        assert bench.stream.failure and bench.session.counters == {"refused: credentials": 1}
        bench.time.is_over = True
        error = await raised(bench.session.connect())
        assert error.errno == ETIMEDOUT
        assert bench.session.counters["timeouts"] == 1
        bench.time.is_over = False
        bench.stream.refusal = Lost(111)
        assert (await raised(bench.session.connect())).errno == 111
        assert bench.session.counters["lost"] == 1

    play(scene)


def test_garbage_is_known_before_there_are_four_bytes():
    async def scene(bench):
        bench.stream.feed(b"HTT")
        assert (await raised(bench.session.connect())).cause == "type"

    play(scene)


def test_a_publish_is_under_way_until_its_puback():
    async def scene(bench):
        await bench.run()
        assert bench.session.publish(TOPIC, b"hello", 1, True) == 1
        assert bench.stream.take() == b"\x33\x0a\x00\x01t\x00\x01hello"
        assert bench.session.slots() == 7
        await bench.hear(puback(1))
        assert (bench.acknowledged, bench.session.slots()) == ([1], 8)
        assert bench.session.publish(TOPIC, b"hello", 0) == 0
        assert bench.stream.take() == b"\x30\x08\x00\x01thello"
        assert bench.session.slots() == 8

    play(scene)


def test_what_answers_nothing_is_counted_and_no_more():
    async def scene(bench):
        await bench.run()
        bench.session.subscribe(b"cmd/+", 1)
        assert bench.stream.take() == b"\x82\x0a\x00\x01\x00\x05cmd/+\x01"
        bench.publish()
        await bench.hear(puback(9) + puback(1) + suback(2) + puback(2) + puback(2))
        assert bench.acknowledged == [2]
        assert bench.session.counters == {"connects": 1, "strays": 4}
        await bench.hear(suback(1))
        assert bench.session.counters["strays"] == 4
        assert bench.session.slots() == 8

    play(scene)


def test_a_subscription_that_is_refused_is_counted():
    async def scene(bench):
        await bench.run()
        for pid, code in enumerate((0, 1, 2, 0x7F, 0x80)):
            bench.session.subscribe(b"cmd/+")
            await bench.hear(suback(pid + 1, code))
        assert bench.session.counters == {"connects": 1, "subscriptions refused": 1}

    play(scene)


def test_a_subscription_is_at_qos_0_unless_said_otherwise():
    async def scene(bench):
        await bench.connect()
        bench.session.subscribe(b"a")
        assert bench.stream.take() == b"\x82\x06\x00\x01\x00\x01a\x00"

    play(scene)


def test_draining_waits_for_the_socket_and_tells_when_it_fails():
    async def scene(bench):
        await bench.connect()
        bench.stream.is_stuck = True
        bench.publish()
        draining = asyncio.create_task(bench.session.drain())
        await settle()
        assert not draining.done()
        bench.stream.flush()
        await draining
        bench.stream.fail(Lost(104))
        assert (await raised(bench.session.drain())).errno == 104

    play(scene)


def test_without_a_slot_only_what_is_repeated_may_go():
    async def scene(bench):
        await bench.connect()
        bench.publish()
        bench.publish()
        assert refusal(bench.publish) == "no slot"
        bench.stream.take()
        assert bench.publish(pid=2, dup=True) == 2
        assert bench.stream.take() == b"\x3a\x06\x00\x01t\x00\x02x"
        assert bench.session.slots() == 0

    play(scene, in_flight=2)


def test_packet_ids_begin_anew_and_skip_what_is_under_way():
    async def scene(bench):
        await bench.run()
        bench.publish()
        bench.session.pid = 65533
        found = []
        for _ in range(4):
            found.append(bench.publish())
            if found[-1] != 65534:
                await bench.hear(puback(found[-1]))
        bench.session.pid = 65533
        found.append(bench.publish())
        assert found == [65534, 65535, 2, 3, 65535]

    play(scene)


def test_a_new_connection_awaits_nothing_of_the_one_before():
    async def scene(bench):
        await bench.connect()
        for _ in range(8):
            bench.publish()
        bench.session._unanswered = 2
        await bench.run()
        assert bench.session.slots() == 8
        assert bench.publish() == 9
        await bench.time.pass_ms(KEEPALIVE_S * 500)
        assert bench.ending is None

    play(scene)


def test_room_is_what_a_publish_may_have():
    async def scene(bench):
        await bench.connect()
        room = bench.session.room()
        assert room == 2048 - 9 - 16
        bench.stream.is_stuck = True
        bench.session.publish(TOPIC, b"x" * (room - 1))
        assert 0 <= bench.session.room() < 9
        bench.stream.write(puback(1) + PING)  # those always have room
        assert bench.session.room() == 0
        bench.stream.is_stuck = False
        bench.stream.flush()
        bench.session.close()
        assert bench.session.room() == 0

    play(scene)


def test_what_does_not_fit_is_refused_to_the_byte():
    async def scene(bench):
        await bench.connect()
        bench.stream.is_stuck = True
        bench.stream.write(b"x" * 1800)
        free = 2048 - 1800 - 9 - len(TOPIC)
        assert refusal(bench.session.publish, TOPIC, b"y" * (free + 1)) == "no room"
        assert refusal(bench.session.begin_publish, Text(), TOPIC, free + 1) == "no room"
        assert (bench.session.slots(), len(bench.stream.sending)) == (8, 2048)
        bench.session.begin_publish(Text(), TOPIC, free)
        assert bench.session.publish(TOPIC, b"y" * free) == 1

    play(scene)


def test_a_payload_may_be_written_where_it_is_sent_from():
    async def scene(bench):
        await bench.connect()
        text = Text()
        for payload in (b"", b"hello", b"y" * 200):
            for qos, options in ((0, {}), (1, {}), (1, {"pid": 7, "dup": True, "retain": True})):
                bench.session.pid = 40
                bench.session.begin_publish(text, b"topic", 250)
                text.put(payload)
                assert text.room() == 250 - len(payload)
                pid = bench.session.end_publish(text, b"topic", qos, **options)
                written = bench.stream.take()
                bench.session._awaited.clear()
                bench.session.pid = 40
                assert bench.session.publish(b"topic", payload, qos, **options) == pid
                assert bench.stream.take() == written
                bench.session._awaited.clear()

    play(scene)


def test_a_payload_written_in_place_is_under_way_too():
    async def scene(bench):
        await bench.run()
        bench.session.begin_publish(text, TOPIC, 50)
        assert bench.session.end_publish(text, TOPIC) == 1
        assert bench.session.slots() == 7
        await bench.hear(puback(1))
        assert bench.acknowledged == [1]

    text = Text()
    play(scene)


def test_a_long_payload_goes_in_pieces_with_nothing_between_them():
    async def scene(bench):
        await bench.connect()
        pieces = [b"a" * 1500, b"b" * 1500, b"c" * 10]
        whole = b"".join(pieces)
        bench.stream.is_stuck = True
        sending = bench.session.publish_pieces(TOPIC, pieces, len(whole), 1, True)
        task = asyncio.create_task(sending)
        await settle()
        while not task.done():
            assert bench.session.room() == 0
            bench.stream.flush()
            await settle()
        bench.stream.flush()
        assert bench.stream.take() == b"\x33\xc7\x17\x00\x01t\x00\x01" + whole
        assert bench.session.room() > 0
        assert bench.session.slots() == 7

    play(scene)


def test_two_long_payloads_go_one_after_the_other():
    async def scene(bench):
        await bench.connect()
        bench.stream.is_stuck = True
        first = bench.session.publish_pieces(TOPIC, [b"a" * 1500, b"a" * 1500], 3000, 0)
        second = bench.session.publish_pieces(TOPIC, [b"b"], 1, 0)
        tasks = [asyncio.create_task(one) for one in (first, second)]
        for _ in range(4):
            await bench.time.pass_ms(10)
            bench.stream.flush()
        for task in tasks:
            await task
        bench.stream.flush()
        assert bench.stream.take().endswith(b"aaa\x30\x04\x00\x01tb")

    play(scene)


def test_pieces_that_do_not_add_up_end_the_connection():
    async def scene(bench):
        for pieces in ([b"abc"], [b"abc", b"defg"]):
            await bench.connect()
            await bench.session.publish_pieces(TOPIC, pieces, 6)
            assert bench.stream.failure.errno == ECONNABORTED
        await bench.connect()
        assert bench.session.room() > 0
        assert await bench.session.publish_pieces(TOPIC, [b"abc", b"def"], 6, 0) == 0
        assert bench.stream.failure is None

    play(scene)


def test_messages_are_handed_on_and_acknowledged():
    async def scene(bench):
        await bench.run()
        await bench.hear(publish(b"zero") + publish(b"one", 7, 1) + publish(b"", 8))
        assert bench.heard == [(TOPIC, b"zero", False), (TOPIC, b"one", True), (TOPIC, b"", False)]
        assert bench.stream.take() == puback(7) + puback(8)
        assert bench.session.counters == {"connects": 1, "received": 3}
        bench.session.on_message = None
        await bench.hear(publish(b"nobody listens", 9))
        assert bench.stream.take() == puback(9)

    play(scene)


def test_a_message_that_fills_the_buffer_comes_and_a_longer_one_has_no_payload():
    async def scene(bench):
        await bench.run()
        size = 512 - len(publish(b"", 7)) - 1
        await bench.hear(publish(b"x" * size, 7))
        await bench.hear(publish(b"x" * (size + 1), 8, 1) + publish(b"next"))
        await bench.hear(publish(b"y" * 3000) + publish(b"last", 9))
        assert bench.heard == [
            (TOPIC, b"x" * size, False),
            (TOPIC, None, True),
            (TOPIC, b"next", False),
            (TOPIC, None, False),
            (TOPIC, b"last", False),
        ]
        assert bench.session.counters == {"connects": 1, "received": 3, "oversized": 2}
        assert bench.stream.take() == puback(7) + puback(8) + puback(9)

    play(scene)


def test_a_message_comes_whole_however_it_is_cut():
    async def scene(bench):
        await bench.run()
        for byte in publish(b"hello", 7):
            assert bench.heard == []
            await bench.hear(bytes((byte,)))
        assert bench.heard == [(TOPIC, b"hello", False)]

    play(scene)


def test_an_acknowledgement_waits_for_room_and_for_pieces():
    async def scene(bench):
        await bench.run()
        bench.stream.is_stuck = True
        bench.stream.write(b"x" * 2045)
        await bench.hear(publish(b"hello", 7))
        await bench.time.pass_ms(10)
        assert bench.heard == []
        bench.stream.flush()
        bench.stream.take()
        bench.session._in_pieces = True
        await bench.time.pass_ms(10)
        assert bench.heard == []
        bench.session._in_pieces = False
        bench.stream.is_stuck = False
        await bench.time.pass_ms(10)
        assert bench.stream.take() == puback(7)

    play(scene)


def test_a_packet_that_may_not_come_ends_the_connection():
    async def scene(bench):
        await bench.run()
        await bench.hear(CONNACK)
        assert (bench.ending.__class__, bench.ending.cause) == (ProtocolError, "type")
        assert bench.stream.failure
        assert bench.session.counters == {"connects": 1, "protocol: type": 1}

    play(scene)


def test_a_lost_connection_is_counted_and_its_pings_end():
    async def scene(bench):
        await bench.run()
        bench.stream.fail(Lost(104))
        await settle()
        assert bench.ending.errno == 104
        assert bench.session.counters == {"connects": 1, "lost": 1}
        bench.stream.failure = None
        await bench.time.pass_ms(KEEPALIVE_S * 5000)
        assert bench.stream.take() == b""

    play(scene)


HALF_MS = KEEPALIVE_S * 500


def test_a_ping_goes_out_twice_a_keepalive_and_is_to_be_answered():
    async def scene(bench):
        await bench.run()
        for _ in range(20):
            await bench.time.pass_ms(HALF_MS - 1)
            assert bench.stream.take() == b""
            await bench.time.pass_ms(1)
            assert bench.stream.take() == PING
            await bench.hear(PONG)
        assert bench.ending is None
        await bench.time.pass_ms(HALF_MS)
        assert bench.ending is None, "the last one has been answered"
        await bench.time.pass_ms(HALF_MS)
        assert bench.ending.errno == ETIMEDOUT
        assert bench.session.counters == {"connects": 1, "timeouts": 1}

    play(scene)


def test_without_a_keepalive_there_are_no_pings():
    async def scene(bench):
        bench.session.keepalive = 0
        await bench.run()
        await bench.time.pass_ms(1000000)
        assert (bench.stream.take(), bench.ending) == (b"", None)

    play(scene)


def test_a_socket_that_takes_nothing_for_a_keepalive_ends_the_connection():
    """A ping cannot go out where there is no room for it, or within the pieces of a publish."""

    async def scene(bench):
        for is_in_pieces in (False, True):
            await bench.run()
            await bench.time.pass_ms(HALF_MS)
            await bench.hear(PONG)
            assert bench.stream.take() == PING
            bench.stream.is_stuck = True
            bench.stream.write(b"x" * (2047 if not is_in_pieces else 5))
            bench.session._in_pieces = is_in_pieces
            for _ in range(2):
                await bench.time.pass_ms(HALF_MS)
                assert bench.ending is None
            bench.stream.flush()
            assert PING not in bench.stream.take()
            await bench.time.pass_ms(HALF_MS)
            assert bench.ending.errno == ETIMEDOUT
            bench.session._in_pieces = bench.stream.is_stuck = False

    play(scene)


def test_where_just_two_bytes_are_free_the_ping_goes():
    async def scene(bench):
        await bench.run()
        bench.stream.is_stuck = True
        bench.stream.write(b"x" * 2046)
        await bench.time.pass_ms(HALF_MS)
        bench.stream.flush()
        assert bench.stream.take().endswith(PING)

    play(scene)


def test_a_broker_that_owes_an_answer_for_two_keepalives_is_left():
    async def scene(bench):
        await bench.run()
        bench.publish()
        for _ in range(3):
            await bench.time.pass_ms(HALF_MS)
            await bench.hear(PONG)
            assert bench.ending is None
        await bench.time.pass_ms(HALF_MS)
        assert bench.ending.errno == ETIMEDOUT

    play(scene)


def test_an_answer_in_time_counts_for_each_packet_of_its_own():
    async def scene(bench):
        await bench.run()
        for _ in range(12):
            pid = bench.publish()
            for _ in range(3):
                await bench.time.pass_ms(HALF_MS)
                await bench.hear(PONG)
            await bench.hear(puback(pid))
        assert bench.ending is None
        assert len(bench.acknowledged) == 12

    play(scene)
