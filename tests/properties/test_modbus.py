"""The framing against any bytes, and against pymodbus's own frames."""

from hypothesis import example, given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadHoldingRegistersResponse

from limen.core import modbus

framer = FramerRTU(DecodePDU(False))
words = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=125)


def asked(address, function, start, count):
    request = bytearray(8)
    modbus.encode_read(request, address, function, start, count)
    reply = modbus.Reply()
    reply.expect(request)
    return bytes(request), reply


def fed(reply, line, cuts):
    """Feed the line in pieces, until the reply is found or the line is silent."""
    cuts = sorted({cut % (len(line) + 1) for cut in cuts} | {0, len(line)})
    for begin, end in zip(cuts, cuts[1:], strict=False):
        result = reply.feed(line[begin:end], end - begin)
        if result != modbus.WAITING:
            return result
    return reply.finish()


@given(st.integers(1, 247), st.integers(0, 65410), words)
def test_requests_and_replies_are_those_of_pymodbus(address, start, registers):
    request, reply = asked(address, 3, start, len(registers))
    theirs = ReadHoldingRegistersRequest(address=start, count=len(registers), dev_id=address)
    assert request == framer.buildFrame(theirs)
    response = framer.buildFrame(ReadHoldingRegistersResponse(registers=registers, dev_id=address))
    assert reply.feed(response, len(response)) == modbus.OK
    data = bytes(reply.buffer[reply.data : reply.data + reply.byte_count])
    assert data == b"".join(word.to_bytes(2, "big") for word in registers)


@given(st.binary(max_size=16), words, st.lists(st.integers(0, 300)))
def test_a_reply_is_found_behind_any_stray_bytes(stray, registers, cuts):
    _, reply = asked(17, 3, 0, len(registers))
    response = framer.buildFrame(ReadHoldingRegistersResponse(registers=registers, dev_id=17))
    assert fed(reply, stray + response, cuts) == modbus.OK
    data = bytes(reply.buffer[reply.data : reply.data + reply.byte_count])
    assert data == b"".join(word.to_bytes(2, "big") for word in registers)


@given(st.binary(max_size=400), st.integers(1, 4), st.integers(1, 125), st.lists(st.integers(0)))
def test_any_bytes_give_a_result(line, function, count, cuts):
    _, reply = asked(1, function, 0, count)
    assert 0 <= fed(reply, line, cuts) < len(modbus.RESULTS)


@given(words, st.integers(0, 10000), st.integers(0, 10000))
def test_no_flipped_bit_passes(registers, position, cut):
    _, reply = asked(1, 3, 0, len(registers))
    response = framer.buildFrame(ReadHoldingRegistersResponse(registers=registers, dev_id=1))
    position %= 8 * len(response)
    broken = bytearray(response)
    broken[position // 8] ^= 1 << position % 8
    assert fed(reply, bytes(broken), [cut]) not in (modbus.OK, modbus.EXCEPTION)


@given(words, st.integers(0, 10000))
@example([64, 64, 343], 10)
def test_no_cut_reply_passes(registers, position):
    _, reply = asked(1, 3, 0, len(registers))
    response = framer.buildFrame(ReadHoldingRegistersResponse(registers=registers, dev_id=1))
    cut = response[: position % len(response)]
    expected = (modbus.SHORT,) if len(cut) > 2 else (modbus.TIMEOUT, modbus.GARBAGE)
    if len(cut) >= 4 and not modbus.crc16(cut, 0, len(cut)):
        expected = (modbus.WRONG_COUNT,)  # by accident it ends with its own CRC
    assert fed(reply, cut, [position]) in expected
