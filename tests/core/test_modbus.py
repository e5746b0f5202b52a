from limen.core import modbus
from limen.core.modbus import (
    BAD_CRC,
    EXCEPTION,
    GARBAGE,
    OK,
    OVERLONG,
    SHORT,
    TIMEOUT,
    WAITING,
    WRONG_ADDRESS,
    WRONG_COUNT,
    WRONG_FUNCTION,
    Reply,
    crc16,
    encode_read,
)

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock


def request(address, function, start, count):
    buffer = bytearray(modbus.REQUEST_BYTES)
    assert encode_read(buffer, address, function, start, count) == 8
    return buffer


def with_crc(*numbers):
    frame = bytes(numbers)
    crc = crc16(frame, 0, len(frame))
    return frame + bytes((crc & 0xFF, crc >> 8))


TWO = request(1, 4, 52, 2)
REPLY = with_crc(1, 4, 4, 0x43, 0x6C, 0x7E, 0x6E)


def asked(frame=TWO):
    reply = Reply()
    reply.expect(frame)
    return reply


def outcome(*pieces):
    """What the master makes of the pieces when the line has fallen silent behind them."""
    reply = asked()
    for piece in pieces:
        result = reply.feed(piece, len(piece))
        if result != WAITING:
            return result
    return reply.finish()


def data(reply):
    return bytes(reply.buffer[reply.data : reply.data + reply.byte_count])


def test_a_request_and_its_reply():
    assert request(1, 4, 0, 2) == b"\x01\x04\x00\x00\x00\x02\x71\xcb"
    reply = asked()
    assert reply.feed(REPLY, len(REPLY)) == OK
    assert data(reply) == b"\x43\x6c\x7e\x6e"


def test_crc():
    assert crc16(b"123456789", 0, 9) == 0x4B37
    assert crc16(b"x\x01\x04\x00\x00\x00\x02\x71\xcby", 1, 9) == 0
    assert crc16(b"", 0, 0) == 0xFFFF


def test_large_addresses_and_counts():
    assert request(247, 3, 0xFFFE, 125)[:6] == b"\xf7\x03\xff\xfe\x00\x7d"
    assert asked(request(1, 3, 0, 125)).expected_bytes() == 255


def test_bits_come_eight_to_a_byte():
    for count, expected in ((1, 6), (8, 6), (9, 7), (2000, 255)):
        assert asked(request(1, 1, 0, count)).expected_bytes() == expected
        assert asked(request(1, 2, 0, count)).expected_bytes() == expected
    reply = asked(request(1, 1, 0x13, 0x13))
    assert reply.feed(b"\x01\x01\x03\xcd\x6b\x05\x42\x82", 8) == OK
    assert data(reply) == b"\xcd\x6b\x05"


def test_a_reply_may_come_byte_by_byte():
    reply = asked()
    for index in range(len(REPLY) - 1):
        assert reply.feed(REPLY[index : index + 1], 1) == WAITING
        assert reply.missing_bytes() == len(REPLY) - 1 - index
    assert reply.feed(REPLY[-1:], 1) == OK


def test_stray_bytes_before_the_reply_are_skipped():
    for stray in (b"\x00", b"\xff\x00", b"\x01", b"\x01\x04", b"\x01\x04\x04", bytes(range(15))):
        reply = asked()
        assert reply.feed(stray + REPLY, len(stray) + len(REPLY)) == OK
        assert data(reply) == b"\x43\x6c\x7e\x6e"


def test_stray_bytes_that_look_like_a_long_reply_hide_no_exception():
    longer = asked(request(1, 4, 0, 100))
    stray = b"\x01\x04\xc8" + with_crc(1, 0x84, 2)
    assert longer.feed(stray, len(stray)) == WAITING
    assert longer.finish() == EXCEPTION
    assert longer.exception == 2


def test_the_echo_of_the_request_is_dropped():
    assert outcome(TWO, REPLY) == OK
    assert outcome(TWO) == TIMEOUT
    assert outcome(TWO, REPLY[:5]) == SHORT
    assert outcome(TWO, b"\x55" * 9) == GARBAGE


def test_an_echo_that_looks_like_the_reply():
    frame = request(1, 4, 0x0400, 2)  # its third byte is the byte count
    reply = asked(frame)
    assert reply.feed(frame, 8) == WAITING
    assert reply.missing_bytes() == 9
    assert reply.feed(REPLY, 9) == OK


def test_exceptions():
    reply = asked()
    frame = with_crc(1, 0x84, 2)
    assert reply.feed(frame, 5) == EXCEPTION
    assert reply.exception == 2


def test_silence():
    assert outcome() == TIMEOUT


def test_broken_replies_are_told_apart():
    assert outcome(REPLY[:-1] + b"\x00") == BAD_CRC
    assert outcome(b"\x00" + REPLY[:-1] + b"\x00") == BAD_CRC
    assert outcome(with_crc(1, 0x84, 2)[:-1] + b"\x00") == BAD_CRC
    assert outcome(REPLY[:3]) == SHORT
    assert outcome(REPLY[:-1]) == SHORT
    assert outcome(REPLY[:-1] + b"\x00\x00") == OVERLONG
    assert outcome(REPLY[:2]) == GARBAGE
    assert outcome(b"\x00") == GARBAGE
    assert outcome(b"\x00" * 300) == GARBAGE


def test_frames_of_others_are_told_apart():
    assert outcome(with_crc(2, 4, 4, 0, 0, 0, 0)) == WRONG_ADDRESS
    assert outcome(with_crc(1, 3, 4, 0, 0, 0, 0)) == WRONG_FUNCTION
    assert outcome(with_crc(1, 0x83, 2)) == WRONG_FUNCTION
    assert outcome(with_crc(1, 4, 2, 0, 0)) == WRONG_COUNT
    assert outcome(with_crc(1, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0)) == WRONG_COUNT


def test_a_late_frame_before_the_reply_is_skipped():
    late = with_crc(1, 4, 2, 0, 0)
    assert outcome(late, REPLY) == OK


def test_more_bytes_than_any_frame_has():
    reply = asked(request(1, 3, 0, 125))
    for _ in range(10):
        reply.feed(b"\xa5" * 64, 64)
    assert reply.finish() == GARBAGE
    reply.expect(TWO)
    assert reply.feed(REPLY, len(REPLY)) == OK


def test_every_result_has_a_name():
    assert modbus.RESULTS[BAD_CRC] == "bad_crc"
    assert modbus.RESULTS[WRONG_COUNT] == "wrong_count"
    assert modbus.RESULTS[OVERLONG] == "overlong"
    assert modbus.RESULTS[modbus.NO_LINK] == "no_link"
    assert len(modbus.RESULTS) == modbus.NO_LINK + 1


def test_framing_allocates_nothing():
    reply = asked()
    frame = bytearray(8)
    heap_lock()
    try:
        encode_read(frame, 1, 4, 52, 2)
        reply.expect(frame)
        reply.feed(TWO, 8)
        result = reply.feed(REPLY, 9)
        reply.expect(frame)
        reply.feed(REPLY, 8)
        short = reply.finish()
    finally:
        heap_unlock()
    assert (result, short) == (OK, SHORT)
