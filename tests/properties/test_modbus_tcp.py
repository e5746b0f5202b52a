"""Modbus TCP against pymodbus's framer, and against bytes of any kind."""

from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadHoldingRegistersResponse

from limen.core import modbus
from limen.core.modbus_tcp import TcpReply

framer = FramerSocket(DecodePDU(False))
words = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=125)


def asked(number, unit, start, count):
    """(frame, reply) of the request with that transaction id."""
    request = bytearray(8)
    modbus.encode_read(request, unit, 3, start, count)
    reply = TcpReply()
    reply.awaited = number - 1
    frame = bytes(reply.encode(request))
    reply.expect(request)
    return frame, reply


def fed(reply, data, cuts):
    cuts = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    for begin, end in zip(cuts, cuts[1:], strict=False):
        result = reply.feed(data[begin:end], end - begin)
        if result != modbus.WAITING:
            return result
    return reply.finish()


@given(
    st.integers(1, 0xFFFF),
    st.integers(0, 255),
    st.integers(0, 65410),
    words,
    st.lists(st.integers(0)),
)
def test_requests_and_replies_are_those_of_pymodbus(number, unit, start, registers, cuts):
    frame, reply = asked(number, unit, start, len(registers))
    theirs = ReadHoldingRegistersRequest(address=start, count=len(registers), dev_id=unit)
    theirs.transaction_id = number
    assert frame == framer.buildFrame(theirs)
    response = ReadHoldingRegistersResponse(registers=registers, dev_id=unit)
    response.transaction_id = number
    assert fed(reply, framer.buildFrame(response), cuts) == modbus.OK
    data = bytes(reply.buffer[reply.data : reply.data + reply.byte_count])
    assert data == b"".join(word.to_bytes(2, "big") for word in registers)


@given(st.binary(max_size=260), st.integers(1, 125), st.lists(st.integers(0)))
def test_any_bytes_give_a_result(data, count, cuts):
    _, reply = asked(1, 1, 0, count)
    assert 0 <= fed(reply, data, cuts) < len(modbus.RESULTS)


@given(words, st.integers(0, 10000), st.integers(1, 255))
def test_a_reply_with_a_changed_header_is_not_taken(registers, position, change):
    _, reply = asked(7, 1, 0, len(registers))
    response = ReadHoldingRegistersResponse(registers=registers, dev_id=1)
    response.transaction_id = 7
    broken = bytearray(framer.buildFrame(response))
    broken[position % 9] ^= change
    assert fed(reply, bytes(broken), []) not in (modbus.OK, modbus.EXCEPTION)
