from limen.core import modbus
from limen.core.modbus import EXCEPTION, OK, TIMEOUT, WAITING, WRONG_COUNT, Reply
from limen.core.modbus_identity import encode_identify, objects
from limen.core.modbus_writes import (
    encode_bit,
    encode_bits,
    encode_exchange,
    encode_mask,
    encode_register,
    encode_registers,
)


def unhex(text):
    return bytes(int(text[i : i + 2], 16) for i in range(0, len(text), 2))


def closed(text):
    """The frame of some hex digits, with its CRC."""
    frame = bytearray(unhex(text) + b"\0\0")
    modbus.close_frame(frame, len(frame) - 2)
    return bytes(frame)


def outcome(request, *pieces, **known):
    """(result, reply) when the line has fallen silent behind the pieces."""
    reply = Reply()
    reply.echoes = known.get("echoes", False)
    reply.expect(request)
    for piece in pieces:
        result = reply.feed(piece, len(piece))
        if result != WAITING:
            return result, reply
    return reply.finish(), reply


# The requests and replies of the specification's examples, sections 6.5 to 6.17.
EXAMPLES = (
    (encode_bit(1, 0x00AC, True), "0500acff00", "0500acff00"),
    (encode_register(1, 1, 3), "0600010003", "0600010003"),
    (encode_bits(1, 0x13, (1, 0, 1, 1, 0, 0, 1, 1, 1, 0)), "0f0013000a02cd01", "0f0013000a"),
    (encode_registers(1, 1, b"\0\x0a\1\2"), "100001000204000a0102", "1000010002"),
    (encode_mask(1, 4, 0xF2, 0x25), "16000400f20025", "16000400f20025"),
)


def test_requests_are_those_of_the_specification():
    for request, expected, _ in EXAMPLES:
        assert request == closed("01" + expected), expected
    request = encode_exchange(1, 3, 6, 14, b"\0\xff\0\xff\0\xff")
    assert request == closed("01170003" + "0006000e00030600ff00ff00ff")


def test_a_confirmation_repeats_the_request():
    for request, _, reply in EXAMPLES:
        assert outcome(request, closed("01" + reply))[0] == OK, reply
        assert outcome(request, b"\0", closed("01" + reply))[0] == OK
        other = reply[:-1] + ("0" if reply[-1] != "0" else "1")
        assert outcome(request, closed("01" + other))[0] == WRONG_COUNT, other


def test_a_refused_write():
    for request, _, reply in EXAMPLES:
        refusal = closed("01%02x02" % (int(reply[:2], 16) | 0x80))
        result, told = outcome(request, refusal)
        assert (result, told.exception) == (EXCEPTION, 2)


def test_an_exchange_answers_with_registers():
    request = encode_exchange(1, 3, 6, 14, b"\0\xff\0\xff\0\xff")
    frame = closed("01170c00fe0acd00010003000d00ff")
    result, reply = outcome(request, frame)
    assert result == OK
    assert reply.buffer[reply.data : reply.data + 4] == b"\0\xfe\x0a\xcd"
    assert reply.byte_count == 12


def test_on_a_line_that_echoes_the_echo_is_no_confirmation():
    request = encode_register(1, 1, 3)
    assert outcome(request, request, echoes=True)[0] == TIMEOUT
    assert outcome(request, request, request, echoes=True)[0] == OK


def test_a_line_is_seen_to_echo():
    reply = Reply()
    request = bytearray(8)
    modbus.encode_read(request, 1, 3, 0, 1)
    reply.expect(request)
    answer = bytes(request) + closed("01030200ff")
    assert reply.feed(answer, len(answer)) == OK
    assert reply.echoes
    assert outcome(request, closed("01030200ff"))[1].echoes is False


IDENTITY = "012b0e01010000" + "03" + "0003414243" + "01026465" + "020431323334"


def test_a_device_tells_who_it_is():
    request = encode_identify(1)
    assert request == closed("012b0e0100")
    result, reply = outcome(request, b"\0" + closed(IDENTITY))
    assert result == OK
    begin = reply.data - 3
    assert objects(reply.buffer, begin) == ({0: b"ABC", 1: b"de", 2: b"1234"}, None)


def test_a_long_identity_is_told_in_pieces():
    first = closed("012b0e0101ff0101" + "0003414243")
    result, reply = outcome(encode_identify(1), first[:4], first[4:9], first[9:])
    assert result == OK
    assert objects(reply.buffer, reply.data - 3) == ({0: b"ABC"}, 1)


def test_any_cut_of_an_identity_is_short():
    frame = closed(IDENTITY)
    for size in range(3, len(frame)):
        assert outcome(encode_identify(1), frame[:size])[0] == modbus.SHORT, size
