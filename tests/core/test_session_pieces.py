"""Room for what is sent, and payloads that go in pieces."""

import asyncio
from errno import ECONNABORTED

from fake_far_end import PING, TOPIC, play, puback, refusal
from fake_stream import settle

from limen.core.text import Text


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
