"""Requests that are sent ahead of the replies, on one connection."""

from fake_line import exception, meter
from fake_tcp import World, device, good, plc, read_device, rtu, tcp, values

from limen.core.quality import BAD

FAR = (0, 100, 200, 300, 400, 500)


def ahead(answer, pipeline=4):
    return World(answer, "modbus-tcp-ahead", pipeline=pipeline)


def test_requests_are_sent_ahead():
    world = ahead(plc(50))
    channels, one = device(world, FAR)
    slow_ms = read_device(world, one)  # the connection has to prove itself first
    fast_ms = read_device(world, one)
    assert values(channels) == good(FAR)
    assert slow_ms > 300 and fast_ms < 130
    assert len(world.sent) == 12
    assert world.bus.counters()["ok"] == 12


def test_no_more_are_under_way_than_allowed():
    under_way = []

    def answer(frame):
        under_way.append(len(world.sockets[-1].coming))
        return plc(50)(frame)

    world = ahead(answer, 2)
    _, one = device(world, FAR)
    for _ in range(3):
        read_device(world, one)
    assert max(under_way) == 1


def test_replies_may_come_in_any_order():
    delays_ms = [5] * 6 + [90, 60, 30, 5, 40, 20]
    world = ahead(lambda frame: [(delays_ms.pop(0), tcp(frame, meter(rtu(frame))))])
    channels, one = device(world, FAR)
    for _ in range(2):
        read_device(world, one)
        world.sockets[0].coming.sort()
    assert values(channels) == good(FAR)


def test_what_is_lost_or_refused_is_asked_again_alone():
    refused = []

    def answer(frame):
        start = frame[8] << 8 | frame[9]
        if len(world.sent) == 8:
            return []
        if start == 300 and not refused:
            refused.append(start)
            return [(5, tcp(frame, exception(rtu(frame), 6)))]
        return plc()(frame)

    world = ahead(answer)
    channels, one = device(world, FAR)
    read_device(world, one)
    refused.clear()
    read_device(world, one)
    assert values(channels) == good(FAR)
    assert one.answered


def test_a_connection_that_breaks_under_many_requests():
    world = ahead(plc(50))
    channels, one = device(world, FAR)
    read_device(world, one)
    world.sockets[0].has_ended = True
    read_device(world, one)
    assert values(channels) == good(FAR)
    assert len(world.sockets) == 2


def test_nonsense_under_many_requests():
    world = ahead(plc())
    channels, one = device(world, FAR)
    read_device(world, one)
    world.answer = lambda frame: [(5, b"HTTP/1.0 400 Bad Request")]
    read_device(world, one)
    assert {quality for _, quality in values(channels)} == {BAD}
    world.answer = plc()
    world.clock.us += 3000000
    for _ in range(2):
        read_device(world, one)
    assert values(channels) == good(FAR)
