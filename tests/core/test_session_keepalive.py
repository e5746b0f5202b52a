"""Pings, and what ends a connection that is silent or takes nothing."""

from errno import ETIMEDOUT

from fake_far_end import KEEPALIVE_S, PING, PONG, play, puback

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


def test_a_socket_that_takes_nothing_from_the_start_has_as_long():
    async def scene(bench):
        await bench.run()
        bench.stream.is_stuck = True
        bench.stream.write(b"x" * 2047)
        for _ in range(2):
            await bench.time.pass_ms(HALF_MS)
            assert bench.ending is None
        await bench.time.pass_ms(HALF_MS)
        assert bench.ending.errno == ETIMEDOUT

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
