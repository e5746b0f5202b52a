from limen.core.text import Text, decimal

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock


def written(method, *arguments):
    text = Text(bytearray(80))
    getattr(text, method)(*arguments)
    return bytes(text.buffer[: text.at]).decode()


def test_decimal():
    assert decimal(-2301, 1) == "-230.1"
    assert decimal(-5, 3) == "-0.005"
    assert decimal(5, -2) == "500"
    assert decimal(-(2**62), 6) == "-4611686018427.387904"
    assert decimal(None, 1) == "null"


def test_a_record_is_written_piece_by_piece():
    text = Text(bytearray(40))
    text.put(b'{"power":')
    text.put_decimal(42160, 1)
    text.put("}")
    assert bytes(text.buffer[: text.at]) == b'{"power":4216.0}'
    assert text.at == 16
    assert text.room() == 24
    text.rewind(0)
    assert bytes(text.buffer[: text.at]) == b""


def test_integers():
    assert written("put_int", 0) == "0"
    assert written("put_int", 7) == "7"
    assert written("put_int", -1073741824) == "-1073741824"
    assert written("put_int", 1073741823) == "1073741823"
    assert written("put_int", 18446744073709551615) == "18446744073709551615"


def test_decimals_are_exact_and_keep_their_zeros():
    assert written("put_decimal", 2301, 1) == "230.1"
    assert written("put_decimal", 2300, 1) == "230.0"
    assert written("put_decimal", 2300, 0) == "2300"
    assert written("put_decimal", 12345678, 3) == "12345.678"
    assert written("put_decimal", -5, 1) == "-0.5"
    assert written("put_decimal", -12005, 3) == "-12.005"
    assert written("put_decimal", 7, 3) == "0.007"
    assert written("put_decimal", 0, 2) == "0.00"


def test_negative_places_append_zeros():
    assert written("put_decimal", 5, -2) == "500"
    assert written("put_decimal", -12, -3) == "-12000"
    assert written("put_decimal", 0, -2) == "0"


def test_counts_beyond_small_integers():
    assert written("put_decimal", 9007199254740993, 3) == "9007199254740.993"
    assert written("put_decimal", -1073741825, 4) == "-107374.1825"
    assert written("put_decimal", 1, 12) == "0.000000000001"


def test_padded_numbers():
    assert written("put_padded", 7, 3) == "007"
    assert written("put_padded", 1234, 3) == "234"


def test_utc_in_milliseconds():
    assert written("put_utc_ms", 0, 0) == "946684800000"
    assert written("put_utc_ms", 848609325, 7) == "1795294125007"
    assert written("put_utc_ms", 5199, 999) == "946689999999"
    assert written("put_utc_ms", 5200, 0) == "946690000000"


def test_utc_on_both_sides_of_2034_and_later():
    assert written("put_utc_ms", (1 << 30) - 1, 999) == "2020426623999"
    assert written("put_utc_ms", 1 << 30, 0) == "2020426624000"
    assert written("put_utc_ms", 1200798847, 0) == "2147483647000"  # 2038-01-19
    assert written("put_utc_ms", 3155760000, 1) == "4102444800001"  # 2100-01-01


def test_json_strings():
    assert written("put_json_string", "hall-2") == '"hall-2"'
    assert written("put_json_string", 'a"b\\c') == '"a\\"b\\\\c"'
    assert written("put_json_string", "a\nb\x1f") == '"a\\u000ab\\u001f"'


def test_json_strings_in_utf_8():
    text = Text(bytearray(40))
    text.put_json_string("µ€𝄞ß\x7f")
    assert bytes(text.buffer[: text.at]) == b'"\xc2\xb5\xe2\x82\xac\xf0\x9d\x84\x9e\xc3\x9f\x7f"'


def test_what_does_not_fit_is_left_out_and_shows():
    text = Text(bytearray(8))
    text.put(b"12345678")
    assert not text.overflow
    text.put(b"9")
    assert text.overflow
    assert bytes(text.buffer[: text.at]) == b"12345678"


def test_nothing_short_follows_what_did_not_fit():
    text = Text(bytearray(8))
    text.put(b"abc")
    text.put_decimal(-123456, 2)
    text.put(b"]")
    assert text.overflow
    assert bytes(text.buffer[: text.at]) == b"abc-1234"


def test_rewind_takes_a_record_back():
    text = Text(bytearray(10))
    text.put(b"[1]")
    mark = text.at
    text.put_int(-12345678)
    assert text.overflow
    text.rewind(mark)
    assert not text.overflow
    text.put_int(-12345)
    assert bytes(text.buffer[: text.at]) == b"[1]-12345"


def write_a_record(text):
    text.rewind(0)
    text.put(b"[1,")
    text.put("voltage")
    text.put_utc_ms(848609325, 7)
    text.put_decimal(-1073741823, 3)
    text.put_int(1073741823)
    text.put_json_string('"hall"')


def test_writing_allocates_nothing():
    text = Text(bytearray(80))
    write_a_record(text)  # the first time, characters become interned strings
    heap_lock()
    try:
        write_a_record(text)
    finally:
        heap_unlock()
    assert text.at == 55
