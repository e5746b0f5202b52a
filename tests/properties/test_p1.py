"""P1 telegrams against plain text handling, over random telegrams, damage and noise."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from limen.core.p1 import RESULTS, Framer, Lines, decimal, pack, seconds, spellings

UNITS = {"kWh": 3, "Wh": 0, "MWh": 6}

codes = st.builds(
    "{}-{}:{}.{}.{}".format,
    st.integers(0, 7),
    st.integers(0, 6),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 255),
)
numbers = st.builds(
    lambda whole, fraction: f"{whole}.{fraction}" if fraction else whole,
    st.from_regex(r"[0-9]{1,9}", fullmatch=True),
    st.from_regex(r"[0-9]{0,7}", fullmatch=True),
)
readings = st.lists(st.tuples(codes, numbers, st.sampled_from(sorted(UNITS))), max_size=12)
noise = st.binary(max_size=60).map(lambda data: data.replace(b"/", b"").replace(b"!", b""))


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def telegram(lines, sends_crc=True):
    texts = [f"{code}({number}*{unit})\r\n" for code, number, unit in lines]
    text = ("/LIM5 TEST\r\n\r\n" + "".join(texts) + "!").encode()
    return text + (b"%04X\r\n" % crc16(text) if sends_crc else b"\r\n")


def is_whole(data):
    """Whether the CRC behind the "!" is that of the text before it."""
    begin, end = data.find(b"/"), data.find(b"!") + 1
    told = data[end:].rstrip()
    return 0 <= begin < end and told != b"" and int(told, 16) == crc16(data[begin:end])


def wh(number, unit):
    """The exact count of Wh, ties away from zero."""
    return int((Decimal(number) * 10 ** UNITS[unit]).quantize(Decimal(1), ROUND_HALF_UP))


def read_all(framer, data, cuts=()):
    """[[(code, count)] of each telegram in data, which comes in pieces that end at the cuts."""
    lines, found = Lines(framer.buffer), []
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    for begin, end in zip(edges, edges[1:], strict=False):
        at = begin
        while at < end:
            at = framer.take(data, at, end)
            if framer.ready:
                lines.open(framer.length)
                found.append(list(walk(lines)))
    return found


def walk(lines):
    while lines.next():
        yield lines.code, lines.count(spellings("kWh"), 3)


def expected(lines):
    return [(pack(code), wh(number, unit)) for code, number, unit in lines]


@settings(max_examples=200)
@given(
    st.lists(st.tuples(noise, readings), max_size=4),
    noise,
    st.booleans(),
    st.lists(st.integers(0, 2000)),
)
def test_all_telegrams_are_found_whatever_lies_between(parts, behind, sends_crc, cuts):
    data = b"".join(between + telegram(lines, sends_crc) for between, lines in parts) + behind
    framer = Framer()
    assert read_all(framer, data, cuts) == [expected(lines) for _, lines in parts]
    counted = {name: count for name, count in zip(RESULTS, framer.counts, strict=True) if count}
    assert counted == ({"ok": len(parts)} if parts else {})


@settings(max_examples=300)
@given(readings, readings, st.data())
def test_a_damaged_telegram_is_never_taken_and_the_next_one_is(lines, others, data):
    good = telegram(lines)
    at = data.draw(st.integers(1, len(good) - 7))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != good[at]))
    damaged = good[:at] + bytes([byte]) + good[at + 1 :]
    framer = Framer()
    read_all(framer, telegram([]))
    assert read_all(framer, damaged + telegram(others)) == [expected(others)]
    assert framer.counts[0] == 2 and sum(framer.counts) >= 3


@settings(max_examples=300)
@given(readings, readings, st.data())
def test_a_cut_telegram_is_never_taken_and_the_next_one_is(lines, others, data):
    good = telegram(lines)
    begin = data.draw(st.integers(0, len(good) - 3))
    end = data.draw(st.integers(begin + 1, len(good) - 2))
    cut = good[:begin] + good[end:]
    assume(not is_whole(cut))  # one cut in 65536 keeps its CRC
    framer = Framer()
    read_all(framer, telegram([]))
    assert read_all(framer, cut + telegram(others)) == [expected(others)]


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=300), max_size=20))
def test_random_bytes_raise_nothing(pieces):
    framer = Framer()
    for piece in pieces:
        read_all(framer, piece)
    assert read_all(framer, telegram([("1-0:1.8.1", "1", "kWh")])) == [[(pack("1-0:1.8.1"), 1000)]]


@settings(max_examples=500)
@given(st.text("/!\r\n()*-:.0123456789ABFkWhm3n\x00\x7fSW", max_size=400))
def test_bytes_that_look_like_telegrams_raise_nothing(text):
    data = ("/" + text + "\r\n!\r\n").encode()
    framer = Framer()
    lines = Lines(framer.buffer)
    read_all(framer, data)
    lines.open(min(len(data), framer.length))
    while lines.next():
        lines.time()
        lines.count(((b"", 0), (b"m3", 0)), 3)
        assert 0 <= lines.code < 1 << 30
        assert 0 <= lines.channel() <= 7
    assert sum(framer.counts) >= 1


@given(st.from_regex(r"-?[0-9]{1,12}(\.[0-9]{0,9})?", fullmatch=True), st.integers(-6, 12))
def test_a_number_is_rounded_once(text, exponent):
    scaled = Decimal(text) * Decimal(10) ** exponent
    whole = int(scaled.quantize(Decimal(1), ROUND_HALF_UP))
    assert decimal(text.encode(), 0, len(text), exponent) == whole


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)), st.booleans())
def test_times_are_ordered_as_the_hours_of_the_world_are(moment, summer):
    text = f"{moment:%y%m%d%H%M%S}{'S' if summer else 'W'}".encode()
    since = moment.replace(microsecond=0) - datetime(2000, 1, 1)
    assert seconds(text, 0, 13) == since.total_seconds() - 3600 * summer
