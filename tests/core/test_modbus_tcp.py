from fake_line import read, words

from limen.core import modbus, modbus_writes
from limen.core.modbus import EXCEPTION, GARBAGE, OK, SHORT, TIMEOUT, WAITING
from limen.core.modbus_tcp import TcpReply


def tcp(number, *data):
    return bytes((number >> 8, number & 0xFF, 0, 0, 0, len(data))) + bytes(data)


def asked(reply, request):
    frame = bytes(reply.encode(request))
    reply.expect(request)
    reply.compact()
    return frame


def fed(reply, *pieces):
    for piece in pieces:
        result = reply.feed(piece, len(piece))
        if result != WAITING:
            return result
    return reply.finish()


READ = read(17, 3, 0x6B, 3)
DATA = (17, 3, 6, 0x02, 0x2B, 0, 0, 0, 0x64)


def test_a_request_and_its_reply():
    reply = TcpReply()
    assert asked(reply, READ) == tcp(1, 17, 3, 0, 0x6B, 0, 3)
    assert fed(reply, tcp(1, *DATA)) == OK
    assert reply.byte_count == 6
    assert bytes(reply.buffer[reply.data : reply.data + 6]) == bytes(DATA[3:])


def test_a_reply_comes_in_any_pieces():
    whole = tcp(1, *DATA)
    for first in range(len(whole)):
        for second in range(first, len(whole)):
            reply = TcpReply()
            asked(reply, READ)
            assert fed(reply, whole[:first], whole[first:second], whole[second:]) == OK
            reply = TcpReply()
            asked(reply, READ)
            assert fed(reply, whole[:first]) == (SHORT if first else TIMEOUT)


def test_transaction_ids_wrap():
    reply = TcpReply()
    for number in range(1, 0x10003):
        frame = reply.encode(READ)
        assert (frame[0] << 8 | frame[1]) == number & 0xFFFF
    reply.expect(READ)
    assert fed(reply, tcp(2, *DATA)) == OK


def test_late_replies_are_passed_over_and_counted():
    reply = TcpReply()
    asked(reply, READ)
    assert fed(reply) == TIMEOUT
    other = read(17, 3, 0x80, 3)
    asked(reply, other)
    late, right = tcp(1, *DATA), tcp(2, 17, 3, 6, 1, 2, 3, 4, 5, 6)
    assert fed(reply, late + right) == OK
    assert bytes(reply.buffer[reply.data : reply.data + 6]) == b"\1\2\3\4\5\6"
    assert reply.late == 1


def test_the_rest_of_a_late_reply_is_no_header():
    reply = TcpReply()
    asked(reply, READ)
    late = tcp(1, *DATA)
    assert fed(reply, late[:8]) == SHORT
    asked(reply, READ)
    assert fed(reply, late[8:] + tcp(2, *DATA)) == OK


def test_what_comes_behind_a_reply_is_kept():
    reply = TcpReply()
    asked(reply, READ)
    behind = tcp(2, *DATA)
    assert fed(reply, tcp(1, *DATA) + behind[:5]) == OK
    assert bytes(reply.buffer[reply.data : reply.data + 2]) == b"\x02\x2b"
    asked(reply, READ)
    assert fed(reply, behind[5:]) == OK


def test_an_exception():
    reply = TcpReply()
    asked(reply, READ)
    assert fed(reply, tcp(1, 17, 0x83, 11)) == EXCEPTION
    assert reply.exception == 11


def test_replies_that_do_not_fit_are_told_apart():
    expected = (
        (tcp(1, 18, *DATA[1:]), modbus.WRONG_ADDRESS),
        (tcp(1, 17, 4, *DATA[2:]), modbus.WRONG_FUNCTION),
        (tcp(1, 17, 3, 4, 1, 2, 3, 4), modbus.WRONG_COUNT),
        (tcp(1, 17, 3, 6, 1, 2, 3, 4), modbus.WRONG_COUNT),
        (tcp(1, 17, 0x83, 1, 2), modbus.WRONG_COUNT),
        (b"\0\1\0\1\0\3\1\2\3", GARBAGE),
        (b"HTTP/1.1 400 Bad", GARBAGE),
        (b"\0\1\0\0\0\0\0\0\0", GARBAGE),
        (b"\0\1\0\0\1\0\0\0\0", GARBAGE),
    )
    for frame, result in expected:
        reply = TcpReply()
        asked(reply, READ)
        assert fed(reply, frame) == result, frame


def test_a_write_is_confirmed():
    request = modbus_writes.encode_registers(1, 1, b"\0\x0a\1\2")
    reply = TcpReply()
    assert asked(reply, request) == tcp(1, 1, 16, 0, 1, 0, 2, 4, 0, 0x0A, 1, 2)
    assert fed(reply, tcp(1, 1, 16, 0, 1, 0, 2)) == OK
    asked(reply, request)
    assert fed(reply, tcp(2, 1, 16, 0, 1, 0, 3)) == modbus.WRONG_COUNT


def test_a_full_buffer_is_made_room_in():
    reply = TcpReply()
    for number in range(1, 6):
        asked(reply, read(1, 4, 0, 125))
        assert fed(reply, tcp(number, 1, 4, 250, *words(0, 125))) == OK
