"""One question and its answer, byte by byte; times are microseconds since the request began."""

from limen.core import modbus
from limen.core.exchange import Exchange, read_request, silence_us, wire_us
from limen.core.modbus import close_frame

FRAMING = (9600, None, 1)
CHARACTER_US = 1041
SENT_US = 8333
REPLY = b"\x07\x03\x04\x43\x66\xb3\x33"
REFUSAL = b"\x07\x83\x02"


def framed(body):
    frame = bytearray(body) + bytearray(2)
    close_frame(frame, len(body))
    return bytes(frame)


def ask(**options):
    return Exchange(FRAMING, read_request(7, 3, 0, 2), 100, **options)


def test_a_reply_ends_it_and_tells_the_turnaround():
    exchange = ask()
    frame = framed(REPLY)
    at_us = SENT_US + 20000 + wire_us(FRAMING, len(frame))
    exchange.feed(frame, at_us)
    assert exchange.rest_us(at_us) == 0
    exchange.close()
    assert exchange.result == modbus.OK
    assert exchange.frame == frame
    assert exchange.turnaround_us == 20000
    assert (exchange.received, exchange.stray) == (9, 0)


def test_the_times_of_a_framing():
    assert wire_us(FRAMING, 1) == CHARACTER_US
    assert wire_us(FRAMING, 8) == SENT_US
    assert wire_us((9600, 0, 1), 100) == 114582
    assert wire_us((2400, None, 2), 100) == 458332
    assert wire_us(None, 8) == silence_us(None) == 0
    assert silence_us(FRAMING) == 3646
    assert silence_us((115200, None, 1)) == 1750


def test_silence_ends_when_the_patience_does():
    exchange = ask()
    end_us = SENT_US + 100000 + CHARACTER_US
    assert exchange.rest_us(0) == end_us
    assert exchange.rest_us(end_us) == 0
    exchange.close()
    assert exchange.result == modbus.TIMEOUT
    assert exchange.turnaround_us is None


def test_an_exception_is_an_answer():
    exchange = ask()
    exchange.feed(framed(REFUSAL), 30000)
    exchange.close()
    assert (exchange.result, exchange.exception) == (modbus.EXCEPTION, 2)


def test_what_comes_in_pieces_is_waited_for_and_broken_bytes_are_not_for_ever():
    exchange = ask()
    frame = framed(REPLY)
    exchange.feed(frame[:4], 30000)
    assert exchange.rest_us(30000) == 30000 + 4166
    exchange.feed(frame[4:], 50000)
    assert exchange.rest_us(50000) == 0
    babble = ask()
    at_us = 0
    while babble.rest_us(at_us) > 0:
        at_us += 1000
        babble.feed(b"\x55", at_us)
    assert at_us < 500000
    babble.close()
    assert babble.result == modbus.GARBAGE


def test_a_second_reply_is_seen_by_who_lingers():
    exchange = ask(linger_ms=200)
    exchange.feed(framed(REPLY), 40000)
    assert exchange.rest_us(40000) == 200000
    exchange.feed(framed(REPLY), 90000)
    exchange.close()
    assert (exchange.result, exchange.stray, exchange.received) == (modbus.OK, 9, 18)


def test_bytes_in_the_same_breath_behind_a_reply_are_stray_those_before_it_are_not():
    exchange = ask()
    exchange.feed(b"\0" + framed(REPLY) + b"\x01\x02", 40000)
    assert (exchange.result, exchange.stray, exchange.frame) == (modbus.OK, 2, framed(REPLY))


def test_a_late_reply_of_another_tells_who_it_was():
    exchange = ask()
    exchange.feed(framed(b"\x06\x03\x04\x43\x66\xb3\x33"), 40000)
    exchange.close()
    assert exchange.result == modbus.WRONG_ADDRESS
    assert exchange.other_address() == 6


def test_an_empty_request_listens_only():
    exchange = Exchange(FRAMING, b"", 500)
    exchange.feed(framed(REPLY), 1000)
    assert exchange.rest_us(1000) == 500000 + CHARACTER_US - 1000
    exchange.close()
    assert exchange.received == 9
