from limen.core.protobuf import Writer

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    heap_unlock = heap_lock


def written(method, *arguments):
    out = Writer(bytearray(16))
    getattr(out, method)(*arguments)
    return bytes(out.buffer[: out.at])


def double(count, places):
    """The bits as people read them: most significant byte first."""
    return "%08x%08x" % tuple(
        int.from_bytes(written("put_double", count, places)[at : at + 4], "little") for at in (4, 0)
    )


def test_a_field_is_its_tag_and_its_number():
    out = Writer(bytearray(4))
    out.put(b"\x08")
    out.put_varint(150)
    assert bytes(out.buffer[: out.at]) == b"\x08\x96\x01"
    assert out.room() == 1


def test_varints():
    assert written("put_varint", 0) == b"\x00"
    assert written("put_varint", 127) == b"\x7f"
    assert written("put_varint", 128) == b"\x80\x01"
    assert written("put_varint", 2**63 - 1) == b"\xff" * 8 + b"\x7f"
    assert written("put_varint", 2**64 - 1) == b"\xff" * 9 + b"\x01"


def test_negative_varints_are_twos_complement_of_64_bits():
    assert written("put_varint", -1) == b"\xff" * 9 + b"\x01"
    assert written("put_varint", -2) == b"\xfe" + b"\xff" * 8 + b"\x01"
    assert written("put_varint", -(2**63)) == b"\x80" * 9 + b"\x01"


def test_times_count_from_1970():
    assert written("put_utc_ms", 0, 0) == b"\x80\xd8\xbe\xd6\xc6\x1b"  # 946684800000
    assert written("put_utc_ms", 1, 1) == b"\xe9\xdf\xbe\xd6\xc6\x1b"  # 946684801001
    assert written("put_utc_ms", 2**30 - 1, 999) == b"\xff\xd7\xbe\xd6\xe6\x3a"  # in 2034


def test_doubles():
    assert double(0, 3) == "0000000000000000"
    assert double(1, 0) == "3ff0000000000000"
    assert double(-1, 1) == "bfb999999999999a"  # -0.1
    assert double(2301, 1) == "406cc33333333333"  # 230.1
    assert double(12345678, 3) == "40c81cd6c8b43958"  # 12345.678
    assert double(1, 9) == "3e112e0be826d695"  # 1e-9


def test_doubles_are_rounded_to_even():
    assert double(2**53 + 1, 0) == "4340000000000000"
    assert double(2**53 + 3, 0) == "4340000000000002"
    assert double(2**54 - 1, 0) == "4350000000000000"  # the carry reaches the exponent


def test_nothing_is_allocated_for_usual_values():
    out = Writer(bytearray(64))
    out.put_double(-7, 3)
    heap_lock()
    try:
        out.put_double(42160123, 3)
        out.put_double(-5, 1)
        out.put_utc_ms(817000000, 999)
        out.put_varint(-42160123)
    finally:
        heap_unlock()
    assert out.at == 8 * 3 + 6 + 10
