from limen.core.p1 import (
    BAD_CRC,
    NO_CRC,
    OK,
    RESULTS,
    TORN,
    Framer,
    Lines,
    decimal,
    pack,
    seconds,
    spellings,
)

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock

KWH = spellings("kWh")
W = spellings("W")
M3 = spellings("m³")


def crc16(data):
    """Bit by bit, as EN 13757 and the P1 standard describe it; not as the framer does it."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def telegram(*lines, crc=True, name="/LIM5 TEST"):
    text = "\r\n".join((name, "") + lines + ("!",)).encode()
    return text + (b"%04X\r\n" % crc16(text) if crc else b"\r\n")


ENERGY = "1-0:1.8.1(001581.123*kWh)"
POWER = "1-0:1.7.0(02.027*kW)"
GAS = "0-1:24.2.1(161129200000W)(00981.443*m3)"


def results(framer):
    return {name: count for name, count in zip(RESULTS, framer.counts) if count}


def taken(framer, data, size=64):
    """The telegrams in the data, as the line brings them in pieces."""
    found = []
    for begin in range(0, len(data), size):
        piece = data[begin : begin + size]
        at = 0
        while at < len(piece):
            at = framer.take(piece, at, len(piece))
            if framer.ready:
                found.append(bytes(framer.buffer[: framer.length]))
    return found


def lines_of(text):
    lines = Lines(text)
    lines.open(len(text))
    return lines


def values(data, unit=KWH, places=3):
    """{code: count} of the lines of a telegram."""
    framer = Framer()
    framer.take(data, 0, len(data))
    assert framer.ready
    lines = Lines(framer.buffer)
    lines.open(framer.length)
    found = {}
    while lines.next():
        found[lines.code] = lines.count(unit, places)
    return found


def test_a_telegram():
    framer = Framer()
    data = telegram(ENERGY, POWER)
    assert taken(framer, data) == [data[: data.find(b"!")]]
    assert results(framer) == {"ok": 1}
    lines = Lines(framer.buffer)
    lines.open(framer.length)
    assert lines.next()
    assert lines.code == pack("1-0:1.8.1")
    assert lines.count(KWH, 3) == 1581123
    assert lines.count(W, 0) is None
    assert lines.next()
    assert lines.code == pack("1-0:1.7.0")
    assert lines.count(W, 0) == 2027
    assert not lines.next()


def test_the_crc_decides():
    data = telegram(ENERGY)
    framer = Framer()
    assert taken(framer, data.replace(b"1581", b"1571")) == []
    assert taken(framer, data.replace(b"!", b"!0")) == []
    assert taken(framer, data) != []
    assert results(framer) == {"ok": 1, "bad_crc": 1, "torn": 1}


def test_a_crc_that_lacks_its_leading_zero():
    for number in range(1000):
        data = telegram("1-0:1.8.1(%06d*kWh)" % number)
        if data[-7:-5] == b"!0":
            break
    short = data[:-6] + data[-5:]
    assert len(taken(Framer(), short)) == 1
    assert taken(Framer(), short[:-4] + short[-3:]) == []


def test_old_meters_send_no_crc():
    framer = Framer()
    assert len(taken(framer, telegram(ENERGY, crc=False))) == 1
    assert len(taken(framer, telegram(POWER, crc=False))) == 1
    assert results(framer) == {"ok": 2}


def test_a_meter_that_sent_a_crc_must_go_on_to_do_so():
    framer = Framer()
    taken(framer, telegram(ENERGY))
    assert taken(framer, telegram(ENERGY, crc=False)) == []
    assert results(framer) == {"ok": 1, "no_crc": 1}


def test_without_a_crc_the_text_must_be_clean():
    framer = Framer()
    dirty = telegram(ENERGY, crc=False).replace(b"158", b"15\xb8")
    assert taken(framer, dirty) == []
    assert results(framer) == {"no_crc": 1}
    assert len(taken(framer, telegram(ENERGY, name="/ISk5\x02TEST"))) == 1


def test_telegrams_one_behind_the_other_in_any_pieces():
    data = telegram(ENERGY) + telegram(POWER) + telegram(GAS)
    for size in (1, 7, 64, len(data)):
        assert len(taken(Framer(), data, size)) == 3


def test_a_torn_telegram_is_counted_and_the_next_one_taken():
    framer = Framer()
    data = telegram(ENERGY)
    assert len(taken(framer, data[:30] + data + b"\x00\xff(((\r\n!!" + data)) == 2
    assert results(framer) == {"ok": 2, "torn": 1}


def test_reset_forgets_what_has_come():
    framer = Framer()
    data = telegram(ENERGY)
    taken(framer, data[:30])
    framer.reset()
    assert taken(framer, data[30:]) == []
    assert results(framer) == {}


def test_a_telegram_without_end_is_skipped():
    framer = Framer()
    endless = b"/LIM5\r\n" + b"1-0:1.8.1(1*kWh)\r\n" * 200
    assert taken(framer, endless) == []
    assert taken(framer, b"/" + b"0" * 9000) == []
    assert len(taken(framer, telegram(ENERGY))) == 1
    assert results(framer) == {"ok": 1, "overlong": 2}


def test_a_long_message_does_not_hide_the_readings():
    message = "0-0:96.13.0(" + "30" * 1024 + ")"
    found = values(telegram(ENERGY, message, "1-0:1.8.2(001435.706*kWh)"))
    assert found == {pack("1-0:1.8.1"): 1581123, pack("1-0:1.8.2"): 1435706}


def test_units_of_a_line():
    assert values(telegram("1-0:1.8.0(006545766*Wh)")) == {pack("1-0:1.8.0"): 6545766}
    assert values(telegram("1-0:1.8.0(00032549.5061662*kWh)")) == {pack("1-0:1.8.0"): 32549506}
    assert values(telegram("1-0:1.8.0(12.5*MWh)")) == {pack("1-0:1.8.0"): 12500000}
    assert values(telegram("1-0:1.8.0(12.5*GJ)")) == {pack("1-0:1.8.0"): None}
    assert values(telegram("1-0:1.8.0(12.5)")) == {pack("1-0:1.8.0"): None}
    assert values(telegram("1-0:1.8.0(*kWh)")) == {pack("1-0:1.8.0"): None}
    assert values(telegram("1-0:13.7.0(0.991)"), spellings("")) == {pack("1-0:13.7.0"): 991}
    assert values(telegram("0-1:24.2.1(1)(240.860*GJ)"), spellings("GJ")) == {
        pack("0-1:24.2.1"): 240860
    }


def test_a_value_with_a_time():
    lines = lines_of(b"\n" + GAS.encode())
    assert lines.next()
    assert lines.code == pack("0-1:24.2.1")
    assert lines.channel() == 1
    assert lines.code_of_any_channel() == pack("0-n:24.2.1")
    assert lines.count(M3, 3) == 981443
    assert lines.time() == 533764800  # 2016-11-29 20:00:00


def test_a_value_on_a_line_of_its_own():
    text = (
        b"\n0-1:24.3.0(090212160000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00001.001)\r\n0-1:24.4.0(1)\r\n"
    )
    lines = lines_of(text)
    assert lines.next()
    assert lines.code == pack("0-1:24.3.0")
    assert lines.count(M3, 3) == 1001
    assert lines.time() == 287769600  # 2009-02-12 16:00
    assert lines.next()
    assert lines.code == pack("0-1:24.4.0")
    assert lines.count(spellings(""), 0) == 1


def test_a_gas_meter_that_was_never_heard_has_no_value():
    found = values(telegram("0-1:24.2.1(700101010000W)(00000000)"), M3)
    assert found == {pack("0-1:24.2.1"): None}


def test_codes():
    assert pack("1-0:1.8.1") == 1 << 27 | 1 << 16 | 8 << 8 | 1
    assert pack("1-0:1.8.1*255") == pack("1-0:1.8.1")
    assert pack("7-7:255.255.255") == (1 << 30) - 1
    for wrong in ("", "1-0", "1-0:1.8", "8-0:1.8.1", "1-0:1.8.256", "1-0:1.8.1*1", "a-0:1.8.1"):
        assert pack(wrong) is None


def test_lines_that_are_none():
    for wrong in (
        b"",
        b"\r\n",
        b"1-0:1.8.1",
        b"1-0:1.8.1(12",
        b"1.8.1(12)",
        b"(12)",
        b"1-0:1.8.1)(\r\n",
    ):
        lines = lines_of(b"\n" + wrong)
        assert not lines.next()


def test_decimals():
    def read(text, exponent):
        return decimal(text, 0, len(text), exponent)

    assert read(b"001581.123", 3) == 1581123
    assert read(b"001581.123", 5) == 158112300
    assert read(b"001581.123", 2) == 158112
    assert read(b"001581.125", 2) == 158113
    assert read(b"-0.5", 0) == -1
    assert read(b"0.5", 0) == 1
    assert read(b"0.4999", 0) == 0
    assert read(b"-12.3", 1) == -123
    assert read(b"12345", -2) == 123
    assert read(b"12350", -2) == 124
    assert read(b"12349.99", -2) == 123
    assert read(b"-12350", -2) == -124
    assert read(b"7.", 1) == 70
    assert read(b"99999999999999999999", 1) == 999999999999999999990
    for wrong in (b"", b"-", b".", b".5", b"1.2.3", b"1,5", b"0x10", b" 1", b"1e3"):
        assert read(wrong, 1) is None


def test_times():
    def read(text):
        return seconds(text, 0, len(text))

    assert read(b"000101000000W") == 0
    assert read(b"000101000000") == 0
    assert read(b"221006155014S") == read(b"221006145014W") == 718383014
    for wrong in (b"", b"22100615501", b"2210061550140WS", b"22100615501a"):
        assert read(wrong) is None


def test_spellings():
    assert spellings("kWh") == ((b"kWh", 0), (b"Wh", -3), (b"MWh", 3), (b"GWh", 6))
    assert spellings("W")[:2] == ((b"kW", 3), (b"W", 0))
    assert spellings("GJ")[3] == (b"GJ", 0)
    assert spellings("") == ((b"", 0),)


def test_any_bytes_are_only_counted():
    framer = Framer()
    lines = Lines(framer.buffer)
    alphabet = b"/!\r\n()*-:.0123456789ABCDEFkWhm3\x00\xff"
    state = 1
    for _ in range(200):
        data = bytearray(200)
        for index in range(len(data)):
            state = (state * 75 + 74) % 65537
            data[index] = alphabet[state % len(alphabet)]
        at = 0
        while at < len(data):
            at = framer.take(data, at, len(data))
            if framer.ready:
                lines.open(framer.length)
                while lines.next():
                    lines.count(KWH, 3)
                    lines.time()
    assert framer.counts[TORN] > 1000
    assert framer.counts[BAD_CRC] > 10
    assert framer.counts[OK] + framer.counts[NO_CRC] > 0


def test_reading_a_telegram_allocates_nothing():
    data = telegram(ENERGY, POWER, GAS)
    framer = Framer()
    lines = Lines(framer.buffer)
    found = [0] * 4
    framer.take(data, 0, len(data))
    lines.open(framer.length)
    lines.next()
    heap_lock()
    try:
        framer.take(data, 0, len(data))
        lines.open(framer.length)
        index = 0
        while lines.next():
            found[index] = lines.count(KWH, 3) or lines.count(W, 0) or lines.count(M3, 3)
            index += 1
        found[index] = lines.time()
    finally:
        heap_unlock()
    assert found == [1581123, 2027, 981443, 533764800]
