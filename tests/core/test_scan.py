"""The search for devices, on a line that is a function of the question."""

from limen.core.exchange import wire_us
from limen.core.modbus import close_frame
from limen.core.scan import Scan

SLOW, FAST, EVEN = (2400, None, 2), (9600, None, 2), (9600, 0, 1)
RARE = (38400, None, 2)
BROKEN = b"\x01\x02\x03\x04\x05\x06"


def framed(body):
    frame = bytearray(body) + bytearray(2)
    close_frame(frame, len(body))
    return bytes(frame)


def refusal(address, code=2):
    return lambda function: framed(bytes([address, function | 0x80, code]))


def devices(places):
    """A line: {(framing, address): answer to a function, or None}."""

    def answer(exchange):
        found = exchange.request and places.get((exchange.framing, exchange.request[0]))
        return found and found(exchange.request[1])

    return answer


def carry(scan, answer):
    """Carry a whole scan; return the questions as (framing, address, function)."""
    asked = []
    for exchange in scan.exchanges():
        if exchange.request:
            asked.append((exchange.framing, exchange.request[0], exchange.request[1]))
        frame = answer(exchange)
        if frame:
            sent_us = wire_us(exchange.framing, 8)
            exchange.feed(frame, sent_us + 20000 + wire_us(exchange.framing, len(frame)))
        exchange.close()
    return asked


def places(scan):
    return [(finding.framing, finding.address) for finding in scan.found]


def test_what_answers_is_found_an_exception_too():
    scan = Scan([FAST], range(1, 248), 100)
    carry(scan, devices({(FAST, 17): refusal(17)}))
    assert places(scan) == [(FAST, 17)]
    assert (scan.found[0].turnaround_us, scan.found[0].is_garbled) == (20000, False)
    assert (scan.cost_ms, scan.disturbed) == (0, 0)


def test_likely_addresses_come_first_then_the_framings_where_somebody_answered():
    scan = Scan([FAST, SLOW], [1, 5, 6], 100, rare=[RARE])
    asked = carry(scan, devices({(SLOW, 5): refusal(5)}))
    assert asked == [
        (FAST, 1, 3),
        (FAST, 1, 4),
        (FAST, 5, 3),
        (FAST, 5, 4),
        (SLOW, 1, 3),
        (SLOW, 1, 4),
        (SLOW, 5, 3),
        (RARE, 1, 3),
        (RARE, 1, 4),
        (RARE, 5, 3),
        (RARE, 5, 4),
        (SLOW, 6, 3),
        (FAST, 6, 3),
    ]


def test_a_rare_framing_is_searched_where_somebody_answered():
    scan = Scan([FAST], [1, 6], 100, rare=[RARE])
    asked = carry(scan, devices({(RARE, 1): refusal(1), (RARE, 6): refusal(6)}))
    assert places(scan) == [(RARE, 1), (RARE, 6)]
    assert asked[-1] == (FAST, 6, 3)
    assert scan.cost_ms == 0


def test_the_cost_is_the_time_that_silence_takes():
    scan = Scan([FAST], [1, 6], 100)
    silent_ms = 100 + (9 * 1146 + 4011) // 1000 + 1
    assert scan.cost_ms == 3 * silent_ms
    carry(scan, devices({}))
    assert (scan.cost_ms, scan.spent_ms) == (0, 3 * silent_ms)


def test_other_parities_are_not_tried_where_a_device_is_known():
    scan = Scan([FAST, EVEN], [1], 100)
    asked = carry(scan, devices({(FAST, 1): refusal(1), (EVEN, 1): refusal(1)}))
    assert asked == [(FAST, 1, 3)]
    assert places(scan) == [(FAST, 1)]


def test_enough_is_enough():
    scan = Scan([FAST], range(1, 248), 100, expected=1)
    asked = carry(scan, devices({(FAST, 2): refusal(2), (FAST, 3): refusal(3)}))
    assert asked[-1] == (FAST, 2, 3)
    assert scan.cost_ms == 0


def test_answers_that_are_never_whole_are_a_garbled_finding():
    scan = Scan([FAST], [6, 7], 100)
    carry(scan, devices({(FAST, 7): lambda function: BROKEN}))
    assert places(scan) == [(FAST, 7)]
    assert scan.found[0].is_garbled


def test_a_line_that_never_falls_silent_has_no_garbled_devices():
    scan = Scan([FAST], [6, 7], 100)
    carry(scan, lambda exchange: BROKEN)
    assert (scan.found, scan.disturbed) == ([], 2)


def test_a_single_disturbance_is_no_device():
    answers = [BROKEN]
    scan = Scan([FAST], [6, 7], 100)
    carry(scan, lambda exchange: answers.pop() if answers else None)
    assert (scan.found, scan.disturbed) == ([], 1)


def test_who_answers_late_is_asked_with_patience():
    late = []

    def answer(exchange):
        if exchange.request[0] == 6 and not late:
            late.append(framed(b"\x06\x83\x02"))
            return None
        if exchange.request[0] == 6:
            return framed(b"\x06\x83\x02")
        return late.pop() if late else None

    scan = Scan([FAST], [6, 7], 100)
    carry(scan, answer)
    assert places(scan) == [(FAST, 6)]
    assert scan.disturbed == 1


def test_a_converter_s_nobody_there_is_no_device():
    scan = Scan([None], [1, 2, 3], 1000)
    answer = devices({(None, 1): refusal(1, 11), (None, 2): refusal(2, 10), (None, 3): refusal(3)})
    carry(scan, answer)
    assert places(scan) == [(None, 3)]
