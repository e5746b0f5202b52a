"""The MQTT session: connecting, publishing, receiving."""

import asyncio
from errno import ETIMEDOUT

from fake_far_end import (
    CONNACK,
    KEEPALIVE_S,
    KEPT,
    TOPIC,
    play,
    puback,
    publish,
    raised,
    refusal,
    suback,
)
from fake_stream import Lost, settle

from limen.core.mqtt import ConnectError, ProtocolError


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
