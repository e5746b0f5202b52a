"""Whatever the line says, the doctor comes to an end and says something."""

from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.doctor.candidates import load_candidate
from host_tools.emulation.meter import with_crc
from host_tools.profile import PROFILES
from limen.core.doctor import Examination
from limen.core.doctor_words import headline, sentences
from limen.core.exchange import Exchange, read_request
from limen.core.finding import Finding
from limen.core.modbus import WAITING
from limen.core.scan import Scan

FRAMING = (9600, None, 1)
NAMES = ("eastron-sdm630", "carlogavazzi-em340", "saia-ale3", "sunspec-meter")
CANDIDATES = [load_candidate(PROFILES / f"{name}.toml") for name in NAMES]
MOST_EXCHANGES = 500

noise = st.binary(max_size=40)
data = st.binary(min_size=0, max_size=20)


def reply_to(request, kind, content):
    """What comes back: noise, data of the right length, an exception, a frame with right CRC."""
    if kind == "noise" or not request:
        return content
    if kind == "exception":
        return with_crc(bytes((request[0], request[1] | 0x80, len(content))))
    if kind == "frame":
        return with_crc(bytes(request[:3]) + content)
    size = 2 * (request[4] << 8 | request[5])
    return with_crc(bytes((*request[:2], size & 0xFF)) + (content * 130 + bytes(250))[:size])


answers = st.tuples(st.sampled_from(["noise", "data", "exception", "frame"]), data | noise)


def carry(exchanges, script):
    """Carry a row of exchanges; the answers of the script come again and again."""
    count = 0
    for count, exchange in enumerate(exchanges, start=1):
        reply = reply_to(exchange.request, *script[count % len(script)])
        if reply:
            exchange.feed(reply, 40_000)
        exchange.close()
        assert count < MOST_EXCHANGES
    return count


@given(st.lists(answers, min_size=1, max_size=8))
@settings(max_examples=300)
def test_an_examination_comes_to_an_end_and_to_words(script):
    examination = Examination(Finding(FRAMING, 5, 3))
    carry(examination.exchanges(CANDIDATES), script)
    assert headline(examination).startswith("Address 5 at 9600 8N1")
    assert sentences(examination)


@given(st.lists(answers, min_size=1, max_size=8))
@settings(max_examples=300)
def test_a_scan_comes_to_an_end_and_its_costs_to_nothing(script):
    scan = Scan([FRAMING, (2400, 0, 1)], range(1, 12), 100, rare=[(38400, None, 2)])
    carry(scan.exchanges(), script)
    assert scan.cost_ms == 0
    places = [(finding.framing, finding.address) for finding in scan.found]
    assert len(set(places)) == len(places)


@given(st.lists(st.tuples(noise, st.integers(0, 50_000)), max_size=40))
def test_an_exchange_ends_whatever_comes_and_when(pieces):
    exchange = Exchange(FRAMING, read_request(5, 3, 0, 2), 100, linger_ms=50)
    at_us = 0
    for content, later_us in pieces:
        at_us += later_us
        if exchange.rest_us(at_us) <= 0:
            break
        exchange.feed(content, at_us)
    exchange.close()
    assert exchange.result != WAITING
    # Request, patience, the longest frame and lingering.
    assert exchange.rest_us(0) < 10_000 + 100_000 + 272 * 1042 + 2 * 50_000 + 50_000
